//! Running one schedule again, with everything written down.
//!
//! A *schedule* is the list of the [`Pick`]s of an execution. A search keeps no log, because it costs
//! more than the search; whatever it finds is run again here, judged with the log at hand, and told.
//!
//! 1. The same schedule gives the same log, byte for byte; where it does not, the scenario is not
//!    deterministic ([`Problem::Nondeterminism`]).
//! 2. Where the schedule ends, the execution goes on with the first option each time. So the end of a
//!    schedule that does just that need not be written down ([`Replayed::essential`]).
//! 3. An execution stops at its first violation, as in the search.
//! 4. Where only several schedules together show what is wrong, they are run one after the other.

pub(crate) mod drive;
pub(crate) mod run;
mod token;

use crate::config::{Config, Reductions};
use crate::exec::{Exec, Pick};
use crate::ledger::{Event, LockEdges};
use crate::scenario::Root;
use crate::verdict::Problem;
use crate::{Law, Observed, Place, Violation, laws};
use drive::{Driven, Driver, Ending};
use selvedge_rt::check::engine::{ObjectId, ObjectKind, Op};
use std::rc::Rc;
pub(crate) use token::{Run, Token};

/// A task, as it was when the execution stopped.
#[derive(Clone, Debug)]
pub(crate) struct TaskInfo {
    pub name: String,
    /// Where it was spawned.
    pub site: Place,
    pub ended: bool,
    pub daemon: bool,
    /// The objects that it waits on: by index into [`Replayed::objects`].
    pub waits: Vec<usize>,
    /// What it was about to do, and where.
    pub wants: Option<(Op, Place)>,
}

/// An object, as it was when the execution stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectInfo {
    pub kind: ObjectKind,
    /// Its kind, its state and where it was made, in words.
    pub what: String,
    /// Where it was made.
    pub site: Place,
    /// By which task.
    pub creator: usize,
}

/// One execution, with everything that happened in it.
#[derive(Clone, Debug)]
pub(crate) struct Replayed {
    /// The whole schedule. The pick of step `n` (see [`Event::step`]) is `path[n - 1]`; step 0 is what
    /// the root does before anything is picked.
    pub path: Vec<Pick>,
    /// So much of the schedule is needed: the rest is what follows by taking the first option.
    pub essential: usize,
    pub log: Vec<Event>,
    /// By [`Event::task`].
    pub tasks: Vec<TaskInfo>,
    /// By the index of [`Op::object`].
    pub objects: Vec<ObjectInfo>,
    /// What is violated, after waivers: the most telling first.
    pub violations: Vec<Violation>,
    /// Why the execution proves nothing, if so.
    pub problem: Option<Problem>,
    /// How it stopped.
    pub ending: Ending,
    /// Digest of what was recorded.
    pub outcome: u64,
    /// Digest of each value recorded, with the key of the task that did.
    pub noted: Vec<(u64, u64)>,
    /// What could have happened at each step of the path.
    pub options: Vec<Vec<Pick>>,
    /// What was seen beside.
    pub observed: Observed,
    /// Schedules that were run before it, and show what is wrong together with it.
    pub before: Vec<Vec<Pick>>,
}

impl Replayed {
    /// The token that replays it.
    pub(crate) fn token(&self, config: &Config) -> Token {
        let mut schedules = self.before.clone();
        schedules.push(self.path[..self.essential].to_vec());
        Token::new(config, Run::Schedules(schedules))
    }
}

/// Runs the schedule `path`, and on to the end.
pub(crate) fn replay(config: &Rc<Config>, root: &Root, path: &[Pick]) -> Replayed {
    replay_with(&Driver::new(&unreduced(config), root), path)
}

fn replay_with(driver: &Driver<'_>, path: &[Pick]) -> Replayed {
    let mut at = 0;
    let mut essential = 0;
    let mut all_options = Vec::new();
    let mut choose = |options: &[Pick]| {
        all_options.push(options.to_vec());
        let Some(pick) = path.get(at).copied() else { return options[0] };
        at += 1;
        if pick != options[0] {
            essential = at;
        }
        pick
    };
    let driven = driver.run(&mut choose);
    let replayed = snapshot(&driver.machine.exec.borrow(), driven, essential);
    let observed = driver.machine.overall.borrow().observed();
    Replayed { options: all_options, observed, ..replayed }
}

/// Runs schedules one after the other, up to the first that fails. Where none does, what they show together
/// is put to the last.
fn replay_all(config: &Rc<Config>, root: &Root, schedules: &[Vec<Pick>]) -> Replayed {
    let driver = Driver::new(&unreduced(config), root);
    let mut before = Vec::new();
    for (i, path) in schedules.iter().enumerate() {
        let mut replayed = replay_with(&driver, path);
        let fails = replayed.problem.is_some() || !replayed.violations.is_empty();
        if !fails && i + 1 < schedules.len() && replayed.path.len() >= path.len() {
            before.push(replayed.path[..replayed.essential].to_vec());
            continue;
        }
        if !fails {
            replayed
                .violations
                .extend(unwaived_cycle(&driver.machine.overall.borrow().locks, config));
        }
        return Replayed { before, ..replayed };
    }
    unreachable!("a token holds a schedule")
}

/// A cycle of locks, unless it is waived.
pub(crate) fn unwaived_cycle(edges: &LockEdges, config: &Config) -> Option<Violation> {
    laws::report_cycle(edges).filter(|_| !config.waives(Law::LockOrder))
}

/// The cycle of locks that a search has seen, with the schedules that show it: one where one does.
pub(crate) fn cycle(edges: &LockEdges, config: &Rc<Config>, root: &Root) -> Option<Replayed> {
    let violation = unwaived_cycle(edges, config)?;
    let all: Vec<Vec<Pick>> = edges.cycle_schedules().iter().map(|s| s.to_vec()).collect();
    let each = all.iter().map(std::slice::from_ref);
    let shows = |replayed: &Replayed| replayed.violations.iter().any(|v| v.law == Law::LockOrder);
    let run = |schedules: &[Vec<Pick>]| replay_all_twice(config, root, schedules);
    let mut found = each.map(run).find(shows).unwrap_or_else(|| run(&all));
    if !shows(&found) {
        // The search saw it: another order of executions does not make it unseen.
        found.violations.push(violation);
    }
    Some(found)
}

/// The check with no option left out by a reduction: the first option, and so what a token may leave
/// unsaid, must not depend on how the schedule was found.
fn unreduced(config: &Config) -> Rc<Config> {
    let reductions = Reductions { settled: false, ..config.reductions };
    Rc::new(Config { reductions, aborts: true, ids: true, ..config.clone() })
}

/// Runs the schedule twice: a difference is a [`Problem::Nondeterminism`].
pub(crate) fn replay_twice(config: &Rc<Config>, root: &Root, path: &[Pick]) -> Replayed {
    twice(|| replay(config, root, path))
}

/// Runs schedules one after the other, twice: a difference is a [`Problem::Nondeterminism`].
pub(crate) fn replay_all_twice(
    config: &Rc<Config>,
    root: &Root,
    schedules: &[Vec<Pick>],
) -> Replayed {
    twice(|| replay_all(config, root, schedules))
}

fn twice(run: impl Fn() -> Replayed) -> Replayed {
    let (mut first, second) = (run(), run());
    if let Some(step) = difference(&first, &second) {
        first.problem = Some(Problem::Nondeterminism { step });
    }
    first
}

/// The first step in which two executions differ.
fn difference(a: &Replayed, b: &Replayed) -> Option<usize> {
    let events = a.log.iter().zip(&b.log);
    let text = |event: &Event| format!("{event:?}");
    if let Some((event, _)) = events.clone().find(|(a, b)| text(a) != text(b)) {
        return Some(event.step);
    }
    let same = a.log.len() == b.log.len()
        && a.path == b.path
        && a.violations == b.violations
        && a.problem == b.problem
        && a.outcome == b.outcome;
    (!same).then_some(a.path.len().min(b.path.len()))
}

/// What is left of an execution in its machine.
pub(crate) fn snapshot(e: &Exec, driven: Driven, essential: usize) -> Replayed {
    let Driven { path, ending, violations, problem, outcome, .. } = driven;
    Replayed {
        essential: essential.min(path.len()),
        path,
        log: e.log.iter().flatten().map(event).collect(),
        tasks: e.tasks.iter().map(task_info).collect(),
        objects: (0..e.objects.len()).map(|i| object_info(e, i)).collect(),
        violations,
        problem,
        ending,
        outcome,
        noted: e.noted.clone(),
        options: Vec::new(),
        before: Vec::new(),
        observed: Observed::default(),
    }
}

/// An event without the address that it carries: another execution has another.
fn event(event: &Event) -> Event {
    Event { op: Op { future: 0, ..event.op }, ..event.clone() }
}

fn task_info(task: &crate::exec::Task) -> TaskInfo {
    TaskInfo {
        name: task.name(),
        site: task.site.into(),
        ended: task.done(),
        daemon: task.daemon,
        waits: task.waits.iter().map(|w| w.object.index as usize).collect(),
        wants: task.announced_op().map(|op| (Op { future: 0, ..op }, op.site.into())),
    }
}

fn object_info(e: &Exec, i: usize) -> ObjectInfo {
    let object = &e.objects[i];
    let id = ObjectId { index: i as u32, execution: e.execution };
    ObjectInfo {
        kind: object.kind,
        what: laws::describe_object(e, id),
        site: object.site.into(),
        creator: object.creator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use selvedge_rt as rt;
    use std::panic::Location;

    async fn pool() {
        let (tx, mut rx) = rt::sync::mpsc::channel(1);
        let mut tasks = rt::task::JoinSet::new();
        for i in 0..3 {
            let tx = tx.clone();
            tasks.spawn(async move {
                rt::time::sleep(rt::time::Duration::from_secs(i)).await;
                rt::select! {
                    sent = tx.send(i) => sent.unwrap(),
                    () = std::future::ready(()) => {}
                }
            });
        }
        drop(tx);
        while rx.recv().await.is_some() {}
        while tasks.join_next().await.is_some() {}
    }

    fn config() -> Rc<Config> {
        let mut config = Config::new("pool");
        config.waived.push((crate::Law::LostItem, "a send that loses the race is dropped".into()));
        Rc::new(config)
    }

    /// Takes the last option each time: far from what follows by itself.
    fn last_options(root: &Root) -> Vec<Pick> {
        let driver = Driver::new(&config(), root);
        driver.run(&mut |options| *options.last().unwrap()).path
    }

    #[test]
    fn the_same_schedule_gives_the_same_log_byte_for_byte() {
        let root = Root::new(pool, Location::caller());
        let path = last_options(&root);
        let (a, b) = (replay(&config(), &root, &path), replay(&config(), &root, &path));
        assert_eq!(format!("{a:?}"), format!("{b:?}"));
        assert_eq!((a.problem, a.violations, a.ending), (None, vec![], Ending::Quiet));
        assert_eq!(a.path, path);
        assert!(a.log.len() > 20 && a.tasks.len() == 4 && a.tasks.iter().all(|t| t.ended));
    }

    #[test]
    fn no_address_gets_into_a_log() {
        let root = Root::new(pool, Location::caller());
        let driver = Driver::new(&config(), &root);
        let path = driver.run(&mut |options| *options.last().unwrap()).path;
        let has_address = |event: &Event| event.op.future != 0;
        assert!(driver.machine.exec.borrow().log.iter().flatten().any(has_address));
        assert!(!replay(&config(), &root, &path).log.iter().any(has_address));
    }

    #[test]
    fn the_essential_part_of_a_schedule_replays_all_of_it() {
        let root = Root::new(pool, Location::caller());
        let whole = replay(&config(), &root, &last_options(&root));
        let part = replay(&config(), &root, &whole.path[..whole.essential]);
        assert!(whole.essential < whole.path.len());
        assert_eq!(format!("{whole:?}"), format!("{part:?}"));
        // And no less: what is left out then is a departure from the first option.
        let less = replay(&config(), &root, &whole.path[..whole.essential - 1]);
        assert_ne!(less.path, whole.path);
    }

    #[test]
    fn what_follows_by_itself_does_not_depend_on_the_reductions_of_the_search() {
        /// To drop a sender of a closed channel is settled: a reduced search does it at once.
        async fn settles() {
            let (tx, rx) = rt::sync::mpsc::channel::<()>(1);
            drop(rx);
            let mut tasks = rt::task::JoinSet::new();
            for _ in 0..2 {
                let tx = tx.clone();
                tasks.spawn(async move {
                    rt::sync::atomic::AtomicBool::new(false)
                        .load(std::sync::atomic::Ordering::SeqCst);
                    (0..3).for_each(|_| drop(tx.clone()));
                });
            }
            while tasks.join_next().await.is_some() {}
        }
        let root = Root::new(settles, Location::caller());
        let reductions = Reductions { fingerprints: true, ..Reductions::NONE };
        let none = Rc::new(Config { reductions, ..(*config()).clone() });
        for (found, replayed) in [(config(), none.clone()), (none, config())] {
            let path = {
                let mut departed = false;
                let driver = Driver::new(&found, &root);
                let mut last_once = |options: &[Pick]| {
                    let departs = options.len() > 1 && !departed;
                    departed |= departs;
                    if departs { *options.last().unwrap() } else { options[0] }
                };
                driver.run(&mut last_once).path
            };
            let whole = replay(&found, &root, &path);
            assert_eq!(whole.path, path);
            let part = replay(&replayed, &root, &whole.path[..whole.essential]);
            assert_eq!(format!("{whole:?}"), format!("{part:?}"));
        }
    }

    #[test]
    fn each_event_tells_the_step_that_led_to_it() {
        let root = Root::new(pool, Location::caller());
        let replayed = replay(&config(), &root, &last_options(&root));
        for event in &replayed.log {
            let by = event.step.checked_sub(1).map(|n| replayed.path[n]);
            let announced = by.is_some_and(|pick| pick.task as usize == event.task);
            assert!(
                announced
                    || event.op.kind.is_silent()
                    || by.is_none_or(|p| p == Pick::FIRE)
                    || event.task == 0,
                "{event:?} by {by:?}"
            );
        }
    }

    #[test]
    fn a_scenario_that_changes_between_runs_is_not_deterministic() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let root = Root::new(
            || async {
                let (tx, _rx) = rt::sync::mpsc::unbounded_channel();
                tx.send(1).unwrap();
                if RUNS.fetch_add(1, Ordering::Relaxed) == 1 {
                    tx.send(2).unwrap();
                }
            },
            Location::caller(),
        );
        let replayed = replay_twice(&config(), &root, &[]);
        assert!(
            matches!(replayed.problem, Some(Problem::Nondeterminism { step: 2 })),
            "{:?}",
            replayed.problem
        );
    }
}
