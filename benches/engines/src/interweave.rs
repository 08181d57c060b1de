//! The scenarios on async processes, under interweave.
//!
//! It has cells, and channels with one receiver each. A [`queue`], a [`semaphore`] and a [`lock`] are
//! processes that serve the others. All processes are there from the start, and none can be joined:
//! [`task`] says what is done instead. A deadlock is a violation, as a failed check is; a process left
//! waiting when the others have ended is one too, so each ends where all goes well.
//!
//! The search tries the process first that was spawned first. They are spawned in the order in which the
//! items go, and who judges comes last.

mod basics;
mod err_group;
mod fan;
mod lock;
mod pipeline;
mod queue;
mod rate_limit;
mod semaphore;
mod shutdown;
mod task;
mod token;
mod worker_pool;

use crate::cell::{Ended, execution, executions, say};
use crate::scenarios::find;
use interweave::{Observer, ProcessResult, Step, StepCx, World};

type Scenario = fn(&mut World<'_>);

const ALL: &[(&str, Scenario)] = scenarios!(functions);

/// Runs a scenario.
pub fn run(scenario: &str) {
    let scenario = find(ALL, scenario);
    let ended = match interweave::explore(&scenario, &mut Ends) {
        Ok(()) => Ended::Complete,
        Err(failed) => {
            eprintln!("{failed}");
            Ended::Found
        }
    };
    say(ended, executions());
}

/// Counts the executions as they end: the scenario is also called for each replay of a part of one.
struct Ends;

impl Observer for Ends {
    fn step(&mut self, step: Step<'_>, _: StepCx<'_, '_>) {
        if matches!(step, Step::Maximal { .. }) {
            execution();
        }
    }
}

/// An assertion that is an error and no panic, with which the execution would not come to its end and be
/// counted.
fn check(holds: bool, wrong: &str) -> ProcessResult {
    if holds { Ok(()) } else { Err(wrong.into()) }
}

/// Spawns the process that finds out whether all is well: it is also the caller, where there is one.
fn judge<'a>(world: &mut World<'a>, code: impl Future<Output = ProcessResult> + 'a) {
    world.spawn("judge", code);
}
