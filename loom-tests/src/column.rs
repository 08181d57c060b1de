//! The engines as columns of the matrix: where each runs a scenario, and what it must say.

use crate::scenario::{Scenario, Shape};
use selvedge::{Bound, Check, Grain, Law, Limits, Report, Sampling, Verdict};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// An engine as the matrix runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Every state, with tasks interleaving at every operation.
    Operation,
    /// Every state, with tasks interleaving where they wait.
    Poll,
    /// Loom threads.
    Loom,
    /// Random walks, and PCT of depth 3, at the large shape and at operation grain.
    Sample,
    /// Tokio's current-thread runtime, with a paused clock.
    CurrentThread,
    /// Tokio's multi-thread runtime, again and again.
    MultiThread,
}

/// Threads of the multi-thread runtime.
const THREADS: usize = 4;
/// Seed of whatever is drawn: a run of the suite is the same every time.
pub const SEED: u64 = 1;

/// How much work goes into what is not exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Schedules drawn per scenario and strategy.
    pub samples: u64,
    /// Runs on the multi-thread runtime.
    pub runs: u64,
    /// The most preemptions under loom, where a scenario does not fit without a bound.
    pub preemptions: usize,
    /// The longest that one search may take.
    pub time: Duration,
}

impl Budget {
    /// What `verify` uses.
    pub const FULL: Budget = Budget {
        samples: 1_000,
        runs: 200,
        preemptions: usize::MAX,
        time: Duration::from_secs(300),
    };
    /// For every push: the same proofs, fewer samples.
    pub const QUICK: Budget =
        Budget { samples: 100, runs: 20, preemptions: 1, time: Duration::from_secs(120) };

    /// The limits of every search.
    pub fn limits(self) -> Limits {
        Limits { time: self.time, ..Limits::default() }
    }
}

/// How schedules are drawn: random walks, and PCT of depth 3.
pub fn strategies() -> [Sampling; 2] {
    [Sampling::random(SEED), Sampling::pct(SEED, 3)]
}

impl Column {
    /// All of them, from the strongest claim to the weakest.
    pub const ALL: &[Column] = &[
        Column::Operation,
        Column::Poll,
        Column::Loom,
        Column::Sample,
        Column::CurrentThread,
        Column::MultiThread,
    ];

    /// Whether this build has the engine.
    pub fn built(self) -> bool {
        self != Column::Loom || cfg!(feature = "loom")
    }

    /// The shape at which it runs a scenario; `None` where the scenario does not fit.
    pub fn shape(self, scenario: &Scenario) -> Option<Shape> {
        match self {
            Column::Operation | Column::CurrentThread | Column::MultiThread => {
                Some(scenario.operation)
            }
            Column::Poll | Column::Sample => Some(scenario.poll),
            Column::Loom => scenario.loom,
        }
    }

    /// Runs a scenario at `shape`: one report, but for sampling, which has one a strategy.
    ///
    /// # Panics
    ///
    /// Where the engine is not built.
    pub fn run(self, scenario: &Scenario, shape: Shape, budget: &Budget) -> Vec<Report> {
        let check = scenario.check().limits(budget.limits());
        let root = scenario.at(shape);
        match self {
            Column::Operation => vec![check.grain(Grain::Operation).explore(root)],
            Column::Poll => vec![check.grain(Grain::Poll).explore(root)],
            Column::Loom => vec![on_loom(check, self.preemptions(scenario, budget), root)],
            Column::Sample => {
                let sample =
                    |s: Sampling| check.sample(s.cases(budget.samples), scenario.at(shape));
                strategies().map(sample).to_vec()
            }
            Column::CurrentThread => vec![check.tokio_current_thread(root)],
            Column::MultiThread => vec![check.tokio_multi_thread(THREADS, budget.runs, root)],
        }
    }

    /// The bound on preemptions under loom.
    pub fn preemptions(self, scenario: &Scenario, budget: &Budget) -> Option<usize> {
        scenario.preemptions.map(|n| n.min(budget.preemptions))
    }

    /// The verdict that each report must give. Whatever else it says, a weaker verdict too, is wrong.
    pub fn expects(self, scenario: &Scenario, budget: &Budget) -> Verdict {
        match self {
            Column::Operation | Column::Poll => Verdict::Proved,
            Column::Loom => match self.preemptions(scenario, budget) {
                None => Verdict::Proved,
                Some(n) => Verdict::Bounded(Bound::Preemptions(n)),
            },
            Column::Sample => Verdict::Sampled(budget.samples),
            Column::CurrentThread => Verdict::Sampled(1),
            Column::MultiThread => Verdict::Sampled(budget.runs),
        }
    }

    /// Whether the engine can see `law` broken. Real tokio is only looked at from outside; loom has no
    /// time, and where tasks run for ever it only says that it was bounded.
    pub fn sees(self, law: Law) -> bool {
        match self {
            Column::Operation | Column::Poll | Column::Sample => true,
            Column::Loom => !matches!(law, Law::TimerLeak | Law::Livelock),
            Column::CurrentThread | Column::MultiThread => matches!(
                law,
                Law::Deadlock
                    | Law::TaskLeak
                    | Law::Unjoined
                    | Law::IncompleteShutdown
                    | Law::DuplicateItem
                    | Law::Panic
            ),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Column::Operation => "explore, operation",
            Column::Poll => "explore, poll",
            Column::Loom => "loom",
            Column::Sample => "random + PCT",
            Column::CurrentThread => "tokio, current-thread",
            Column::MultiThread => "tokio, multi-thread",
        })
    }
}

/// Runs a check under loom.
///
/// # Panics
///
/// Where the engine is not built.
pub fn on_loom<F>(
    check: Check,
    preemptions: Option<usize>,
    root: impl Fn() -> F + Send + Sync + 'static,
) -> Report
where
    F: Future<Output = ()> + Send + 'static,
{
    #[cfg(feature = "loom")]
    return match preemptions {
        Some(n) => check.preemptions(n).loom(root),
        None => check.loom(root),
    };
    #[cfg(not(feature = "loom"))]
    {
        let _ = (check, preemptions, root);
        unreachable!("nobody asks for an engine that is not built")
    }
}
