//! Every reduction of the explorer against plain depth-first search: on random small programs over every
//! primitive, the set of outcomes is the same. So it is for equal tasks that are merged, for laws, and as
//! far as they reach for random schedules and for loom.
//!
//! An outcome is all that every task observed, so a task that is blocked for ever shows as what is
//! missing. A difference is an unsound fingerprint, commutation or settled rule, or a facade that
//! forgets an operation. Each one found so far is a named test in `differential/regressions.rs`.
//!
//! `SELVEDGE_PROGRAMS=10` draws ten times as many programs, `SELVEDGE_FIRST` starts at another seed.

mod support;

#[path = "differential/engines.rs"]
mod engines;
#[path = "differential/regressions.rs"]
mod regressions;

use selvedge::Law;
use support::compare::{difference, law_difference};
use support::draw::{Diet, Draw, program};
use support::program::{Kind, Program};
use support::shrink::shrink;

/// Checks so many programs; the first that fails is made smaller and shown.
#[track_caller]
fn check(programs: u64, diet: Diet, fails: impl Fn(u64, &Program) -> Option<String>) {
    let given = |name, default| std::env::var(name).map_or(default, |n| n.parse().unwrap());
    let (more, first) = (given("SELVEDGE_PROGRAMS", 1), given("SELVEDGE_FIRST", 0));
    for seed in first..first + programs * more {
        let program = program(&mut Draw::new(seed), diet);
        if let Some(why) = fails(seed, &program) {
            let small = shrink(&program, |p| fails(seed, p).is_some());
            let why_small = fails(seed, &small).unwrap_or_default();
            panic!("seed {seed}: {why}\n{program:?}\nsmaller: {why_small}\n{small:?}");
        }
    }
}

#[track_caller]
fn check_reductions(programs: u64, diet: Diet) {
    check(programs, diet, |_, program| difference(program));
}

const PLAIN: Diet = Diet { objects: &[], handles: false, sets: false, timers: false };

const CHANNELS: &[Kind] = &[
    Kind::Mpmc(0),
    Kind::Mpmc(1),
    Kind::Mpmc(2),
    Kind::Mpsc(1),
    Kind::Mpsc(2),
    Kind::Unbounded,
    Kind::Oneshot,
    Kind::Watch,
    Kind::Broadcast(1),
    Kind::Broadcast(2),
];

const LOCKS: &[Kind] = &[
    Kind::Semaphore(1),
    Kind::Semaphore(2),
    Kind::Mutex,
    Kind::RwLock,
    Kind::Blocking,
    Kind::Atomic,
    Kind::OnceCell,
];

const SIGNALS: &[Kind] =
    &[Kind::Notify, Kind::Notify, Kind::Token, Kind::Tracker, Kind::Barrier(2), Kind::Barrier(3)];

const EVERYTHING: &[Kind] = &[
    Kind::Mpmc(1),
    Kind::Mpsc(1),
    Kind::Unbounded,
    Kind::Oneshot,
    Kind::Watch,
    Kind::Broadcast(1),
    Kind::Notify,
    Kind::Barrier(2),
    Kind::Semaphore(1),
    Kind::Mutex,
    Kind::RwLock,
    Kind::Token,
    Kind::Tracker,
    Kind::OnceCell,
    Kind::Atomic,
];

#[test]
fn channels_reach_the_same_outcomes_whatever_is_reduced() {
    check_reductions(500, Diet { objects: CHANNELS, ..PLAIN });
}

#[test]
fn locks_reach_the_same_outcomes_whatever_is_reduced() {
    check_reductions(400, Diet { objects: LOCKS, ..PLAIN });
}

#[test]
fn signals_reach_the_same_outcomes_whatever_is_reduced() {
    check_reductions(400, Diet { objects: SIGNALS, ..PLAIN });
}

#[test]
fn tasks_reach_the_same_outcomes_whatever_is_reduced() {
    check_reductions(400, Diet { objects: EVERYTHING, handles: true, sets: true, ..PLAIN });
}

#[test]
fn timers_reach_the_same_outcomes_whatever_is_reduced() {
    check_reductions(400, Diet { objects: EVERYTHING, timers: true, ..PLAIN });
}

#[test]
fn a_law_is_broken_with_reductions_where_it_is_without() {
    // Those that a random program can break: its root never returns.
    let laws = [
        Law::Deadlock,
        Law::DoubleClose,
        Law::SendAfterClose,
        Law::NeverClosed,
        Law::LostItem,
        Law::IgnoredCancellation,
        Law::PermitLeak,
        Law::LockOrder,
    ];
    let diet = Diet { objects: EVERYTHING, handles: true, ..PLAIN };
    check(600, diet, |seed, p| law_difference(p, laws[seed as usize % laws.len()]));
}
