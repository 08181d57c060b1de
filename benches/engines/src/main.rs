//! The engines next to their peers: executions to the first violation or to completion, and how fast.
//!
//! `cargo run --release --manifest-path benches/engines/Cargo.toml` prints the table, in Markdown, in about
//! 11 minutes; `... -- WORD` only the scenarios with that in their names; `... -- ENGINE SCENARIO SEED` runs
//! one cell. The feature `interweave` adds that peer, which needs a newer compiler than all else here.
//!
//! Each scenario is written four times, in the terms of who runs it: on tokio's primitives behind the facade,
//! which is the gallery itself (`ours`); on threads, locks and condition variables, for loom and shuttle
//! (`std_like`); on threads that send messages, for TraceForge (`messages`); on processes with cells and
//! channels (`interweave`). So a row compares how a *problem* fares, and not equal programs: tokio's
//! primitives have more operations.
//!
//! Each cell is a process of its own, because a failing model may abort it, and because that is how a
//! limit of time is kept.

#[macro_use]
mod scenarios;

mod cell;
#[cfg(feature = "interweave")]
mod interweave;
mod messages;
mod ours;
mod std_like;

use cell::{Cell, Ended};
use scenarios::{RIGHT, SCENARIOS};
use selvedge::Law;
use selvedge_loom_tests::gallery;
use std::process::{Command, ExitCode, Stdio};

/// Ours; `on_loom` is loom below the facade.
const OURS: &[&str] = &["explore", "explore_poll", "sample_random", "sample_pct", "on_loom"];
/// The peers.
const PEERS: &[&str] = &[
    "loom",
    "shuttle_random",
    "shuttle_pct",
    "shuttle_dfs",
    "traceforge",
    #[cfg(feature = "interweave")]
    "interweave",
];
/// Executions that a random engine gets.
pub const CASES: u64 = 10_000;
/// Runs of a random engine, of which the table shows the middle one: each with a seed of its own, from 1.
pub const SEEDS: u64 = 11;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => table(""),
        [word] => table(word),
        [engine, scenario, seed] => {
            let seed = seed.parse().expect("a seed is a number");
            cell::watch();
            match engine.split_once('_') {
                Some(("shuttle", scheduler)) => std_like::shuttle(scheduler, scenario, seed),
                _ if engine == "loom" => std_like::loom(scenario),
                _ if engine == "traceforge" => messages::traceforge(scenario),
                #[cfg(feature = "interweave")]
                _ if engine == "interweave" => interweave::run(scenario),
                _ => ours::run(engine, scenario, seed),
            }
            ExitCode::SUCCESS
        }
        _ => panic!("no arguments, or a word, or ENGINE SCENARIO SEED"),
    }
}

/// Of the scenarios with this in their names.
fn table(word: &str) -> ExitCode {
    let chosen: Vec<_> = SCENARIOS.iter().filter(|scenario| scenario.contains(word)).collect();
    assert!(!chosen.is_empty(), "no scenario has `{word}` in its name; there are {SCENARIOS:?}");
    let engines = [OURS, PEERS].concat();
    let header: Vec<_> = engines.iter().map(|engine| engine.replace('_', " ")).collect();
    println!(
        "| scenario | law | {} |\n|---|---|{}",
        header.join(" | "),
        "--:|".repeat(engines.len())
    );
    let (mut complete, mut variants, mut found) = (true, 0, vec![0; engines.len()]);
    for scenario in chosen {
        let cells: Vec<_> = engines.iter().map(|engine| middle(engine, scenario)).collect();
        complete &= cells.iter().all(Option::is_some);
        let word = |cell: &Option<Cell>| cell.map_or("no result".into(), |cell| cell.to_string());
        let words: Vec<String> = cells.iter().map(word).collect();
        match gallery::variant(scenario) {
            Some(variant) => {
                variants += 1;
                println!("| `{scenario}` | `{}` | {} |", variant.law, words.join(" | "));
                for (found, cell) in found.iter_mut().zip(&cells) {
                    *found += u32::from(cell.is_some_and(|cell| cell.ended == Ended::Found));
                }
            }
            None => println!("| {scenario} | | {} |", words.join(" | ")),
        }
    }
    let found: Vec<_> = found.iter().map(u32::to_string).collect();
    println!("| found, of {variants} variants | | {} |", found.join(" | "));
    println!(
        "\nA bare number: the executions up to the first violation, that one included; of the random engines \
         (random, pct) the median over {SEEDS} seeds. \"all\": all that there are. \"none\": no violation in a \
         random engine's {CASES}. \"unfinished\": in {} s. \"-\": not made for loom, which has no timers, few \
         operations, and no law for what runs for ever. At the poll grain, which is a current-thread runtime, \
         a task that never waits cannot be interrupted: some bugs are not there, and where there is one \
         schedule, the check fails (\"vacuous\").",
        cell::LIMIT.as_secs()
    );
    if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The cell; of a random engine's several the one in the middle. `None` if one is wrong.
fn middle(engine: &str, scenario: &str) -> Option<Cell> {
    let random = engine.ends_with("_random") || engine.ends_with("_pct");
    let seeds = 1..=if random { SEEDS } else { 1 };
    let mut cells: Vec<_> =
        seeds.map(|seed| measure(engine, scenario, seed)).collect::<Option<_>>()?;
    cells.sort_by_key(|cell| (cell.ended != Ended::Found, cell.executions));
    Some(cells[cells.len() / 2])
}

/// Runs one cell; `None` if it did not say how it ended, or wrongly.
fn measure(engine: &str, scenario: &str, seed: u64) -> Option<Cell> {
    let exe = std::env::current_exe().expect("a process has a path");
    let mut command = Command::new(exe);
    command.args([engine, scenario, &seed.to_string()]).stderr(Stdio::null());
    let output = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let cell = text.lines().find_map(Cell::parse)?;
    // Peers judge each execution by itself, and in none of these does one go wrong.
    let latent = gallery::variant(scenario).is_some_and(|v| v.law == Law::LockOrder);
    let silent = scenario == RIGHT || latent && PEERS.contains(&engine);
    let sound = match cell.ended {
        Ended::Found => !silent,
        // A search of everything that finds no bug where there is one would be wrong.
        Ended::Complete => silent || engine == "explore_poll",
        Ended::Passed | Ended::Unfinished | Ended::NotMeant => true,
        Ended::Vacuous => engine == "explore_poll",
    };
    sound.then_some(cell)
}
