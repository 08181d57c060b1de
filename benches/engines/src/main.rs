//! The engines next to their peers: executions to completion or to the first violation, and how fast.
//!
//! `cargo run --release --manifest-path benches/engines/Cargo.toml` prints the table, in Markdown; about
//! 5 minutes at most. `... -- ENGINE SCENARIO` runs one cell.
//!
//! Each scenario is written twice, in the terms of who runs it: `ours` on tokio's primitives behind the
//! facade, `std_like` on threads, locks and condition variables, for loom and shuttle. So a row compares
//! how a *problem* fares, and not equal programs: tokio's primitives have more operations.
//!
//! Each cell is a process of its own, because a failing model may abort it, and because that is how a
//! limit of time is kept.
//!
//! Left out: interweave, which needs a newer compiler than this workspace; TraceForge, whose programs pass
//! messages and know no locks.

mod cell;
mod ours;
mod std_like;

use cell::{Cell, Ended};
use std::process::{Command, ExitCode, Stdio};

/// What all engines run; the last has no bug.
pub const SCENARIOS: [&str; 4] = ["lost_update", "ab_ba", "lost_wakeup", "pool_2x2"];
/// Ours first.
pub const ENGINES: [&str; 8] = [
    "explore",
    "explore_poll",
    "sample_random",
    "sample_pct",
    "loom",
    "shuttle_random",
    "shuttle_pct",
    "shuttle_dfs",
];
/// Executions that a random engine gets.
pub const CASES: u64 = 10_000;
/// The seed of all that is random.
pub const SEED: u64 = 1;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => table(),
        [engine, scenario] => {
            cell::watch();
            match engine.split_once('_') {
                _ if engine.starts_with("explore") || engine.starts_with("sample") => {
                    ours::run(engine, scenario)
                }
                Some(("shuttle", scheduler)) => std_like::shuttle(scheduler, scenario),
                _ if engine == "loom" => std_like::loom(scenario),
                _ => panic!("no engine `{engine}`; there are {ENGINES:?}"),
            }
            ExitCode::SUCCESS
        }
        _ => panic!("no arguments, or ENGINE SCENARIO"),
    }
}

fn table() -> ExitCode {
    println!("| engine | {} |\n|---|{}", SCENARIOS.join(" | "), "---|".repeat(SCENARIOS.len()));
    let mut complete = true;
    for engine in ENGINES {
        let cells: Vec<Option<Cell>> = SCENARIOS.map(|scenario| measure(engine, scenario)).into();
        complete &= cells.iter().all(Option::is_some);
        let words =
            cells.iter().map(|cell| cell.as_ref().map_or("no result".into(), Cell::to_string));
        println!("| {} | {} |", engine.replace('_', " "), words.collect::<Vec<_>>().join(" | "));
    }
    println!(
        "\n\"found\": the executions up to the first violation, that one included. \"complete\": all that \
         there are. \"passed\": a random engine's {CASES}. \"unfinished\": in {} s. \
         At the poll grain, which is a current-thread runtime, a task that never waits cannot be interrupted: \
         the lost update is not there, and of the lost wakeup there is one schedule (\"vacuous\").",
        cell::LIMIT.as_secs()
    );
    if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs one cell; `None` if it did not say how it ended.
fn measure(engine: &str, scenario: &str) -> Option<Cell> {
    let exe = std::env::current_exe().expect("a process has a path");
    let mut command = Command::new(exe);
    let output =
        command.args([engine, scenario]).stderr(Stdio::null()).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let cell = text.lines().find_map(Cell::parse)?;
    // Only the last has no bug: a complete search that finds nothing in the others would be wrong.
    let sound = match cell.ended {
        Ended::Found => scenario != "pool_2x2",
        Ended::Complete => scenario == "pool_2x2" || !["explore", "loom"].contains(&engine),
        Ended::Passed | Ended::Unfinished => true,
        Ended::Vacuous => engine == "explore_poll",
    };
    sound.then_some(cell)
}
