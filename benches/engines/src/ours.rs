//! The scenarios on tokio's primitives behind the facade, under Selvedge's engines: the gallery's own.

mod basics;

use crate::cell::{self, Ended};
use crate::{CASES, OURS, PEERS};
use selvedge::{Check, Grain, Law, Limits, Problem, Report, Sampling, Verdict};
use selvedge_loom_tests::gallery;
use selvedge_loom_tests::scenario::{Root, Shape, shape};

/// A scenario as these engines take it.
struct Scenario {
    check: Check,
    root: fn(Shape) -> Root,
    shape: Shape,
    /// Loom has few threads and no clock: it may need a smaller one, or have none.
    loom: Option<Shape>,
    /// It must break one of these first.
    laws: Vec<Law>,
}

fn named(scenario: &str) -> Scenario {
    if let Some(basic) = scenario.strip_prefix("basics/") {
        let (root, laws): (fn(Shape) -> Root, _) = match basic {
            "lost_update" => (|_| Box::pin(basics::lost_update()), vec![Law::Panic]),
            "ab_ba" => (|_| Box::pin(basics::ab_ba()), vec![Law::Deadlock, Law::LockOrder]),
            "lost_wakeup" => (|_| Box::pin(basics::lost_wakeup()), vec![Law::Deadlock]),
            "pool_2x2" => (|_| Box::pin(basics::pool_2x2()), vec![]),
            other => panic!("no basic scenario `{other}`"),
        };
        let shape = shape(2, 2, 2);
        return Scenario { check: Check::new(scenario), root, shape, loom: Some(shape), laws };
    }
    let variant = gallery::variant(scenario)
        .unwrap_or_else(|| panic!("no variant `{scenario}` in the gallery"));
    let (root, shape, loom) = (variant.root, variant.shape, variant.loom);
    Scenario { check: variant.check(), root, shape, loom, laws: vec![variant.law] }
}

/// Runs a scenario, and tells how it ended.
pub fn run(engine: &str, scenario: &str, seed: u64) {
    let Scenario { check, root, shape, loom, laws } = named(scenario);
    let check = check.limits(Limits { time: cell::LIMIT, ..Limits::default() });
    let at = |shape| {
        move || {
            // For what the limit of time ends; a report counts for itself, and without its replays.
            cell::execution();
            root(shape)
        }
    };
    let report = match engine {
        "explore" => check.explore(at(shape)),
        "explore_poll" => check.grain(Grain::Poll).explore(at(shape)),
        "sample_random" => check.sample(Sampling::random(seed).cases(CASES), at(shape)),
        "sample_pct" => check.sample(Sampling::pct(seed, 3).cases(CASES), at(shape)),
        "on_loom" => check.loom(at(loom.unwrap_or_else(|| cell::not_meant()))),
        other => panic!("no engine `{other}`; there are {OURS:?} and {PEERS:?}"),
    };
    cell::say(ended(&report, &laws), report.coverage.executions.max(1));
}

fn ended(report: &Report, laws: &[Law]) -> Ended {
    let right = report.violations().first().is_some_and(|first| laws.contains(&first.law));
    match report.verdict {
        Verdict::Violated(_) if right => Ended::Found,
        Verdict::Proved => Ended::Complete,
        Verdict::Sampled(_) => Ended::Passed,
        Verdict::Bounded(_) => Ended::Unfinished,
        Verdict::Failed(Problem::Vacuous { .. }) => Ended::Vacuous,
        Verdict::Failed(_) | Verdict::Violated(_) => {
            // Not a panic: that would count as found.
            eprintln!("{report}");
            std::process::exit(2);
        }
    }
}
