//! A check: a scenario, how to search it, and the engines that do.

use crate::config::{Clock, Config, Grain, Limits, Reductions};
use crate::explore::Explorer;
use crate::replay;
use crate::scenario::Root;
use crate::story;
use crate::verdict::{Engine, Report, Verdict};
use crate::watchdog::watch;
use crate::{Law, panics};
use std::hash::Hash;
use std::panic::Location;
use std::rc::Rc;

/// A check of one scenario. Set it up, then run it under an engine.
#[derive(Clone, Debug)]
pub struct Check {
    pub(crate) config: Config,
}

impl Check {
    /// A check with every law on and no bound but the default [`Limits`].
    pub fn new(name: &str) -> Self {
        Check { config: Config::new(name) }
    }

    /// Where tasks interleave.
    pub fn grain(mut self, grain: Grain) -> Self {
        self.config.grain = grain;
        self
    }

    /// When virtual time passes.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.config.clock = clock;
        self
    }

    /// Which reductions are on.
    pub fn reductions(mut self, reductions: Reductions) -> Self {
        self.config.reductions = reductions;
        self
    }

    /// Where the search stops.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Values of this type are told apart by their `Hash` alone. Without it a value is told apart by
    /// where it came from, which is always right and merges less.
    ///
    /// The hash must cover all that a receiver can do with the value: not for a type that carries a
    /// channel, or state shared with others.
    pub fn identify<T: Hash + 'static>(mut self) -> Self {
        self.config.types.identify::<T>();
        self
    }

    /// A task that returns this type is looked at for errors ([`Law::SwallowedError`]).
    pub fn watch_errors<T: 'static, E: 'static>(mut self) -> Self {
        self.config.types.watch_errors::<T, E>();
        self
    }

    /// The tasks of a `JoinSet` that were spawned at one place with one type are interchangeable:
    /// their arguments differ in nothing that they, or others, act on. States that differ only in
    /// which of them is where are merged.
    pub fn equal_tasks(mut self) -> Self {
        self.config.equal_tasks = true;
        self
    }

    /// Waives a law, for a reason that the report prints.
    pub fn waive(mut self, law: Law, because: &str) -> Self {
        self.config.waived.push((law, because.into()));
        self
    }

    /// Lets tasks outlive the root, as long as they end by themselves.
    pub fn unjoined(mut self) -> Self {
        self.config.joined = false;
        self
    }

    /// The most items that an unbounded channel may hold.
    pub fn high_water(mut self, items: usize) -> Self {
        self.config.high_water = Some(items);
        self
    }

    /// Judges lost updates ([`Law::ResultRace`]): a task looks at the value of a lock or atomic, another writes it, and
    /// then the first writes too. And two results for one slot: a `OnceCell` that is set already.
    ///
    /// Whether it looked again under the second lock cannot be seen: code that checks, lets go and checks again is
    /// right, and not for this law. So it is judged where a check asks for it.
    pub fn lost_updates(mut self) -> Self {
        self.config.lost_updates = true;
        self
    }

    /// Whether `law` is on: neither waived nor, for a law that only looks where it is asked to, left out.
    pub fn judges(&self, law: Law) -> bool {
        let asked = match law {
            Law::Unjoined => self.config.joined,
            Law::UnboundedGrowth => self.config.high_water.is_some(),
            Law::ResultRace => self.config.lost_updates,
            _ => true,
        };
        asked && !self.config.waives(law)
    }

    /// Explores every reachable state of the scenario. `root` is called once an execution.
    #[track_caller]
    pub fn explore<F>(&self, root: impl Fn() -> F + Send + Sync + 'static) -> Report
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let root = Root::new(root, Location::caller());
        let config = self.config.clone();
        let watched = watch(config.limits.silence, move || explore(&Rc::new(config), &root));
        watched.unwrap_or_else(|problem| {
            let engine = Engine::explore(self.config.grain, self.config.clock);
            Report::failed(&self.config, engine, problem)
        })
    }
}

fn explore(config: &Rc<Config>, root: &Root) -> Report {
    if let Some(report) = replay::run::asked_for(config, root) {
        return report;
    }
    let _quiet = panics::quiet();
    panics::forget();
    let mut found = Explorer::new(config, root).search();
    while let Some(config) = found.again {
        found = Explorer::new(&Rc::new(config), root).search();
    }
    let story = found.failure.as_ref().map(story::tell);
    let replay = found.failure.as_ref().map(|replayed| replayed.token(config).encode());
    let verdict = match (found.problem, found.failure, found.bound) {
        (Some(problem), ..) => Verdict::Failed(problem),
        (_, Some(replayed), _) => Verdict::Violated(replayed.violations),
        (_, _, Some(bound)) => Verdict::Bounded(bound),
        _ => Verdict::Proved,
    };
    Report {
        name: config.name.clone(),
        engine: Engine::explore(config.grain, config.clock),
        verdict,
        coverage: found.coverage,
        observed: found.observed,
        waived: config.waived.clone(),
        story,
        replay,
        outcomes: found.outcomes.keys().copied().collect(),
    }
}
