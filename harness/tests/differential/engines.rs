//! The explorer against what else can tell the outcomes of a program.

use crate::support::compare::{differ, judged};
use crate::support::program::{Act, End, Kind, Program, Step, Verb};
use crate::support::run;
use crate::{CHANNELS, Diet, EVERYTHING, PLAIN, check};
use selvedge::{Check, Reductions, Sampling};
use std::sync::Arc;

/// Executions of one search. A search that stops there is compared as far as it came.
const EXECUTIONS_MAX: u64 = 4_000;

fn explored(program: &Program) -> Result<selvedge::Report, String> {
    judged(|| run::explore(program, Reductions::default(), EXECUTIONS_MAX))
}

fn prepared(program: &Program) -> (Check, Arc<Program>) {
    let check = run::check(program, Reductions::default(), EXECUTIONS_MAX, &[]);
    (check, Arc::new(program.clone()))
}

#[test]
fn random_schedules_reach_nothing_that_the_explorer_does_not() {
    let diet = Diet { objects: EVERYTHING, handles: true, sets: true, timers: true };
    check(200, diet, |seed, program| {
        let (check, shared) = prepared(program);
        let sampled = judged(|| {
            let sampling = Sampling::random(seed).cases(40);
            check.sample(sampling, move || run::root(shared.clone()))
        });
        match (explored(program), sampled) {
            (Ok(explored), Ok(sampled)) => {
                let complete = explored.verdict == selvedge::Verdict::Proved;
                let extra = sampled.outcomes.difference(&explored.outcomes).count();
                (complete && extra > 0).then(|| format!("{extra} outcomes were only sampled"))
            }
            (Err(why), _) | (_, Err(why)) => Some(why),
        }
    });
}

#[test]
fn equal_tasks_that_are_merged_reach_the_same_outcomes() {
    // Objects of which every task has both sides.
    let objects = &[
        Kind::Mpmc(1),
        Kind::Mpmc(2),
        Kind::Notify,
        Kind::Barrier(2),
        Kind::Semaphore(1),
        Kind::Semaphore(2),
        Kind::Mutex,
        Kind::RwLock,
        Kind::Token,
        Kind::Tracker,
        Kind::Atomic,
        Kind::Watch,
    ];
    check(300, Diet { objects, ..PLAIN }, |seed, program| {
        // Two long ones or three short ones.
        let mut program = Program { keep: true, by_poll: false, ..program.clone() };
        let copies = if seed % 3 == 0 { 3 } else { 2 };
        program.tasks[0].truncate(if copies == 3 { 1 } else { 3 });
        equal_difference(&program, copies)
    });
}

/// Where `copies` of the first task of `program`, merged up to renaming, differ from plain search.
fn equal_difference(program: &Program, copies: usize) -> Option<String> {
    let explore = |check: Check| {
        let shared = Arc::new(program.clone());
        judged(|| check.explore(move || run::equal(shared.clone(), copies)))
    };
    let plain = run::check(program, Reductions::NONE, EXECUTIONS_MAX, &[]);
    let (merged, _) = prepared(program);
    match (explore(plain), explore(merged.equal_tasks())) {
        (Ok(plain), Ok(merged)) => differ(&plain, &merged),
        (Err(why), _) | (_, Err(why)) => Some(why),
    }
}

#[test]
fn which_two_places_in_a_queue_are_of_one_task_tells_equal_tasks_apart() {
    let act = |verb| Act { object: 0, end: End::Tx, verb };
    let both = Step::Select(act(Verb::ListenFirst), act(Verb::Notified));
    let program = Program {
        objects: vec![Kind::Notify],
        tasks: vec![vec![both]],
        keep: true,
        identify: true,
        racing: false,
        by_poll: false,
        closures: false,
    };
    assert_eq!(equal_difference(&program, 3), None);
}

/// Loom interleaves its threads by rules of its own, and knows nothing of our reductions.
#[cfg(feature = "loom")]
#[test]
fn loom_reaches_the_same_outcomes() {
    check(60, Diet { objects: CHANNELS, ..PLAIN }, |_, program| {
        // Loom switches at every operation: the explorer has to as well.
        let program = Program { by_poll: false, ..program.clone() };
        let (check, shared) = prepared(&program);
        let by_loom = judged(|| check.loom(move || run::root(shared.clone())));
        match (explored(&program), by_loom) {
            (Ok(explored), Ok(by_loom)) => differ(&by_loom, &explored),
            (Err(why), _) | (_, Err(why)) => Some(why),
        }
    });
}

#[cfg(not(feature = "loom"))]
const _: &[Kind] = CHANNELS;
