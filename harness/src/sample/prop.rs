//! proptest: the schedule is one more generated input.
//!
//! ```
//! use selvedge::{Check, proptest::Runs};
//! use selvedge_rt as rt;
//!
//! let report = Check::new("every item arrives").proptest(
//!     Runs::new(100),
//!     (1..=4usize, 1..=8usize),
//!     |(senders, buffer)| async move {
//!         let (tx, mut rx) = rt::sync::mpsc::channel(buffer);
//!         let mut tasks = rt::task::JoinSet::new();
//!         for i in 0..senders {
//!             let tx = tx.clone();
//!             tasks.spawn(async move { tx.send(i).await.unwrap() });
//!         }
//!         drop(tx);
//!         let mut got = 0;
//!         while rx.recv().await.is_some() {
//!             got += 1;
//!         }
//!         while tasks.join_next().await.is_some() {}
//!         assert_eq!(got, senders);
//!     },
//! );
//! report.assert_passed();
//! ```
//!
//! Inside a `proptest!` of one's own, [`schedule`] is a strategy like any other, for [`Check::run_schedule`].

use super::run::{Case, Cases, cycle, engine, explain, run, sampled};
use super::scripted::Scripted;
use super::{Preemption, Schedule};
use crate::config::Config;
use crate::replay::Replayed;
use crate::replay::drive::Driver;
use crate::scenario::Root;
use crate::verdict::{Problem, Report};
use crate::watchdog::watch;
use crate::{Check, Law, Observed};
use ::proptest::collection::vec;
use ::proptest::prelude::Strategy;
use ::proptest::strategy::ValueTree;
use ::proptest::test_runner::{self, RngAlgorithm, TestRng, TestRunner};
use selvedge_rt::check::engine::Site;
use std::fmt::Debug;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

/// Decisions among which departures are drawn, before any execution has shown how many there are.
const DECISIONS: usize = 64;
/// So many others at most can go on at one decision, for all that a schedule tells apart.
const OTHERS: usize = 8;
/// So many more schedules are tried before a smaller input counts as passing.
const OTHER_SCHEDULES: usize = 24;
/// So many runs may be spent on shrinking the input of one failure.
const SHRINKS_MAX: u64 = 2_000;

/// Schedules with at most four departures among the first 256 decisions; shrinks towards none.
pub fn schedule() -> impl Strategy<Value = Schedule> + Clone {
    schedule_within(4 * DECISIONS, 4)
}

/// Schedules with at most so many departures among the first so many decisions; shrinks towards none.
pub fn schedule_within(
    decisions: usize,
    departures: usize,
) -> impl Strategy<Value = Schedule> + Clone {
    let departure = (0..decisions.max(1), 0..OTHERS);
    let departure = departure.prop_map(|(at, other)| Preemption { at, other });
    vec(departure, 0..=departures).prop_map(Schedule)
}

/// How many inputs are generated, and from which seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    cases: u64,
    seed: u64,
    departures: usize,
}

impl Runs {
    /// So many inputs, from seed 0. None is [`Problem::Nothing`].
    pub fn new(cases: u64) -> Self {
        Runs { cases, seed: 0, departures: 6 }
    }

    /// The seed. The same seed gives the same inputs, as long as proptest and the strategy are the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The most departures in one schedule; 6 unless told.
    pub fn departures(mut self, departures: usize) -> Self {
        self.departures = departures;
        self
    }

    fn runner(&self) -> TestRunner {
        let config = test_runner::Config { failure_persistence: None, ..Default::default() };
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }
}

impl Check {
    /// Runs the scenario for generated inputs, each under a generated schedule, until one breaks a law.
    ///
    /// Input and schedule are shrunk, to the same law; the report tells the smallest input. Its
    /// token holds the schedule alone: [`Check::replay`] it with that input. (The seed is fixed, so running
    /// the check again finds the same failure.)
    #[track_caller]
    pub fn proptest<S, F>(
        &self,
        runs: Runs,
        inputs: S,
        root: impl Fn(S::Value) -> F + Send + Sync + 'static,
    ) -> Report
    where
        S: Strategy,
        S::Value: Clone + Debug + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let config = sampled(&self.config);
        let mut cases = Cases::new(&Rc::new(config.clone()));
        let scenario = Scenario { config, root: Arc::new(root), site: Location::caller() };
        let strategy =
            format!("proptest, {} inputs with schedules, seed {}", runs.cases, runs.seed);
        let mut runner = runs.runner();
        let (mut failure, mut cycle) = (None, None);
        while cases.coverage.executions < runs.cases && cases.bound.is_none() {
            let decisions = Some(cases.decisions_max).filter(|n| *n > 0).unwrap_or(DECISIONS);
            // A strategy that rejects all it makes leaves nothing to run.
            let Ok(mut input) = inputs.new_tree(&mut runner) else { break };
            let mut draw = |decisions| {
                let tree = schedule_within(decisions, runs.departures).new_tree(&mut runner);
                tree.ok().map(|tree| tree.current())
            };
            let Some(schedule) = draw(decisions) else { break };
            let tried = scenario.run(input.current(), schedule.clone()).and_then(|ran| {
                let case = ran.case;
                cases.count(&case);
                cases.observed.merge(ran.observed);
                cycle = cycle.take().or_else(|| {
                    let story = told(&input.current());
                    ran.cycle.map(|replayed| Smallest { story, replayed })
                });
                let fails = case.fails();
                fails.then(|| scenario.shrink(&mut input, (case, schedule), draw)).transpose()
            });
            match tried {
                Ok(None) => {}
                Ok(smallest) => {
                    failure = smallest;
                    break;
                }
                Err(problem) => {
                    let story = Some(told(&input.current()));
                    let engine = engine(&self.config, &strategy);
                    return Report { story, ..Report::failed(&self.config, engine, problem) };
                }
            }
        }
        let (story, failure) = failure.or(cycle).map(|f| (f.story, f.replayed)).unzip();
        let report = cases.finish(strategy, failure);
        // The input first, then the schedule.
        let story = match (story, report.story.clone()) {
            (Some(input), Some(schedule)) => Some(format!("{input}\n{schedule}")),
            (input, schedule) => input.or(schedule),
        };
        Report { story, ..report }
    }
}

/// A scenario that takes an input.
struct Scenario<R> {
    config: Config,
    root: Arc<R>,
    site: Site,
}

/// What came of one case.
struct Ran {
    case: Case,
    /// The cycle of locks that it shows.
    cycle: Option<Replayed>,
    observed: Observed,
}

/// The smallest failure that shrinking found.
struct Smallest {
    story: String,
    replayed: Replayed,
}

impl<R> Scenario<R> {
    /// Does `work` with the input filled in, where a thread that never comes back is noticed.
    fn watched<V, F, T>(
        &self,
        input: V,
        work: impl FnOnce(&Rc<Config>, &Root) -> T + Send + 'static,
    ) -> Result<T, Problem>
    where
        R: Fn(V) -> F + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
        T: Send + 'static,
    {
        let (make, site, config) = (self.root.clone(), self.site, self.config.clone());
        watch(config.limits.silence, move || {
            work(&Rc::new(config), &Root::new(move || make(input.clone()), site))
        })
    }

    /// One case.
    fn run<V, F>(&self, input: V, schedule: Schedule) -> Result<Ran, Problem>
    where
        R: Fn(V) -> F + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.watched(input, move |config, root| {
            let driver = Driver::new(config, root);
            let case = run(&driver, &mut Scripted::new(&schedule));
            let cycle = cycle(&driver, config, root);
            let observed = driver.machine.overall.borrow().observed();
            Ran { case, cycle, observed }
        })
    }

    /// Shrinks the input as far as some schedule makes it fail in the same way, then the schedule.
    ///
    /// A schedule that fails one input says little about a smaller one, so each is tried under others too.
    fn shrink<V, F>(
        &self,
        tree: &mut impl ValueTree<Value = V>,
        failing: (Case, Schedule),
        mut others: impl FnMut(usize) -> Option<Schedule>,
    ) -> Result<Smallest, Problem>
    where
        R: Fn(V) -> F + Send + Sync + 'static,
        V: Clone + Debug + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let wanted = way_of_failing(&failing.0);
        let (mut input, mut schedule) = (tree.current(), failing.1);
        let mut decisions = failing.0.decisions;
        let mut runs = 0;
        let mut simpler = tree.simplify();
        while simpler && runs < SHRINKS_MAX {
            let mut tried = Some(schedule.clone());
            let mut fails = false;
            for _ in 0..=OTHER_SCHEDULES {
                let Some(candidate) = tried else { break };
                runs += 1;
                let Ran { case, .. } = self.run(tree.current(), candidate.clone())?;
                if way_of_failing(&case) == wanted {
                    (input, schedule, decisions) = (tree.current(), candidate, case.decisions);
                    fails = true;
                    break;
                }
                tried = others(decisions);
            }
            simpler = if fails { tree.simplify() } else { tree.complicate() };
        }
        let story = told(&input);
        let replayed = self.watched(input, move |config, root| {
            let driver = Driver::new(config, root);
            let case = run(&driver, &mut Scripted::new(&schedule));
            explain(&driver, config, root, case)
        })?;
        Ok(Smallest { story, replayed })
    }
}

fn told(input: &impl Debug) -> String {
    format!("  smallest input that fails: {input:?}")
}

/// Failures that differ in this are not the same.
fn way_of_failing(case: &Case) -> (Option<Law>, Option<std::mem::Discriminant<Problem>>) {
    let law = case.driven.violations.first().map(|v| v.law);
    (law, case.driven.problem.as_ref().map(std::mem::discriminant))
}
