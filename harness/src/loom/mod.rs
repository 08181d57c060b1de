//! The loom engine: the same scenario on loom threads, atomics with a weak memory model included.
//!
//! Loom decides which thread goes on at each *access* to one of its objects, and explores one order of
//! each pair of accesses that do not depend on each other. So:
//!
//! 1. A task is a loom thread, with a `block_on` of our own ([`task`]).
//! 2. An object of the scenario has one loom mutex. An operation first locks and unlocks it: that is
//!    the access. Nothing else runs until the next access, so the real operation, its wakes and the
//!    laws are one step with it. No mutex is ever held while another thread runs.
//! 3. Whatever else one task can notice of another is an access too: the start of a poll, which an
//!    abort must come before or after; the ends of tasks, where a
//!    law looks at them ([`look_at_ends`]).
//! 4. The ledger, the models and the laws are the explorer's: loom threads are coroutines on one
//!    thread of the system, so all of it can be shared without a lock.
//! 5. Loom must never meet what it panics at (a deadlock, too many threads, too long a path): with
//!    threads alive that takes the process down. We see it first, and the execution is *abandoned*:
//!    every task is let go and ends at once ([`LoomMachine::halt`](machine::LoomMachine::halt)). The search is
//!    stopped at the start of the next execution, when nothing is alive.
//! 6. Nor must it meet code that is not deterministic: it would hang ([`trace`]). Then the search ends at
//!    once, and what is alive is leaked ([`LoomMachine::bail`](machine::LoomMachine::bail)).
//! 7. A failure is replayed by searching again up to its execution ([`replay`]): loom is deterministic.
//! 8. A `choose` is decided before the whole search and searched for again ([`choice`]).
//!
//! What it leaves out: two operations on one object synchronise memory, even where the real primitive
//! promises less; and time, which it does not model.

mod cell;
mod choice;
mod machine;
mod task;
mod trace;

use crate::config::{Clock, Config, Grain};
use crate::replay::{self, Run, Token};
use crate::scenario::Root;
use crate::verdict::{Bound, Engine, Problem, Report, Verdict};
use crate::{Check, panics, record, story};
use machine::{Failure, Halt, LoomMachine};
use selvedge_rt::check::engine as seam;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::time::Instant;

/// Tasks beside the root that one execution has room for, ended ones included.
const TASKS_MAX: usize = loom::MAX_THREADS - 1;

impl Check {
    /// Runs the scenario under loom: every order of operations that depend on each other, and every
    /// value that a weakly ordered load may see.
    ///
    /// At most four tasks beside the root, ever spawned, and no timers; else the report is a
    /// [`Problem::Loom`]. Grain is always [`Operation`](Grain::Operation).
    #[track_caller]
    pub fn loom<F>(&self, root: impl Fn() -> F + Send + Sync + 'static) -> Report
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let root = Root::new(root, Location::caller());
        asked_for(&self.config, &root).unwrap_or_else(|| search(&self.config, &root, None))
    }

    /// Under loom, looks only at schedules in which a task that could go on is interrupted at most
    /// `n` times. Two or three find most bugs.
    pub fn preemptions(mut self, n: usize) -> Self {
        self.config.preemptions = Some(n);
        self
    }

    /// Under loom, polls each task once more than it was woken for, at any time: a future must bear it.
    ///
    /// It multiplies the executions, by hundreds in small scenarios.
    pub fn spurious(mut self) -> Self {
        self.config.spurious = true;
        self
    }
}

/// What ends a search: unwinds out of loom at the start of an execution.
struct Stop;

thread_local! {
    static ACTIVE: RefCell<Option<Rc<LoomMachine>>> = const { RefCell::new(None) };
}

/// The machine of the search on this thread. Loom asks for closures that capture nothing of it.
fn active() -> Option<Rc<LoomMachine>> {
    ACTIVE.try_with(|a| a.borrow().clone()).ok().flatten()
}

/// Makes a machine the active one, until dropped.
struct Active(Option<Rc<LoomMachine>>);

impl Active {
    fn new(machine: Rc<LoomMachine>) -> Self {
        Active(ACTIVE.replace(Some(machine)))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        ACTIVE.set(self.0.take());
    }
}

/// A law is about to look at which tasks have ended.
pub(crate) fn look_at_ends() {
    if let Some(machine) = active() {
        machine.look_at_ends();
    }
}

/// The report on the execution that the environment asks this check to replay, if it does.
fn asked_for(config: &Config, root: &Root) -> Option<Report> {
    match replay::run::wanted()? {
        Ok(token) => match token.run {
            Run::Loom(execution) if token.belongs_to(config) => {
                Some(self::replay(config, root, execution))
            }
            _ => None,
        },
        Err(problem) => Some(Report::failed(config, Engine::Loom, problem)),
    }
}

/// The search again, up to an execution that failed.
///
/// Loom's own search is deterministic, and a schedule alone would not say which value a weak load saw.
pub(crate) fn replay(config: &Config, root: &Root, execution: u64) -> Report {
    search(config, root, Some(execution))
}

fn search(config: &Config, root: &Root, last: Option<u64>) -> Report {
    let _quiet = panics::quiet();
    panics::forget();
    // What only the explorer knows is left out: it would be judged, but not searched.
    let config = Rc::new(Config {
        grain: Grain::Operation,
        clock: Clock::Idle,
        equal_tasks: false,
        ..config.clone()
    });
    let started = Instant::now();
    let machine = LoomMachine::new(config.clone(), root.clone(), started, last);
    let _entered = seam::enter(machine.clone());
    let _listening = record::listen(machine.machine.clone());
    let _active = Active::new(machine.clone());
    loop {
        let searched = catch_unwind(AssertUnwindSafe(|| builder(&config).check(execute)));
        if let Err(payload) = searched {
            if !payload.is::<Stop>() {
                machine.broke();
            }
            break;
        }
        if machine.halt.borrow().is_some() || !machine.choices.borrow_mut().next() {
            break;
        }
        machine.trace.borrow_mut().forget();
    }
    let mut coverage = *machine.coverage.borrow();
    let outcomes = machine.outcomes.take();
    coverage.outcomes = outcomes.len() as u64;
    coverage.seconds = started.elapsed().as_secs_f64();
    let (verdict, failure) = verdict(&machine, &config, last);
    let token = |failure: &Failure| Token::new(&config, Run::Loom(failure.execution)).encode();
    Report {
        name: config.name.clone(),
        engine: Engine::Loom,
        verdict,
        coverage,
        observed: machine.machine.overall.borrow().observed(),
        waived: config.waived.clone(),
        story: failure.as_ref().map(|failure| story::tell(&failure.run)),
        replay: failure.as_ref().map(token),
        outcomes,
    }
}

/// One execution, on loom's first thread.
fn execute() {
    let machine = active().expect("a search is active while loom runs");
    if machine.must_stop() {
        // Nothing of this execution is alive yet, so there is nothing that loom could trip over.
        resume_unwind(Box::new(Stop));
    }
    machine.execute();
}

/// Every setting, so that nothing depends on loom's environment variables.
fn builder(config: &Config) -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.max_threads = loom::MAX_THREADS;
    // A step of ours is an access or two; the rest is for the ends of threads. Ours is hit first.
    builder.max_branches = config.limits.steps.saturating_mul(4).saturating_add(1_000);
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = config.preemptions.map(|n| n.min(u8::MAX as usize));
    builder.checkpoint_file = None;
    builder.checkpoint_interval = usize::MAX;
    builder.expect_explicit_explore = false;
    builder.location = false;
    builder.log = false;
    builder
}

/// What came out, and the execution that fails.
fn verdict(
    machine: &LoomMachine,
    config: &Config,
    last: Option<u64>,
) -> (Verdict, Option<Failure>) {
    let executions = machine.coverage.borrow().executions;
    let bound = match machine.halt.take() {
        Some(Halt::Problem(problem)) => return (Verdict::Failed(problem), None),
        Some(Halt::Violated(failure)) => return violated(*failure),
        Some(Halt::Bound(bound)) => Some(bound),
        Some(Halt::Replayed) | None => None,
    };
    if let Some(failure) = machine.cycle.take() {
        return violated(*failure);
    }
    let tasks = machine.tasks_max.get();
    let verdict = match (executions, bound, last) {
        (n, None, Some(last)) if n < last => {
            Verdict::Failed(replay::run::outdated(config, &format!("execution {}", n + 1)))
        }
        (_, None, Some(_)) => Verdict::Sampled(1),
        (0, ..) => Verdict::Failed(Problem::Nothing),
        (1, None, _) if tasks > 1 => Verdict::Failed(Problem::Vacuous { tasks }),
        (_, Some(bound), _) => Verdict::Bounded(bound),
        _ if machine.machine.overall.borrow().never_cancelled() => {
            Verdict::Failed(Problem::NeverCancelled)
        }
        _ if machine.machine.exec.borrow().unfair => Verdict::Bounded(Bound::Fairness),
        _ => {
            config.preemptions.map_or(Verdict::Proved, |n| Verdict::Bounded(Bound::Preemptions(n)))
        }
    };
    (verdict, None)
}

fn violated(failure: Failure) -> (Verdict, Option<Failure>) {
    (Verdict::Violated(failure.run.violations.clone()), Some(failure))
}
