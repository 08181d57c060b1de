//! The scenarios on threads that send messages, under TraceForge; its locks are such threads too.
//!
//! A send never waits here, and no two threads receive from one channel: where a scenario needs a full
//! buffer, the sender waits for an answer, and shared jobs are dealt by a foreman. TraceForge counts an
//! execution in which a thread is blocked for ever, and goes on; this ends the run at the first.

mod scenarios;

use crate::cell::{Ended, execution, executions, say};
use traceforge::coverage::{CoverageInfo, ExecutionId, ExecutionObserver};
use traceforge::monitor_types::EndCondition;

fn named(scenario: &str) -> fn() {
    match scenario {
        "lost_update" => scenarios::lost_update,
        "ab_ba" => scenarios::ab_ba,
        "lost_wakeup" => scenarios::lost_wakeup,
        "worker_pool/bare_result_send" => scenarios::bare_result_send,
        "fan/ends_on_first_none" => scenarios::ends_on_first_none,
        "pipeline/guard_over_send" => scenarios::guard_over_send,
        "err_group/cancel_then_record" => scenarios::cancel_then_record,
        "rate_limit/check_then_wait" => scenarios::check_then_wait,
        "shutdown/closed_check_not_atomic" => scenarios::closed_check_not_atomic,
        "pool_2x2" => scenarios::pool,
        other => panic!("no scenario `{other}`"),
    }
}

/// Runs a scenario.
pub fn traceforge(scenario: &str) {
    let scenario = named(scenario);
    let config = traceforge::Config::builder().with_callback(Box::new(Blocked)).build();
    traceforge::verify(config, move || {
        execution();
        scenario();
    });
    say(Ended::Complete, executions());
}

/// Takes a blocked execution for a violation.
struct Blocked;

impl ExecutionObserver for Blocked {
    fn after(&mut self, _: ExecutionId, end: &EndCondition, _: CoverageInfo) {
        if *end == EndCondition::Deadlock {
            say(Ended::Found, executions());
            std::process::exit(0);
        }
    }
}
