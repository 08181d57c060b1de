//! Every reduction of the explorer against plain depth-first search: on random small programs over every
//! primitive, the set of outcomes is the same.
//!
//! An outcome is all that every task observed, so a task that is blocked for ever shows as what is
//! missing. A difference is an unsound fingerprint, commutation or settled rule, or a facade that
//! forgets an operation. Each one found so far is a named test in `regressions`.

mod support;

use selvedge::{Problem, Reductions, Report, Verdict};
use std::panic::{AssertUnwindSafe, catch_unwind};
use support::draw::{Diet, Draw, program};
use support::program::{Kind, Program};
use support::run::explore;
use support::shrink::shrink;

const ALL: Reductions =
    Reductions { merging: true, fingerprints: true, sleep_sets: true, settled: true };

/// Everything on, and each one off.
const REDUCTIONS: [(&str, Reductions); 5] = [
    ("all on", ALL),
    ("no merging", Reductions { merging: false, ..ALL }),
    ("no fingerprints", Reductions { fingerprints: false, ..ALL }),
    ("no sleep sets", Reductions { sleep_sets: false, ..ALL }),
    ("no settled rule", Reductions { settled: false, ..ALL }),
];

/// Executions of plain search. What it reached by then must still be reached with reductions.
const PLAIN_MAX: u64 = 6_000;

/// What is wrong with the exploration of `program`, if anything.
fn difference(program: &Program) -> Option<String> {
    let plain = match reached(program, Reductions::NONE) {
        Ok(report) => report,
        Err(why) => return Some(format!("plain search: {why}")),
    };
    for (name, reductions) in REDUCTIONS {
        let reduced = match reached(program, reductions) {
            Ok(report) => report,
            Err(why) => return Some(format!("{name}: {why}")),
        };
        let complete = |report: &Report| !matches!(report.verdict, Verdict::Bounded(_));
        let missing = plain.outcomes.difference(&reduced.outcomes).count();
        let extra = reduced.outcomes.difference(&plain.outcomes).count();
        if complete(&reduced) && missing > 0 || complete(&plain) && extra > 0 {
            return Some(format!(
                "{name}: {missing} outcomes missing and {extra} extra; {}",
                table(program)
            ));
        }
    }
    None
}

/// Outcomes and executions with each reduction alone and with each left out, to see which is to blame.
fn table(program: &Program) -> String {
    let none = Reductions::NONE;
    let alone = [
        ("plain", none),
        ("fingerprints", Reductions { merging: true, fingerprints: true, ..none }),
        ("histories", Reductions { merging: true, ..none }),
        ("sleep", Reductions { sleep_sets: true, ..none }),
        ("settled", Reductions { settled: true, ..none }),
    ];
    let cell = |(name, reductions)| match reached(program, reductions) {
        Ok(r) => format!("{name} {}/{}", r.outcomes.len(), r.coverage.executions),
        Err(_) => format!("{name} failed"),
    };
    alone.into_iter().chain(REDUCTIONS).map(cell).collect::<Vec<_>>().join(", ")
}

/// The report, or what kept it from being one.
fn reached(program: &Program, reductions: Reductions) -> Result<Report, String> {
    let explored = catch_unwind(AssertUnwindSafe(|| explore(program, reductions, PLAIN_MAX)));
    match explored {
        Ok(report) => match &report.verdict {
            Verdict::Failed(Problem::Vacuous { .. }) | Verdict::Proved | Verdict::Bounded(_) => {
                Ok(report)
            }
            Verdict::Failed(problem) => Err(problem.to_string()),
            verdict => Err(format!("{verdict:?}")),
        },
        Err(panic) => Err(format!("panicked: {:?}", panic.downcast_ref::<String>())),
    }
}

#[track_caller]
fn check(programs: u64, diet: Diet) {
    let more: u64 = std::env::var("SELVEDGE_PROGRAMS").map_or(1, |n| n.parse().unwrap());
    let first: u64 = std::env::var("SELVEDGE_FIRST").map_or(0, |n| n.parse().unwrap());
    for seed in first..first + programs * more {
        let program = program(&mut Draw::new(seed), diet);
        if let Some(why) = difference(&program) {
            let small = shrink(&program, |p| difference(p).is_some());
            let why_small = difference(&small);
            panic!("seed {seed}: {why}\n{program:?}\nsmaller: {why_small:?}\n{small:?}");
        }
    }
}

const PLAIN: Diet = Diet { objects: &[], handles: false, sets: false, timers: false };

#[test]
fn channels_reach_the_same_outcomes_whatever_is_reduced() {
    let objects = &[
        Kind::Mpmc(0),
        Kind::Mpmc(1),
        Kind::Mpmc(2),
        Kind::Mpsc(1),
        Kind::Mpsc(2),
        Kind::Unbounded,
        Kind::Oneshot,
        Kind::Watch,
    ];
    check(400, Diet { objects, ..PLAIN });
}

#[test]
fn locks_reach_the_same_outcomes_whatever_is_reduced() {
    let objects = &[
        Kind::Semaphore(1),
        Kind::Semaphore(2),
        Kind::Mutex,
        Kind::RwLock,
        Kind::Blocking,
        Kind::Atomic,
    ];
    check(400, Diet { objects, ..PLAIN });
}

#[test]
fn signals_reach_the_same_outcomes_whatever_is_reduced() {
    let objects = &[Kind::Notify, Kind::Notify, Kind::Token, Kind::Tracker];
    check(400, Diet { objects, ..PLAIN });
}

const EVERYTHING: &[Kind] = &[
    Kind::Mpmc(1),
    Kind::Mpsc(1),
    Kind::Unbounded,
    Kind::Oneshot,
    Kind::Watch,
    Kind::Notify,
    Kind::Semaphore(1),
    Kind::Mutex,
    Kind::RwLock,
    Kind::Token,
    Kind::Tracker,
    Kind::Atomic,
];

#[test]
fn tasks_reach_the_same_outcomes_whatever_is_reduced() {
    check(400, Diet { objects: EVERYTHING, handles: true, sets: true, ..PLAIN });
}

#[test]
fn timers_reach_the_same_outcomes_whatever_is_reduced() {
    check(400, Diet { objects: EVERYTHING, timers: true, ..PLAIN });
}
