//! The scenario on a real runtime: the same closure, the same oracle, no engine.
//!
//! With no engine entered, the facade falls through to tokio. So this says whether a scenario means the
//! same outside the harness: its outcomes have the same digests as the explorer's, and must be among them.
//!
//! 1. What is judged is what can be seen from outside: the root panics, never returns, or leaves tasks
//!    behind; and a [shutdown](crate::shutdown_complete) that comes too early.
//! 2. **Only this engine looks at the wall clock**: no other way shows that a thread does not come back.
//!    A run that hangs costs up to a minute, or [`Limits::time`](crate::Limits::time) where that is less.
//! 3. On several threads a task that ended may be counted for a moment longer, so what ends soon after the
//!    root is not found there. The paused clock has no such moment.

mod heard;
mod run;

use crate::config::Config;
use crate::scenario::Root;
use crate::verdict::{Bound, Coverage, Engine, Problem, Report, Verdict};
use crate::{Check, Observed, Violation};
pub(crate) use heard::heard;
use run::{Ran, Runtime, run};
use std::collections::BTreeSet;
use std::panic::Location;
use std::time::{Duration, Instant};

/// The longest that one run may take by the wall clock.
const WALL_MAX: Duration = Duration::from_secs(60);

impl Check {
    /// Runs the scenario once on tokio's current-thread runtime with a paused clock, which jumps to the
    /// next timer whenever every task waits.
    ///
    /// [`Deadlock`](crate::Law::Deadlock) where the root has not returned after an hour of that clock: a
    /// scenario that sleeps for longer does not fit here. The verdict is at most `Sampled(1)`.
    #[track_caller]
    pub fn tokio_current_thread<F>(&self, root: impl Fn() -> F + Send + Sync + 'static) -> Report
    where
        F: Future<Output = ()> + Send + 'static,
    {
        repeat(&self.config, Root::new(root, Location::caller()), 1, |_| Runtime::Paused)
    }

    /// Runs the scenario `runs` times on tokio's multi-thread runtime, with as many workers (0 counts as
    /// 1), in real time, and with some jitter in when workers wake and how they look for work.
    ///
    /// [`Deadlock`](crate::Law::Deadlock) where the root has not returned after a minute, or
    /// [`Limits::time`](crate::Limits::time) where that is less. No run is [`Problem::Nothing`]. No two
    /// runs are the same, so nothing found here comes with a replay token.
    #[track_caller]
    pub fn tokio_multi_thread<F>(
        &self,
        workers: usize,
        runs: u64,
        root: impl Fn() -> F + Send + Sync + 'static,
    ) -> Report
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let workers = workers.max(1);
        let root = Root::new(root, Location::caller());
        repeat(&self.config, root, runs, |nth| Runtime::Threads { workers, jitter: nth })
    }
}

fn repeat(config: &Config, root: Root, runs: u64, runtime: impl Fn(u64) -> Runtime) -> Report {
    let started = Instant::now();
    let limits = &config.limits;
    let mut coverage = Coverage::default();
    let mut outcomes = BTreeSet::new();
    let mut bound = None;
    let mut verdict = None;
    while coverage.executions < runs && verdict.is_none() && bound.is_none() {
        let wall = WALL_MAX.min(limits.time);
        let ran = run(&root, runtime(coverage.executions), config.joined, wall);
        coverage.executions += 1;
        verdict = judge(config, ran, &mut outcomes);
        coverage.ends += u64::from(verdict.is_none());
        if coverage.executions >= limits.executions {
            bound = Some(Bound::Executions(limits.executions));
        } else if started.elapsed() > limits.time {
            bound = Some(Bound::Time(limits.time));
        }
    }
    coverage.outcomes = outcomes.len() as u64;
    coverage.seconds = started.elapsed().as_secs_f64();
    let otherwise = match bound {
        _ if runs == 0 => Verdict::Failed(Problem::Nothing),
        Some(bound) if coverage.executions < runs => Verdict::Bounded(bound),
        _ => Verdict::Sampled(coverage.executions),
    };
    Report {
        name: config.name.clone(),
        engine: Engine::Tokio { runtime: runtime(0).to_string() },
        verdict: verdict.unwrap_or(otherwise),
        coverage,
        observed: Observed::default(),
        waived: config.waived.clone(),
        story: None,
        replay: None,
        outcomes,
    }
}

/// A verdict where the run is the last.
fn judge(config: &Config, ran: Ran, outcomes: &mut BTreeSet<u64>) -> Option<Verdict> {
    if let Some(problem) = ran.problem {
        return Some(Verdict::Failed(problem));
    }
    let unwaived = ran.violations.into_iter().filter(|v| !config.waives(v.law));
    let violations: Vec<Violation> = unwaived.collect();
    if violations.is_empty() {
        outcomes.extend(ran.outcome);
        return None;
    }
    Some(Verdict::Violated(violations))
}
