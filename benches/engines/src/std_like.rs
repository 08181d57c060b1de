//! The scenarios on threads, locks and condition variables, under raw loom and shuttle.
//!
//! Their modules look alike, so that each scenario is written once, for both: the files below are part of
//! two modules, whose `super` brings the peer.

use crate::CASES;
use crate::cell::{Ended, execution, executions, say};
use crate::scenarios::find;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};

/// Runs a scenario under loom.
pub fn loom(scenario: &str) {
    let scenario = find(on_loom::ALL, scenario);
    let mut builder = loom::model::Builder::new();
    // No bound: a complete search, or the limit of the cell.
    builder.preemption_bound = None;
    builder.max_branches = 1_000_000;
    builder.check(move || {
        execution();
        scenario();
    });
    say(Ended::Complete, executions());
}

/// Runs a scenario under one of shuttle's schedulers.
pub fn shuttle(scheduler: &str, scenario: &str, seed: u64) {
    let scenario = find(on_shuttle::ALL, scenario);
    let cases = CASES as usize;
    match scheduler {
        "random" => under(RandomScheduler::new_from_seed(seed, cases), scenario, Ended::Passed),
        "pct" => under(PctScheduler::new_from_seed(seed, 3, cases), scenario, Ended::Passed),
        "dfs" => under(DfsScheduler::new(None, false), scenario, Ended::Complete),
        other => panic!("no scheduler `{other}`"),
    }
}

fn under(scheduler: impl Scheduler + 'static, scenario: fn(), ended: Ended) {
    let mut config = shuttle::Config::new();
    config.failure_persistence = shuttle::FailurePersistence::None;
    shuttle::Runner::new(scheduler, config).run(move || {
        execution();
        scenario();
    });
    say(ended, executions());
}

/// The scenarios on the modules of one of the two, and on its slot.
macro_rules! on {
    ($module:ident, $peer:ident, $slot:ident) => {
        #[allow(clippy::duplicate_mod, reason = "written once, for both")]
        #[path = "std_like"]
        mod $module {
            use super::$slot as slot;
            use $peer as peer;

            // The words that the scenarios are written in.
            mod clock;
            mod crew;
            mod monitor;
            mod queue;
            mod semaphore;
            mod token;
            mod tracker;

            mod basics;
            mod err_group;
            mod fan;
            mod pipeline;
            mod rate_limit;
            mod shutdown;
            mod worker_pool;

            pub const ALL: &[(&str, fn())] = scenarios!(functions);
        }
    };
}

mod slot_loom;
mod slot_shuttle;

on!(on_loom, loom, slot_loom);
on!(on_shuttle, shuttle, slot_shuttle);
