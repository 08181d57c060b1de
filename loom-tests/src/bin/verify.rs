//! `verify`: every claim of every pattern, and the gallery, under every engine.
//!
//! Ends with 0 only where all of it is as it must be: each scenario holds, each wrong variant is caught
//! for its own law, right code is silent, and something was selected.

use clap::{Parser, Subcommand};
use selvedge_loom_tests::catalogue::Catalogue;
use selvedge_loom_tests::column::Budget;
use selvedge_loom_tests::exhibit::{self, By};
use selvedge_loom_tests::progress::Progress;
use selvedge_loom_tests::{gallery, show, suite, table};
use serde::Serialize;
use std::process::ExitCode;
use std::time::Duration;

/// Runs every claim of every pattern, and the gallery of wrong variants, under every engine.
///
/// Ends with the checklist: for each of its eight rows and each pattern, the laws that judge it, the
/// scenarios and the executions that they rest on, and the wrong variants that were caught for it. Of a
/// whole run, a row that no execution or no variant stands behind is an error.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Args {
    /// Only what has this in its id, like `worker_pool` or `cancel`.
    filter: Option<String>,
    /// The same proofs, with fewer samples and fewer preemptions under loom.
    #[arg(long)]
    quick: bool,
    /// Writes everything as JSON to a file, or with `-` to stdout and nothing else.
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// One wrong variant's report, as a user sees it; or a table of all, in Markdown.
    Gallery {
        /// Its id, like `worker_pool/bare_result_send`; without one, a list of all.
        id: Option<String>,
        /// The engine that looks.
        #[arg(long, value_enum, default_value = "explore")]
        engine: Engine,
    },
    /// Size, speed and memory of the search on the worker pool.
    Table {
        /// Only lines with this in them, like `poll` or `2x2`.
        #[arg(default_value = "")]
        filter: String,
        /// Seconds that one search may take.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
    /// Runs a catalogue with a wrong expectation in it: must fail, or nothing that passes means anything.
    Canary,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Engine {
    Explore,
    Loom,
    Sample,
    Pct,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let ok = match args.command {
        None => verify(Catalogue::all().filter(args.filter.as_deref().unwrap_or("")), &args),
        Some(Command::Gallery { id: None, .. }) => {
            println!("{}", gallery::markdown_table());
            Ok(true)
        }
        Some(Command::Gallery { id: Some(id), engine }) => exhibit(&id, engine),
        Some(Command::Table { ref filter, seconds }) => figures(filter, seconds, &args),
        Some(Command::Canary) => verify(Catalogue::canary(), &args),
    };
    match ok {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("verify: {why}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is as it must be.
type Outcome = Result<bool, String>;

fn verify(catalogue: Catalogue, args: &Args) -> Outcome {
    let budget = if args.quick { Budget::QUICK } else { Budget::FULL };
    let mut progress = Progress::new(suite::steps(&catalogue));
    let suite = suite::run(&catalogue, budget, &mut progress);
    tell(args, &suite, &show::suite(&suite))?;
    Ok(suite.problems.is_empty())
}

fn figures(filter: &str, seconds: u64, args: &Args) -> Outcome {
    let lines = table::measure(filter, Duration::from_secs(seconds), true);
    tell(args, &lines, &table::show(&lines))?;
    Ok(table::complete(&lines))
}

fn exhibit(id: &str, engine: Engine) -> Outcome {
    let variant = gallery::variant(id)
        .ok_or_else(|| format!("no variant `{id}`; `verify gallery` lists all"))?;
    let by = match engine {
        Engine::Explore => By::Explore,
        Engine::Sample => By::Sample,
        Engine::Pct => By::Pct,
        Engine::Loom if !cfg!(feature = "loom") => {
            return Err("this build has no loom: add `--features loom`".into());
        }
        Engine::Loom if variant.loom.is_none() => return Err(format!("`{id}` is not for loom")),
        Engine::Loom => By::Loom,
    };
    let report = exhibit::report(variant, by, &Budget::FULL);
    println!("{report}");
    Ok(report.violations().first().is_some_and(|v| v.law == variant.law))
}

/// Tables to stdout, JSON to where it was asked for.
fn tell(args: &Args, data: &impl Serialize, text: &str) -> Result<(), String> {
    let Some(file) = &args.json else {
        println!("{text}");
        return Ok(());
    };
    let json = serde_json::to_string_pretty(data).map_err(|e| e.to_string())?;
    if file == "-" {
        println!("{json}");
        return Ok(());
    }
    println!("{text}");
    std::fs::write(file, json).map_err(|e| format!("{file}: {e}"))
}
