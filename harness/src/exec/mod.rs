//! One execution of a scenario under one schedule, and the machine that runs many.
//!
//! [`Machine`] is an [`Engine`]: a task *announces* its next operation and suspends; whoever drives
//! the machine picks one of the [`options`](Machine::options); the operation runs, and the task goes
//! on to its next announcement. Woken tasks go on to theirs at once.
//!
//! 1. Nothing outside an execution reaches it: no clock, address or global counter.
//! 2. No part of the machine is borrowed while code under test, or a real primitive, runs.
//! 3. An execution that is cut short is wound up with its operations switched off
//!    ([`Machine::finish`]); nothing of it outlives it.

mod engine;
mod fiber;
mod state;
mod task;
mod wake;

use crate::config::{Clock, Config, Grain};
use crate::laws;
use crate::ledger::Event;
use crate::model::{Model, Object};
use crate::overall::Overall;
use crate::watchdog::Heart;
use crate::{Violation, hash};
use fiber::{Fiber, Job, Resume, Signal};
use selvedge_rt::check::engine::{self as seam, NewTask, ObjectId, Op, OpKind, Outcome, Site};
pub(crate) use state::{Key, Scratch, Sleeping, mask};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Poll, Waker};
pub(crate) use task::{Announced, Look, Status, Task, Wait};

/// One thing that may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pick {
    pub task: u16,
    /// The alternative, where the task announced a choice.
    pub choice: u16,
}

impl Pick {
    /// The earliest timer fires ([`Clock::Racing`]).
    pub const FIRE: Pick = Pick { task: u16::MAX, choice: 0 };

    pub fn task(task: usize) -> Pick {
        Pick { task: task as u16, choice: 0 }
    }
}

/// Why a search cannot go on, which is nobody's lifecycle bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An object was used in an execution that it does not belong to.
    Outlives(Site),
    /// An object that one of several equal tasks made was used by another task.
    NotEqual(Site),
    /// A task waits for something that no engine controls.
    Foreign { task: String },
}

/// Whether the scenario can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    No,
    /// Every task is done, or blocked for ever.
    Quiet,
}

/// The state of one execution.
pub(crate) struct Exec {
    pub config: Rc<Config>,
    pub execution: u32,
    pub tasks: Vec<Task>,
    pub objects: Vec<Object>,
    pub current: usize,
    pub now: u64,
    /// Somebody looked at the clock: absolute time is part of the state.
    pub clock_observed: bool,
    pub timers: Vec<Timer>,
    pub root_done: bool,
    pub root_panicked: bool,
    pub record: u128,
    pub noted: Vec<(u64, u64)>,
    pub violations: Vec<Violation>,
    pub trouble: Option<Trouble>,
    pub steps: usize,
    /// Schedules in which one task starved the others were cut.
    pub unfair: bool,
    /// A task was aborted, in this execution or one before.
    pub aborts: bool,
    /// Events, while somebody wants them.
    pub log: Option<Vec<Event>>,
    /// Tasks that were woken, or aborted between polls, and must be run.
    pub ready: VecDeque<usize>,
    /// Operations are done without being announced, noted or judged.
    pub winding_up: bool,
    /// Tasks with a thread of their own that are not done.
    blocking: usize,
    /// Real operations that are going on: destructors of values inside one may do more.
    operating: u32,
    /// Objects of operations in this step that were not announced, and are no business of one task only.
    pub within: Vec<ObjectId>,
    /// Operations of the task that is being wound up.
    wound_up: u32,
    /// Steps by the same task in a row.
    streak: (usize, u32),
    /// Settled steps in a row.
    settled_streak: u32,
    fires: u32,
    script: Vec<Pick>,
    script_at: usize,
    woken: Vec<wake::Woken>,
    woken_tasks: Vec<usize>,
    foreign: Arc<AtomicBool>,
    thread: std::thread::ThreadId,
}

pub(crate) struct Timer {
    pub object: ObjectId,
    pub deadline: u64,
    pub waker: Waker,
}

/// Runs executions of one scenario, one after the other, on the thread that it was made on.
pub(crate) struct Machine {
    pub exec: RefCell<Exec>,
    fibers: RefCell<Vec<Fiber>>,
    heart: Arc<Heart>,
    /// What all executions show.
    pub overall: RefCell<Overall>,
}

/// So many steps in a row one task may take while others could: enough for any burst of real work.
const STREAK_MAX: u32 = 400;
/// So many yields in a row one task may do while others could run.
const YIELDS_MAX: u32 = 3;
/// So many settled steps in a row are taken without looking at others, so that no cycle of states is
/// explored for one task only.
const SETTLED_MAX: u32 = 64;
/// So often time passes before a scenario whose root still waits counts as blocked.
const FIRES_MAX: u32 = 4096;
/// So often time passes after the root returned before what still ticks counts as ticking for ever.
const FIRES_AFTER_ROOT_MAX: u32 = 64;

impl Machine {
    pub fn new(config: Rc<Config>) -> Rc<Machine> {
        let exec = Exec {
            config,
            execution: 0,
            tasks: Vec::new(),
            objects: Vec::new(),
            current: 0,
            now: 0,
            clock_observed: false,
            timers: Vec::new(),
            root_done: false,
            root_panicked: false,
            record: 0,
            noted: Vec::new(),
            violations: Vec::new(),
            trouble: None,
            steps: 0,
            unfair: false,
            aborts: false,
            log: None,
            ready: VecDeque::new(),
            winding_up: false,
            blocking: 0,
            operating: 0,
            within: Vec::new(),
            wound_up: 0,
            streak: (0, 0),
            settled_streak: 0,
            fires: 0,
            script: Vec::new(),
            script_at: 0,
            woken: Vec::new(),
            woken_tasks: Vec::new(),
            foreign: Arc::new(AtomicBool::new(false)),
            thread: std::thread::current().id(),
        };
        Rc::new(Machine {
            exec: RefCell::new(exec),
            fibers: RefCell::default(),
            heart: Heart::mine(),
            overall: RefCell::default(),
        })
    }

    /// Starts an execution with the given root and follows `script` as far as it goes.
    pub fn start(&self, root: impl FnOnce() -> NewTask, script: &[Pick], log: bool) {
        self.reset(script, log);
        seam::Engine::spawn(self, root());
        self.settle();
    }

    /// Forgets the last execution.
    pub fn reset(&self, script: &[Pick], log: bool) {
        self.heart.begin();
        let mut e = self.exec.borrow_mut();
        e.execution = e.execution.wrapping_add(1);
        e.tasks.clear();
        e.objects.clear();
        e.timers.clear();
        e.ready.clear();
        e.violations.clear();
        e.noted.clear();
        (e.now, e.clock_observed) = (0, false);
        (e.root_done, e.root_panicked, e.winding_up) = (false, false, false);
        // Whoever ran last did not make the root.
        e.current = 0;
        (e.blocking, e.operating) = (0, 0);
        e.within.clear();
        // Of a search before this one.
        wake::take(&mut e.woken);
        e.record = 0;
        e.steps = 0;
        e.streak = (0, 0);
        (e.settled_streak, e.fires) = (0, 0);
        e.trouble = None;
        e.log = log.then(Vec::new);
        e.script.clear();
        e.script.extend_from_slice(script);
        e.script_at = 0;
    }

    /// Follows the script to its end. `Err`: at this step the scenario does not offer what it did before.
    pub fn follow(&self) -> Result<(), usize> {
        loop {
            let (pick, at) = {
                let e = self.exec.borrow();
                match e.script.get(e.script_at) {
                    Some(pick) => (*pick, e.script_at),
                    None => return Ok(()),
                }
            };
            if !self.can(pick) {
                return Err(at);
            }
            self.exec.borrow_mut().script_at += 1;
            self.step(pick);
        }
    }

    /// Whether `pick` may happen now.
    pub fn can(&self, pick: Pick) -> bool {
        if pick == Pick::FIRE {
            return !self.exec.borrow().timers.is_empty();
        }
        let e = self.exec.borrow();
        e.tasks.get(pick.task as usize).is_some_and(|t| match t.status {
            Status::Announced(Announced::Choice(n)) => (pick.choice as usize) < n,
            Status::Announced(Announced::Op(op)) => {
                pick.choice == 0 && e.objects[op.object.index as usize].enabled(&op)
            }
            Status::Announced(Announced::Poll) => pick.choice == 0,
            _ => false,
        })
    }

    /// Lets `pick` happen, and all that follows from it until every task has announced, parked or ended.
    pub fn step(&self, pick: Pick) {
        if pick == Pick::FIRE {
            let mut e = self.exec.borrow_mut();
            e.steps += 1;
            e.fires += 1;
            drop(e);
            self.fire();
            return self.settle();
        }
        let t = pick.task as usize;
        self.exec.borrow_mut().begin_step(t, pick.choice);
        self.resume(t);
        self.settle();
    }

    /// What may happen next; when every task waits, that is time passing. Empty: nothing ever will.
    pub fn options(&self, into: &mut Vec<Pick>) -> Ended {
        let mut e = self.exec.borrow_mut();
        e.options(into);
        // A ticker alone goes on for ever, so it is cut when nothing else does.
        let fires_max = if e.root_done { FIRES_AFTER_ROOT_MAX } else { FIRES_MAX };
        if into.is_empty() && !e.timers.is_empty() && e.fires < fires_max {
            into.push(Pick::FIRE);
        }
        if into.is_empty() { Ended::Quiet } else { Ended::No }
    }

    /// Moves the clock to the earliest deadline and wakes everything that is due.
    fn fire(&self) {
        let due: Vec<Waker> = {
            let mut e = self.exec.borrow_mut();
            let Some(first) = e.timers.iter().map(|t| t.deadline).min() else { return };
            e.now = e.now.max(first);
            let now = e.now;
            let mut due: Vec<Timer> = e.timers.extract_if(.., |t| t.deadline <= now).collect();
            let Exec { objects, .. } = &mut *e;
            for t in &due {
                objects[t.object.index as usize].model = Model::Timer(None);
            }
            due.sort_by_key(|t| objects[t.object.index as usize].key);
            due.into_iter().map(|t| t.waker).collect()
        };
        due.into_iter().for_each(Waker::wake);
        self.exec.borrow_mut().drain_wakes(None);
    }

    /// Brings every woken or new task to its announcement.
    fn settle(&self) {
        loop {
            let next = self.exec.borrow_mut().ready.pop_front();
            match next {
                Some(t) => self.resume(t),
                None => return,
            }
        }
    }

    /// Runs task `t` until it announces, parks or ends.
    fn resume(&self, t: usize) {
        self.heart.beat(t);
        loop {
            let (fiber, with) = {
                let mut e = self.exec.borrow_mut();
                e.current = t;
                let task = &mut e.tasks[t];
                task.status = Status::Ready;
                match task.fiber.take() {
                    Some(fiber) => (Some(fiber), Resume::Go),
                    None => (None, Resume::Start(task.begin_poll())),
                }
            };
            let mut fiber = fiber.unwrap_or_else(|| self.idle_fiber());
            let signal = fiber.resume(with);
            let mut e = self.exec.borrow_mut();
            if signal == Signal::Announced {
                e.drain_wakes(None);
                e.tasks[t].fiber = Some(fiber);
                return;
            }
            self.fibers.borrow_mut().push(fiber);
            e.tasks[t].poll = 0;
            e.tasks[t].wakes = 0;
            e.tasks[t].restarted_at = 0;
            (e.tasks[t].killed, e.tasks[t].stopped) = (false, false);
            if signal == Signal::Polled(Poll::Ready(())) {
                e.end_task(t);
                return;
            }
            // Still running in the eyes of whoever wakes it: it is polled again.
            e.drain_wakes(None);
            let by_poll = e.config.grain == Grain::Poll;
            let task = &mut e.tasks[t];
            if task.aborted {
                continue;
            }
            task.status = match task.woken {
                // A poll that did nothing and asks for another would go on for ever unseen.
                true if by_poll || task.poll_ops == 0 => Status::Announced(Announced::Poll),
                true => continue,
                false => Status::Parked,
            };
            return;
        }
    }

    fn idle_fiber(&self) -> Fiber {
        let idle = self.fibers.borrow_mut().pop();
        idle.unwrap_or_else(|| Fiber::new(self.exec.borrow().config.stack_bytes))
    }

    /// Winds the execution up: nothing is announced, noted or judged any more.
    pub fn finish(&self) {
        let inside: Vec<usize> = {
            let mut e = self.exec.borrow_mut();
            e.winding_up = true;
            (0..e.tasks.len()).filter(|t| !e.tasks[*t].held.is_empty()).collect()
        };
        // Who is inside a lock goes first: whoever wants it next may be a destructor, which can neither
        // wait for the lock nor unwind.
        inside.into_iter().for_each(|t| self.wind_up_poll(t));
        for t in 0.. {
            if t >= self.exec.borrow().tasks.len() {
                break;
            }
            self.wind_up_poll(t);
            let body = self.exec.borrow_mut().tasks[t].body.take();
            if let Some(mut body) = body {
                body.discard();
            }
        }
        let timers = std::mem::take(&mut self.exec.borrow_mut().timers);
        drop(timers);
        let mut e = self.exec.borrow_mut();
        wake::take(&mut e.woken);
    }

    /// Runs a poll in flight to its end: its polls are pending, the rest is done for real.
    fn wind_up_poll(&self, t: usize) {
        let suspended = {
            let mut e = self.exec.borrow_mut();
            e.current = t;
            e.wound_up = 0;
            e.tasks[t].fiber.take()
        };
        if let Some(mut fiber) = suspended {
            let signal = fiber.resume(Resume::Go);
            debug_assert!(matches!(signal, Signal::Polled(_)), "nothing suspends while winding up");
            self.fibers.borrow_mut().push(fiber);
        }
    }
}

impl Exec {
    /// A task begins a step: book-keeping for fairness, time and the log.
    fn begin_step(&mut self, t: usize, choice: u16) {
        self.within.clear();
        self.steps += 1;
        if self.streak.0 == t {
            self.streak.1 += 1;
        } else {
            self.streak = (t, 1);
        }
        let task = &mut self.tasks[t];
        match task.status {
            Status::Announced(Announced::Op(op)) if op.kind == OpKind::Yield => {
                task.yields += 1;
            }
            Status::Announced(Announced::Choice(_)) => task.choice = choice as usize,
            _ => {}
        }
        if self.streak.1 == 1 {
            for (i, task) in self.tasks.iter_mut().enumerate() {
                if i != t {
                    task.yields = 0;
                }
            }
        }
    }

    fn options(&mut self, into: &mut Vec<Pick>) {
        into.clear();
        let mut settled = None;
        // A step may look at the clock, or take back a timer, without an announcement.
        let time_may_pass = self.config.clock == Clock::Racing && !self.timers.is_empty();
        let settles = self.config.reductions.settled && !time_may_pass;
        let mut starved = None;
        let polling = self.polling();
        for (i, task) in self.tasks.iter().enumerate() {
            let Status::Announced(announced) = task.status else { continue };
            if polling.is_some_and(|p| p != i && !task.blocking) {
                continue;
            }
            match announced {
                // A choice is its own business: nobody else's step can matter to it.
                Announced::Choice(n) => {
                    into.clear();
                    into.extend((0..n).map(|c| Pick { task: i as u16, choice: c as u16 }));
                    return;
                }
                Announced::Op(op) => {
                    let object = &self.objects[op.object.index as usize];
                    if !object.enabled(&op) {
                        continue;
                    }
                    // Not where an abort may come before it.
                    let sure = !self.config.aborts || i == 0 || task.poll_ops > 0;
                    if settled.is_none() && settles && sure && object.settled(&op) {
                        settled = Some(i);
                    }
                }
                Announced::Poll => {}
            }
            let hogs =
                task.yields >= YIELDS_MAX || (self.streak.0 == i && self.streak.1 >= STREAK_MAX);
            if hogs {
                starved = Some(i);
                continue;
            }
            into.push(Pick::task(i));
        }
        if time_may_pass && polling.is_none() {
            into.push(Pick::FIRE);
        }
        match starved {
            Some(i) if into.is_empty() => into.push(Pick::task(i)),
            Some(_) => self.unfair = true,
            None => {}
        }
        match settled {
            Some(i) if self.settled_streak < SETTLED_MAX && starved.is_none() => {
                self.settled_streak += 1;
                into.clear();
                into.push(Pick::task(i));
            }
            _ => self.settled_streak = 0,
        }
    }

    /// At the grain of polls: the task whose poll was interrupted, to interleave with tasks that have threads
    /// of their own. It keeps the thread that all others share.
    fn polling(&self) -> Option<usize> {
        if self.config.grain != Grain::Poll {
            return None;
        }
        self.tasks.iter().position(|task| {
            let goes_on = |op: Op| self.object(op.object).enabled(&op);
            let begun = task.fiber.is_some() && task.poll_ops < engine::POLL_OPS_MAX;
            begun && !task.blocking && task.announced_op().is_some_and(goes_on)
        })
    }

    /// Acts on the wakes noted since the last call. `on`: the object whose operation caused them.
    pub fn drain_wakes(&mut self, on: Option<usize>) {
        let mut woken = std::mem::take(&mut self.woken);
        wake::take(&mut woken);
        self.woken_tasks.clear();
        for w in &woken {
            if w.execution != self.execution || w.task >= self.tasks.len() {
                continue;
            }
            if on.is_some() && !self.woken_tasks.contains(&w.task) {
                self.woken_tasks.push(w.task);
            }
            let by_poll = self.config.grain == Grain::Poll;
            let task = &mut self.tasks[w.task];
            if task.done() {
                continue;
            }
            if w.inner != 0 {
                task.wakes = hash::mix(task.wakes, w.inner);
                continue;
            }
            task.woken = true;
            if let Status::Parked = task.status {
                if by_poll {
                    task.status = Status::Announced(Announced::Poll);
                } else {
                    task.status = Status::Ready;
                    self.ready.push_back(w.task);
                }
            }
        }
        self.woken = woken;
    }

    /// Marks a task for abortion, as the runtime does: at once where it is between polls.
    fn abort(&mut self, t: usize) {
        let Some(task) = self.tasks.get_mut(t) else { return };
        if task.done() || task.aborted {
            return;
        }
        self.aborts = true;
        task.aborted = true;
        let between_polls = match task.status {
            Status::Parked => true,
            Status::Announced(Announced::Poll) => task.fiber.is_none(),
            Status::Announced(_) => {
                // It was woken but has done nothing yet: in a real runtime it may still be queued.
                task.killed = task.poll_ops == 0;
                task.killed
            }
            _ => false,
        };
        if between_polls && t != self.current {
            task.status = Status::Ready;
            self.ready.push_back(t);
        }
    }

    pub fn end_task(&mut self, t: usize) {
        let task = &mut self.tasks[t];
        task.status = Status::Done;
        // The future is gone already; what is left is the packet, which the joiner shares.
        task.body = None;
        task.held.clear();
        task.looks.clear();
        task.wrote.clear();
        self.blocking -= usize::from(task.blocking);
        if t == 0 {
            self.root_done = true;
            self.fires = 0;
            laws::root_returned(self);
        }
        self.drain_wakes(None);
    }

    /// What an operation of a task is, and where: the same in every execution.
    fn digest(&self, t: usize, op: &Op) -> u64 {
        let place = (op.site.line() as u64) << 32 | op.site.column() as u64;
        let place = place ^ self.tasks[t].branch.path << 16;
        hash::fold(hash::mix(hash::mix(op.kind as u128, self.stable_arg(op)), place))
    }

    /// The running task announces an operation: notes where a poll begins, if it is not where the last
    /// one stopped.
    fn announces(&mut self, op: &Op) {
        let t = self.current;
        if self.tasks[t].fresh {
            let at = self.digest(t, op) ^ self.object(op.object).key;
            let task = &mut self.tasks[t];
            // Of a `select!` or `join!`, its route tells which branch comes first.
            let other = |(branch, first)| branch == task.branch.path && first != at;
            let elsewhere = task.resumes_at.is_some_and(other);
            task.restarted_at = if elsewhere { at } else { 0 };
        }
    }

    /// Follows an operation that was done by the running task.
    pub fn applied(&mut self, op: Op, outcome: Outcome, overall: &mut Overall) {
        let t = self.current;
        let i = op.object.index as usize;
        self.drain_wakes(Some(i));
        laws::before(self, t, &op, outcome);
        let key = self.tasks[t].key;
        let woken = std::mem::take(&mut self.woken_tasks);
        let step = crate::model::Step { task: t, op };
        let outcome = self.objects[i].apply(step, key, outcome, &woken);
        let object_key = self.objects[i].key;
        let alike = outcome == Outcome::Pending && self.objects[i].has_alike(&step);
        self.check_equal(t, &op);
        let (what, path) = (self.digest(t, &op), self.tasks[t].branch.path);
        let task = &mut self.tasks[t];
        task.fresh = false;
        if !op.kind.is_silent() {
            task.poll_ops += 1;
        }
        if outcome == Outcome::Pending {
            task.poll = hash::mix(hash::mix(task.poll, what), object_key);
            if let Some(at @ (_, 0)) = &mut task.resumes_at {
                *at = (path, what ^ object_key);
            }
            task.waits.push(Wait { object: op.object, kind: op.kind, site: op.site });
            if task.inner_wakers > 0 {
                task.seen = hash::mix(hash::mix(task.seen, what ^ 1 << 63), object_key);
            }
            // Which of two alike came first in the queue follows from what it chose, and from nothing else.
            if alike {
                task.seen = hash::mix128(task.seen, task.poll);
            }
        } else if !op.kind.unwaits() {
            if let Some(touched) = &mut task.touched {
                touched.push(op.object);
            }
            let h = hash::mix(hash::mix(task.seen, what), object_key);
            task.seen = match outcome {
                Outcome::Done(v) => hash::mix(h, v),
                Outcome::Failed(v) => hash::mix(h, v ^ 1 << 62),
                Outcome::Pending => h,
            };
            // Where the task is now follows from what it observed; what pended before does not matter.
            task.poll = 0;
            task.resumes_at = Some((path, 0));
            task.restarted_at = 0;
        }
        if let Some(log) = &mut self.log {
            log.push(Event {
                step: self.steps,
                task: t,
                op,
                outcome,
                woken: woken.clone(),
                now: self.now,
            });
        }
        self.woken_tasks = woken;
        laws::after(self, t, &op, outcome, overall);
        match op.kind {
            OpKind::Abort => self.abort(op.arg as usize),
            OpKind::Finish if t == 0 => self.root_panicked = outcome == Outcome::PANICKED,
            _ => {}
        }
    }

    /// What one of several equal tasks makes must stay its own: merging them tells objects apart by
    /// whose they are, and cannot tell whose a handle in other hands is.
    fn check_equal(&mut self, t: usize, op: &Op) {
        let creator = self.objects[op.object.index as usize].creator;
        if self.config.equal_tasks && creator != t {
            let equal = self.tasks.get(creator).is_some_and(|c| c.class != c.key);
            if equal {
                self.trouble.get_or_insert(Trouble::NotEqual(op.site));
            }
        }
    }

    /// A violation, unless its law is waived or already broken on this execution.
    pub fn violate(&mut self, violation: Violation) {
        if !self.config.waives(violation.law)
            && !self.violations.iter().any(|v| v.law == violation.law)
        {
            self.violations.push(violation);
        }
    }

    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index as usize]
    }

    /// A value was recorded.
    pub fn note(&mut self, value: u64) {
        if self.winding_up {
            return;
        }
        let t = self.current;
        self.record = self.record.wrapping_add(hash::part(value, 1));
        self.noted.push((value, self.tasks[t].key));
    }

    /// Work of other threads reached a waker of ours.
    pub fn foreign_wakes(&self) -> bool {
        self.foreign.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// Nothing pended after the last observation of a poll: whatever the next one begins with is elsewhere.
const NOWHERE: u64 = 1;

impl Task {
    fn begin_poll(&mut self) -> Job {
        self.woken = false;
        self.poll = 0;
        self.fresh = true;
        if let Some((_, first @ 0)) = &mut self.resumes_at {
            *first = NOWHERE;
        }
        self.wakes = 0;
        self.branch = Default::default();
        self.poll_ops = 0;
        self.waits.clear();
        let body = self.body.as_mut().expect("a task that is not done has a body");
        Job { body: &raw mut **body, waker: self.waker.clone(), cancel: self.aborted }
    }
}
