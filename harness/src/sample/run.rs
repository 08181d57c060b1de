//! Running cases: one after the other, counted, until one fails.

use super::scripted::{Scripted, base};
use super::{Preemption, Sampling, Schedule, Strategy, shrink};
use crate::config::Config;
use crate::exec::Pick;
use crate::replay::drive::{Driven, Driver, Ending};
use crate::replay::{self, Replayed};
use crate::scenario::Root;
use crate::story;
use crate::verdict::{Bound, Coverage, Engine, Problem, Report, Verdict};
use crate::watchdog::watch;
use crate::{Check, Observed, hash};
use std::collections::{BTreeSet, HashSet};
use std::panic::Location;
use std::rc::Rc;
use std::time::Instant;

impl Check {
    /// Runs the scenario under schedules drawn by a seeded strategy, until one breaks a law.
    ///
    /// The failing schedule is shrunk towards fewest preemptions before it is reported. The verdict is at
    /// most [`Sampled`](Verdict::Sampled). More than one task and never a choice between them is
    /// [`Problem::Vacuous`].
    #[track_caller]
    pub fn sample<F>(
        &self,
        sampling: Sampling,
        root: impl Fn() -> F + Send + Sync + 'static,
    ) -> Report
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let root = Root::new(root, Location::caller());
        let strategy = sampling.to_string();
        self.watched(root, strategy, move |config, root| {
            let driver = Driver::new(config, root);
            let mut strategy = sampling.strategy();
            let mut cases = Cases::new(config);
            let mut failure = None;
            while cases.coverage.executions < sampling.cases && cases.bound.is_none() {
                let case = run(&driver, &mut *strategy);
                cases.count(&case);
                if case.fails() {
                    failure = Some(explain(&driver, config, root, case));
                    break;
                }
            }
            let failure = failure.or_else(|| cycle(&driver, config, root));
            cases.observed = driver.machine.overall.borrow().observed();
            cases.finish(sampling.to_string(), failure)
        })
    }

    /// Runs the scenario under one schedule that is given as data. The verdict is at most `Sampled(1)`.
    #[track_caller]
    pub fn run_schedule<F>(
        &self,
        schedule: &Schedule,
        root: impl Fn() -> F + Send + Sync + 'static,
    ) -> Report
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let root = Root::new(root, Location::caller());
        let departures = schedule.0.len();
        let strategy = format!("one schedule with {departures} departures");
        let schedule = schedule.clone();
        self.watched(root, strategy.clone(), move |config, root| {
            let driver = Driver::new(config, root);
            let case = run(&driver, &mut Scripted::new(&schedule));
            let mut cases = Cases::new(config);
            cases.count(&case);
            // One schedule says nothing about whether there are others.
            cases.decisions_max = cases.decisions_max.max(1);
            let failure =
                case.fails().then(|| replay::replay_twice(config, root, &case.driven.path));
            let failure = failure.or_else(|| cycle(&driver, config, root));
            cases.observed = driver.machine.overall.borrow().observed();
            cases.finish(strategy, failure)
        })
    }

    /// Does `work` where a thread that never comes back is noticed, unless a replay is asked for.
    fn watched(
        &self,
        root: Root,
        strategy: String,
        work: impl FnOnce(&Rc<Config>, &Root) -> Report + Send + 'static,
    ) -> Report {
        let config = sampled(&self.config);
        let done = watch(config.limits.silence, move || {
            let config = Rc::new(config);
            let asked = replay::run::asked_for(&config, &root);
            asked.unwrap_or_else(|| work(&config, &root))
        });
        done.unwrap_or_else(|problem| {
            Report::failed(&self.config, engine(&self.config, &strategy), problem)
        })
    }
}

/// The check as it is sampled: what is only right if nobody aborts a task, or asks which it is, is not taken
/// for granted.
pub(super) fn sampled(config: &Config) -> Config {
    Config { aborts: true, ids: true, ..config.clone() }
}

pub(super) fn engine(config: &Config, strategy: &str) -> Engine {
    Engine::Sample { strategy: format!("{strategy}, {} grain", config.grain) }
}

/// One execution, with what there was to decide in it.
pub(super) struct Case {
    pub(super) driven: Driven,
    /// Steps at which more than one thing could happen.
    pub(super) decisions: usize,
    /// Where it departs from running each task as long as it can go on.
    pub(super) departures: Vec<Preemption>,
    /// Departures at which the task of the step before could have gone on.
    pub(super) preemptions: usize,
    /// Digest of all that was decided.
    digest: u128,
}

impl Case {
    pub(super) fn fails(&self) -> bool {
        self.driven.problem.is_some() || !self.driven.violations.is_empty()
    }
}

/// Runs one case of a strategy.
pub(super) fn run(driver: &Driver<'_>, strategy: &mut dyn Strategy) -> Case {
    strategy.begin();
    observe(driver, &mut |options, last| match options {
        [only] => *only,
        _ => strategy.pick(options, last),
    })
}

/// Runs one execution and notes what was decided in it. `choose` is asked at every step.
pub(super) fn observe(
    driver: &Driver<'_>,
    choose: &mut dyn FnMut(&[Pick], Option<u16>) -> Pick,
) -> Case {
    let (mut last, mut decisions, mut preemptions, mut digest) = (None, 0, 0, 1);
    let mut departures = Vec::new();
    let driven = driver.run(&mut |options| {
        let pick = choose(options, last);
        if options.len() > 1 {
            let base = base(options, last);
            let at = options.iter().position(|p| *p == pick).unwrap_or(base);
            if at != base {
                let other = (at + options.len() - base - 1) % options.len();
                departures.push(Preemption { at: decisions, other });
                preemptions += usize::from(
                    Some(options[base].task) == last && pick.task != options[base].task,
                );
            }
            decisions += 1;
            digest = hash::mix(digest, (pick.task as u64) << 16 | pick.choice as u64);
        }
        // Nobody goes on where time passed.
        last = Some(pick.task).filter(|_| pick != Pick::FIRE);
        pick
    });
    Case { driven, decisions, departures, preemptions, digest }
}

/// Shrinks a failing case and runs what is left with everything written down.
pub(super) fn explain(
    driver: &Driver<'_>,
    config: &Rc<Config>,
    root: &Root,
    case: Case,
) -> Replayed {
    let path = match &case.driven.problem {
        Some(_) => case.driven.path,
        None => shrink::shrink(driver, case).driven.path,
    };
    replay::replay_twice(config, root, &path)
}

/// A cycle of locks that all cases of a driver together show.
pub(super) fn cycle(driver: &Driver<'_>, config: &Rc<Config>, root: &Root) -> Option<Replayed> {
    replay::cycle(&driver.machine.overall.borrow().locks, config, root)
}

/// All cases of a check so far.
pub(crate) struct Cases {
    config: Rc<Config>,
    started: Instant,
    pub(super) coverage: Coverage,
    schedules: HashSet<u128>,
    outcomes: BTreeSet<u64>,
    tasks_max: usize,
    pub(super) decisions_max: usize,
    pub(super) bound: Option<Bound>,
    pub(super) observed: Observed,
}

impl Cases {
    pub(super) fn new(config: &Rc<Config>) -> Self {
        Cases {
            config: config.clone(),
            started: Instant::now(),
            coverage: Coverage::default(),
            schedules: HashSet::new(),
            outcomes: BTreeSet::new(),
            tasks_max: 0,
            decisions_max: 0,
            bound: None,
            observed: Observed::default(),
        }
    }

    pub(super) fn count(&mut self, case: &Case) {
        self.coverage.executions += 1;
        self.schedules.insert(case.digest);
        self.tasks_max = self.tasks_max.max(case.driven.tasks);
        self.decisions_max = self.decisions_max.max(case.decisions);
        if case.fails() {
            return;
        }
        let limits = &self.config.limits;
        match case.driven.ending {
            Ending::Steps => self.bound = Some(Bound::Steps(limits.steps)),
            _ => {
                self.coverage.ends += 1;
                self.outcomes.insert(case.driven.outcome);
            }
        }
        if self.coverage.executions >= limits.executions {
            self.bound = Some(Bound::Executions(limits.executions));
        } else if self.started.elapsed() > limits.time {
            self.bound = Some(Bound::Time(limits.time));
        }
    }

    pub(super) fn finish(mut self, strategy: String, failure: Option<Replayed>) -> Report {
        let (tasks, executions) = (self.tasks_max, self.coverage.executions);
        let verdict = match (&failure, &self.bound) {
            (Some(replayed), _) => replay::run::report(&self.config, replayed).verdict,
            _ if executions == 0 => Verdict::Failed(Problem::Nothing),
            _ if tasks > 1 && self.decisions_max == 0 => {
                Verdict::Failed(Problem::Vacuous { tasks })
            }
            (_, Some(bound)) => Verdict::Bounded(bound.clone()),
            _ => Verdict::Sampled(executions),
        };
        self.coverage.schedules = self.schedules.len() as u64;
        self.coverage.outcomes = self.outcomes.len() as u64;
        self.coverage.seconds = self.started.elapsed().as_secs_f64();
        Report {
            name: self.config.name.clone(),
            engine: engine(&self.config, &strategy),
            verdict,
            coverage: self.coverage,
            observed: self.observed,
            waived: self.config.waived.clone(),
            story: failure.as_ref().map(story::tell),
            replay: failure.map(|replayed| replayed.token(&self.config).encode()),
            outcomes: self.outcomes,
        }
    }
}
