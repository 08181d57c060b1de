//! The machine that runs executions of one scenario, one after the other.

use super::fiber::{Fiber, Resume, Signal};
use super::{Announced, Ended, Exec, Pick, Status, Timer, wake};
use crate::config::{Config, Grain};
use crate::model::Model;
use crate::overall::Overall;
use crate::watchdog::Heart;
use selvedge_rt::check::engine::{self as seam, NewTask};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Poll, Waker};

/// Runs executions of one scenario, one after the other, on the thread that it was made on.
pub(crate) struct Machine {
    pub exec: RefCell<Exec>,
    pub(super) fibers: RefCell<Vec<Fiber>>,
    pub(super) heart: Arc<Heart>,
    /// What all executions show.
    pub overall: RefCell<Overall>,
}

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
            ids: false,
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
            e.tasks[t].end_poll();
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
