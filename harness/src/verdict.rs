//! What a check says: never a bare "ok", but how much was looked at, and what stopped it.

use crate::config::{Clock, Config, Grain};
use crate::exec::Trouble;
use crate::{Observed, Place, Violation};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Coverage {
    /// Executions, complete or cut.
    pub executions: u64,
    /// Executions that ran to their end.
    pub ends: u64,
    /// Distinct schedules, where they were drawn at random.
    pub schedules: u64,
    /// Distinct states with more than one way on.
    pub states: u64,
    /// Executions that were cut at a state seen before.
    pub merged: u64,
    /// Distinct records at the end.
    pub outcomes: u64,
    /// Merged states that the audit explored a second time, to the end.
    pub audited: u64,
    /// Bytes held by the table of states.
    pub table_bytes: u64,
    /// Wall-clock time.
    pub seconds: f64,
}

/// What stopped a search before its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Bound {
    /// The limit of executions.
    Executions(u64),
    /// The limit of wall-clock time.
    Time(Duration),
    /// The limit of steps in one execution.
    Steps(usize),
    /// The limit of memory for the table of states.
    Memory(usize),
    /// Schedules in which one task keeps all others from running were cut.
    Fairness,
    /// Loom: preemptions in one execution.
    Preemptions(usize),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Executions(n) => write!(f, "{n} executions"),
            Bound::Time(d) => write!(f, "{d:?}"),
            Bound::Steps(n) => write!(f, "{n} steps in an execution"),
            Bound::Memory(n) => write!(f, "{} MB of states", n >> 20),
            Bound::Fairness => {
                f.write_str("schedules in which one task starves the others left out")
            }
            Bound::Preemptions(n) => write!(f, "preemptions <= {n}"),
        }
    }
}

/// Why a check could not be made. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Two ways to one state went on differently.
    #[error(
        "hidden state: {} went on differently from one and the same state. It depends on something that the facade \
         does not see: a static, a thread-local, a bare std mutex, or a combinator that counts its polls. Move that \
         state into `selvedge_rt` types or a `Record`, or switch merging off",
        tasks.join(", ")
    )]
    HiddenState {
        /// Tasks that announced something else.
        tasks: Vec<String>,
    },
    /// The same schedule did not give the same execution.
    #[error(
        "not deterministic: step {step} of the same schedule was different. The scenario reads a clock, a random \
         number, a hash order or a static that the last execution left behind"
    )]
    Nondeterminism {
        /// The first step that differs.
        step: usize,
    },
    /// A task waits for something that no engine controls.
    #[error(
        "`{task}` waits for something that no engine controls (a timer of tokio itself, another thread, a socket). \
         Use `selvedge_rt` for it, or a stand-in in the scenario"
    )]
    Foreign {
        /// The task.
        task: String,
    },
    /// An object outlived its execution.
    #[error(
        "an object made in another execution was used at {at}: a static, a thread-local, or one made outside the \
         scenario's closure. Make it inside"
    )]
    Outlives {
        /// Where it was used.
        at: Place,
    },
    /// Tasks that were declared equal are not.
    #[error(
        "the tasks are not interchangeable: at {at} a task uses an object that one of several equal tasks made. Leave \
         `equal_tasks` out, or make the object outside of them"
    )]
    NotEqual {
        /// Where it was used.
        at: Place,
    },
    /// Code that never comes back.
    #[error(
        "`{task}` has run for {seconds} s without an operation that the engine sees: an endless loop, or a call that blocks"
    )]
    NeverYields {
        /// The task.
        task: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// There was only one way to run.
    #[error(
        "vacuous: {tasks} tasks, and only one execution. Nothing interleaved, so nothing was checked; do the tasks \
         share anything through `selvedge_rt`?"
    )]
    Vacuous {
        /// Tasks that were started.
        tasks: usize,
    },
    /// Nothing ran.
    #[error("no execution ran; give the check a limit of at least one")]
    Nothing,
    /// A search came to its end, and no execution did.
    #[error(
        "no execution reached its end, although the search is complete: every schedule was cut. That is a bug of the \
         harness; please report it with the scenario"
    )]
    Endless,
    /// A future that was to be dropped at its awaits never waits.
    #[error(
        "`cancel_everywhere` dropped nothing: on no schedule does its future wait for anything. Give it a future that \
         does, or leave it out"
    )]
    NeverCancelled,
    /// The scenario does not fit loom.
    #[error("{0}")]
    Loom(String),
    /// A replay token that does not belong here.
    #[error("{0}")]
    Token(String),
}

impl Problem {
    pub(crate) fn from_trouble(trouble: &Trouble) -> Problem {
        match trouble {
            Trouble::Outlives(site) => Problem::Outlives { at: (*site).into() },
            Trouble::NotEqual(site) => Problem::NotEqual { at: (*site).into() },
            Trouble::Foreign { task } => Problem::Foreign { task: task.clone() },
        }
    }
}

/// The engine that looked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Engine {
    /// Every reachable state.
    Explore {
        /// Where tasks interleaved.
        grain: String,
        /// When time passed.
        clock: String,
    },
    /// Schedules drawn by a seeded strategy.
    Sample {
        /// Which.
        strategy: String,
    },
    /// Loom threads.
    Loom,
    /// A real runtime.
    Tokio {
        /// Which.
        runtime: String,
    },
}

impl Engine {
    pub(crate) fn explore(grain: Grain, clock: Clock) -> Engine {
        Engine::Explore { grain: grain.to_string(), clock: format!("{clock:?}").to_lowercase() }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Engine::Explore { grain, clock } => write!(f, "explore, {grain} grain, {clock} clock"),
            Engine::Sample { strategy } => write!(f, "sample, {strategy}"),
            Engine::Loom => f.write_str("loom"),
            Engine::Tokio { runtime } => write!(f, "tokio, {runtime}"),
        }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Verdict {
    /// Every schedule was looked at, and no law is broken.
    Proved,
    /// No law is broken on what was looked at, which the bound cut short.
    Bounded(Bound),
    /// No law is broken on so many schedules, drawn at random.
    Sampled(u64),
    /// Laws are broken: the most telling first.
    Violated(Vec<Violation>),
    /// The check could not be made.
    Failed(Problem),
}

/// The result of one check: a verdict, what it rests on, and the failure told to a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the check.
    pub name: String,
    /// What looked.
    pub engine: Engine,
    /// What came out.
    pub verdict: Verdict,
    /// What it rests on.
    pub coverage: Coverage,
    /// What was seen beside.
    pub observed: Observed,
    /// Laws that were waived, each with its reason.
    pub waived: Vec<(crate::Law, String)>,
    /// The failing schedule told step by step, and how to replay it.
    pub story: Option<String>,
    /// The token that replays the failing schedule.
    pub replay: Option<String>,
    /// Distinct ends, as digests: equal sets mean equal behaviour.
    #[serde(skip)]
    pub outcomes: std::collections::BTreeSet<u64>,
}

impl Report {
    /// The report of a check that could not be made.
    pub(crate) fn failed(config: &Config, engine: Engine, problem: Problem) -> Report {
        Report {
            name: config.name.clone(),
            engine,
            verdict: Verdict::Failed(problem),
            coverage: Coverage::default(),
            observed: Observed::default(),
            waived: config.waived.clone(),
            story: None,
            replay: None,
            outcomes: Default::default(),
        }
    }

    /// The violated laws, if any.
    pub fn violations(&self) -> &[Violation] {
        match &self.verdict {
            Verdict::Violated(violations) => violations,
            _ => &[],
        }
    }

    /// Whether nothing was found on all that was looked at.
    pub fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Proved | Verdict::Bounded(_) | Verdict::Sampled(_))
    }

    /// Panics unless every schedule was looked at and no law is broken.
    ///
    /// # Panics
    ///
    /// With the whole report, where that is not so.
    #[track_caller]
    pub fn assert_proved(&self) -> &Self {
        assert!(self.verdict == Verdict::Proved, "{self}");
        self
    }

    /// Panics unless no law is broken on every schedule within `bound`, and nothing else cut the search
    /// short.
    ///
    /// # Panics
    ///
    /// With the whole report, where that is not so.
    #[track_caller]
    pub fn assert_bounded_by(&self, bound: Bound) -> &Self {
        assert!(self.verdict == Verdict::Bounded(bound), "{self}");
        self
    }

    /// Panics unless as many schedules as were asked for were run, and no law is broken on them.
    ///
    /// # Panics
    ///
    /// With the whole report, where that is not so.
    #[track_caller]
    pub fn assert_sampled(&self) -> &Self {
        assert!(matches!(self.verdict, Verdict::Sampled(_)), "{self}");
        self
    }

    /// Panics if a law is broken or the check could not be made.
    ///
    /// # Panics
    ///
    /// With the whole report, where that is so.
    #[track_caller]
    pub fn assert_passed(&self) -> &Self {
        assert!(self.passed(), "{self}");
        self
    }

    /// Panics unless `law` is the first law that is broken.
    ///
    /// # Panics
    ///
    /// With the whole report, where it is not.
    #[track_caller]
    pub fn assert_violates(&self, law: crate::Law) -> &Self {
        assert!(
            self.violations().first().is_some_and(|v| v.law == law),
            "{law} was expected:\n{self}"
        );
        self
    }
}
