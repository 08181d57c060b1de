//! The scenarios on threads, locks and condition variables, under raw loom and shuttle.
//!
//! Their modules look alike, so that each scenario is written once, for both: the files below are part of
//! two modules, whose `super` brings the peer.

use crate::CASES;
use crate::cell::{Ended, execution, executions, say};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};

/// Runs a scenario under loom.
pub fn loom(scenario: &str) {
    let scenario = on_loom::named(scenario);
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
    let scenario = on_shuttle::named(scenario);
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

/// The scenarios on the modules of one of the two.
macro_rules! scenarios {
    ($module:ident, $peer:ident) => {
        #[allow(clippy::duplicate_mod, reason = "written once, for both")]
        #[path = "std_like"]
        mod $module {
            use $peer as peer;

            mod basics;
            mod queue;
            mod variants;

            pub fn named(scenario: &str) -> fn() {
                match scenario {
                    "lost_update" => basics::lost_update,
                    "ab_ba" => basics::ab_ba,
                    "lost_wakeup" => basics::lost_wakeup,
                    "worker_pool/bare_result_send" => variants::bare_result_send,
                    "fan/ends_on_first_none" => variants::ends_on_first_none,
                    "pipeline/guard_over_send" => variants::guard_over_send,
                    "err_group/cancel_then_record" => variants::cancel_then_record,
                    "rate_limit/check_then_wait" => variants::check_then_wait,
                    "shutdown/closed_check_not_atomic" => variants::closed_check_not_atomic,
                    "pool_2x2" => basics::pool,
                    other => panic!("no scenario `{other}`"),
                }
            }
        }
    };
}

scenarios!(on_loom, loom);
scenarios!(on_shuttle, shuttle);
