//! What `ci/bench-instructions` counts: each pattern on one thread, with no clock and no I/O.
//!
//! Without arguments it lists the names; `NAME ITEMS` runs one; `--compare FOUND KEPT [--bless]` compares two
//! lists of `NAME INSTRUCTIONS`, for one item.

use benches::load::{Cost, Load};
use benches::patterns;
use benches::probe::Probe;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// How far a count may move, in percent: hashing and the order of wakes are seeded by the process.
const TOLERANCE: f64 = 3.0;

type Run = fn(Load, Probe) -> std::pin::Pin<Box<dyn Future<Output = Duration>>>;

const RUNS: [(&str, Run); 8] = [
    ("worker_pool", |load, probe| Box::pin(patterns::worker_pool(load, probe))),
    ("fan_out", |load, probe| Box::pin(patterns::fan_out_read(load, probe))),
    ("fan_in", |load, probe| Box::pin(patterns::fan_in_read(load, probe))),
    ("pipeline", |load, probe| Box::pin(patterns::pipeline(load, probe))),
    ("err_group", |load, probe| Box::pin(patterns::err_group(load, probe))),
    ("rate_limit", |load, probe| Box::pin(patterns::rate_limit_permits(load, probe))),
    ("shutdown", |load, probe| Box::pin(patterns::shutdown_tasks(load, probe))),
    ("server", |load, probe| Box::pin(patterns::server(load, probe))),
];

fn main() -> ExitCode {
    benches::production_only();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => RUNS.iter().for_each(|(name, _)| println!("{name}")),
        ["--compare", found, kept] => return compare(&read(found), &read(kept)),
        ["--compare", found, kept, "--bless"] => {
            read(found);
            std::fs::copy(found, kept).expect("the list can be written");
        }
        [name, items] => run(name, items.parse().expect("a number of items")),
        _ => panic!("see the head of this file"),
    }
    ExitCode::SUCCESS
}

fn run(name: &str, items: u64) {
    let (_, run) = RUNS.iter().find(|run| run.0 == name).expect("a name from the list");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let load = Load { items, capacity: Some(16), ..Load::steady(Cost::Free) };
    runtime.expect("a runtime").block_on(run(load, Probe::off()));
}

/// A list; it names each run, so that none is left out in silence.
fn read(path: impl AsRef<Path>) -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(&path).expect("a list of counts");
    let parse = |line: &str| {
        let (name, count) = line.split_once(' ')?;
        Some((name.to_string(), count.parse().ok().filter(|count| *count > 0.0)?))
    };
    let list: BTreeMap<String, f64> =
        text.lines().map(|line| parse(line).expect("a name and a count")).collect();
    assert!(RUNS.iter().all(|(name, _)| list.contains_key(*name)), "a run is missing: {list:?}");
    list
}

fn compare(found: &BTreeMap<String, f64>, kept: &BTreeMap<String, f64>) -> ExitCode {
    let mut worse = false;
    for (name, count) in found {
        let percent = kept.get(name).map_or(f64::INFINITY, |kept| (count / kept - 1.0) * 100.0);
        println!("{name}: {count} instructions an item, {percent:+.1} %");
        worse |= percent.abs() > TOLERANCE;
    }
    if worse {
        eprintln!(
            "more than {TOLERANCE} % apart; if that is wanted: ci/bench-instructions --bless"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
