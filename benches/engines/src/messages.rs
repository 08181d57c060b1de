//! The scenarios on threads that send messages, under TraceForge; its locks are such threads too.
//!
//! A send never waits here, and no two threads receive from one channel: where a scenario needs a buffer that
//! may be full, or one that several read, it is a thread that they ask (`queue`). What was sent first is
//! received first where somebody can tell, as in the memory of one process. TraceForge counts an execution
//! in which a thread is blocked for ever, and goes on; this ends the run at the first.

mod basics;
mod crew;
mod err_group;
mod fan;
mod pipeline;
mod queue;
mod rate_limit;
mod record;
mod semaphore;
mod shutdown;
mod token;
mod worker_pool;

use crate::cell::{Ended, execution, executions, say};
use crate::scenarios::find;
use traceforge::coverage::{CoverageInfo, ExecutionId, ExecutionObserver};
use traceforge::monitor_types::EndCondition;

const ALL: &[(&str, fn())] = scenarios!(functions);

/// Runs a scenario.
pub fn traceforge(scenario: &str) {
    let scenario = find(ALL, scenario);
    let config = traceforge::Config::builder()
        .with_cons_type(traceforge::ConsType::Causal)
        .with_callback(Box::new(Blocked))
        .build();
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
