//! The scenarios on async processes, under interweave.
//!
//! It has cells, and channels with one receiver each. All processes are there from the start, and none can
//! be joined: each tells of its end in a channel of its own. A deadlock is a violation, as a failed check
//! is; a process left waiting when the others have ended is one too, so each ends where all goes well.

mod lock;
mod scenarios;

use crate::cell::{Ended, execution, executions, say};
use interweave::{Observer, Receiver, Step, StepCx, World};
use std::fmt::Debug;

fn named(scenario: &str) -> fn(&mut World<'_>) {
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
pub fn run(scenario: &str) {
    let scenario = named(scenario);
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

/// Spawns a process; what it returns is received at its end.
fn spawn<'a, T: Debug + 'static>(
    world: &mut World<'a>,
    name: &str,
    code: impl Future<Output = T> + 'a,
) -> Receiver<T> {
    let (end, ended) = world.channel(name);
    world.spawn(name, async move {
        end.send(code.await).await;
        Ok(())
    });
    ended
}

/// Spawns the process that finds out whether all is well. An error and no panic, with which the execution
/// would not come to its end and be counted.
fn judge<'a>(world: &mut World<'a>, code: impl Future<Output = bool> + 'a) {
    world.spawn("judge", async move { code.await.then_some(()).ok_or_else(|| "wrong".into()) });
}
