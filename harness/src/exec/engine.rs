//! The machine as an [`Engine`]: where code under test enters it.

use super::fiber::suspend;
use super::task::{Announced, Status, Task};
use super::wake::{InnerWaker, TaskWaker, Woken};
use super::{Exec, Machine, Timer, Trouble};
use crate::config::Grain;
use crate::hash;
use crate::model::{Model, Object};
use selvedge_rt::check::engine::{
    Branch, Engine, Extent, Flavor, Inspected, NewTask, ObjectId, ObjectKind, Op, OpKind, Outcome,
    Site, Stopped, TaskId, WeakCell,
};
use smallvec::SmallVec;
use std::any::TypeId;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// Operations in one poll at [`Grain::Poll`]; what goes on after them is interrupted, to be judged.
pub(super) const POLL_OPS_MAX: u32 = 2_000;
/// Operations that a poll in flight may still do while its execution is being wound up.
const WIND_UP_OPS_MAX: u32 = 10_000;

/// What an announced operation should do now.
enum Go {
    /// Announce and wait to be picked.
    Wait,
    /// Run: no other task can tell when.
    Run,
    /// Run as part of the step before: it cannot be suspended.
    Within,
    /// The execution is being wound up.
    WindUp,
    /// The task was aborted before it came to this.
    Skip,
}

impl Machine {
    fn way(&self, op: &Op) -> Go {
        let mut e = self.exec.borrow_mut();
        if e.winding_up {
            e.wound_up += 1;
            let endless = e.wound_up > WIND_UP_OPS_MAX && !std::thread::panicking();
            return if endless { Go::Skip } else { Go::WindUp };
        }
        if op.object.execution != e.execution {
            e.trouble.get_or_insert(Trouble::Outlives(op.site));
            return Go::WindUp;
        }
        let t = e.current;
        let unwinding = std::thread::panicking();
        // What it has to do to end, it does.
        if e.tasks[t].killed && !unwinding && op.kind != OpKind::Finish {
            return Go::Skip;
        }
        // Whoever caught what it was stopped with is stopped again, but for what it gives back.
        if e.tasks[t].stopped && !unwinding && op.kind != OpKind::Finish {
            return if op.kind.gives_back() { Go::Within } else { Go::Skip };
        }
        // A destructor that runs while a panic unwinds cannot be suspended: std counts panics by thread.
        // Nor can an operation inside another one, of a destructor or closure that the real one runs.
        // And whether a handle is gone decides what becomes of the output when its task ends.
        // Nor is it silent for whoever counts what is tracked, or is handed the wake of a waiter that goes.
        let noticed = matches!(op.kind, OpKind::Detach | OpKind::Track | OpKind::DropRecv);
        if unwinding || e.operating > 0 || noticed {
            return Go::Within;
        }
        if op.kind.is_silent() || e.unannounced(op) {
            return Go::Run;
        }
        e.drain_wakes(None);
        e.announces(op);
        // On a script that goes on with this very task there is nobody to switch to.
        if e.ready.is_empty() && e.script.get(e.script_at).is_some_and(|p| p.task as usize == t) {
            let pick = e.script[e.script_at];
            if pick.choice == 0 && e.objects[op.object.index as usize].enabled(op) {
                e.script_at += 1;
                e.tasks[t].status = Status::Announced(Announced::Op(*op));
                e.begin_step(t, 0);
                e.tasks[t].status = Status::Ready;
                return Go::Run;
            }
        }
        e.tasks[t].status = Status::Announced(Announced::Op(*op));
        Go::Wait
    }
}

impl Machine {
    /// An operation of an execution that is over: polls are pending, the rest is done for real, so that
    /// destructors run.
    fn wind_up(&self, op: &Op, run: &mut dyn FnMut() -> Outcome) {
        if op.kind.is_poll() {
            return;
        }
        // But for a lock that a suspended task holds, or this one: that would block for ever. The model does
        // not know, since it follows nothing any more.
        let held = op.kind == OpKind::LockBlocking && {
            let e = self.exec.borrow();
            let holds = |task: &Task| task.held.iter().any(|(id, _)| *id == op.object);
            let inside = |t: usize, task: &Task| t == e.current || task.fiber.is_some();
            e.tasks.iter().enumerate().any(|(t, task)| inside(t, task) && holds(task))
        };
        if held {
            resume_unwind(Box::new(Stopped));
        }
        run();
        if op.kind == OpKind::UnlockBlocking {
            let mut e = self.exec.borrow_mut();
            let t = e.current;
            e.tasks[t].held.retain(|(id, _)| *id != op.object);
        }
    }
}

impl Machine {
    /// An aborted task comes to an operation that it no longer does: a poll is pending, anything else
    /// unwinds, and what is dropped on the way is done.
    fn skip(&self, op: &Op) {
        if !op.kind.is_poll() {
            let mut e = self.exec.borrow_mut();
            let t = e.current;
            (e.tasks[t].killed, e.tasks[t].stopped) = (false, true);
            drop(e);
            resume_unwind(Box::new(Stopped));
        }
    }
}

impl Exec {
    /// Operations that are no step of their own.
    fn unannounced(&self, op: &Op) -> bool {
        use selvedge_rt::check::engine::OpKind::{Finish, Now, Timer};
        match op.kind {
            // Nobody joins the root.
            Finish if self.current == 0 => true,
            // The clock stands still while anybody runs.
            Timer | Now if self.config.clock == crate::Clock::Idle => true,
            // One poll is one step, unless it never comes to an end, or other threads run beside it.
            _ => {
                self.config.grain == Grain::Poll
                    && self.blocking == 0
                    && self.objects[op.object.index as usize].enabled(op)
                    && self.tasks[self.current].poll_ops < POLL_OPS_MAX
            }
        }
    }
}

impl Engine for Machine {
    fn create(&self, kind: ObjectKind, site: Site) -> ObjectId {
        let mut e = self.exec.borrow_mut();
        let id = ObjectId { index: e.objects.len() as u32, execution: e.execution };
        let creator = e.current;
        // The root's own join object is made before the root.
        let (key, born) = match e.tasks.get_mut(creator) {
            Some(task) => {
                task.objects += 1;
                let key = hash::fold(hash::mix(hash::mix(23, task.class), task.objects as u64));
                (key, task.seen)
            }
            None => (0, 0),
        };
        if let ObjectKind::Channel { flavor: Flavor::Mpsc | Flavor::Mpmc, capacity } = kind {
            self.overall.borrow_mut().depth(site, capacity, 0);
        }
        let whole_history = !e.config.reductions.fingerprints;
        let mut object = Object::new(key, creator, kind, site, born, whole_history);
        if let Model::JoinSet(set) = &mut object.model {
            set.told_apart = e.config.ids;
        }
        e.objects.push(object);
        id
    }

    fn perform(&self, op: Op, run: &mut dyn FnMut() -> Outcome) {
        match self.way(&op) {
            Go::Run => {}
            Go::Within => self.exec.borrow_mut().within.push(op.object),
            Go::WindUp => return self.wind_up(&op, run),
            Go::Skip => return self.skip(&op),
            Go::Wait => {
                suspend();
                let (killed, winding_up) = {
                    let e = self.exec.borrow();
                    (e.tasks[e.current].killed, e.winding_up)
                };
                if winding_up {
                    return self.wind_up(&op, run);
                }
                if killed && op.kind != OpKind::Finish {
                    return self.skip(&op);
                }
            }
        }
        self.exec.borrow_mut().operating += 1;
        // Where the real operation panics, that is what came of it.
        let ran = {
            let _end = Operating(&self.exec);
            catch_unwind(AssertUnwindSafe(run))
        };
        let outcome = *ran.as_ref().unwrap_or(&Outcome::PANICKED);
        self.heart.beat(self.exec.borrow().current);
        let mut overall = self.overall.borrow_mut();
        self.exec.borrow_mut().applied(op, outcome, &mut overall);
        drop(overall);
        if let Err(payload) = ran {
            resume_unwind(payload);
        }
    }

    fn choose(&self, n: usize) -> usize {
        {
            let mut e = self.exec.borrow_mut();
            let t = e.current;
            if e.winding_up || e.tasks[t].killed || n < 2 || std::thread::panicking() {
                return 0;
            }
            e.tasks[t].status = Status::Announced(Announced::Choice(n));
        }
        suspend();
        let mut e = self.exec.borrow_mut();
        if e.winding_up {
            return 0;
        }
        let t = e.current;
        let task = &mut e.tasks[t];
        task.poll = hash::mix(task.poll, 1 << 40 | task.choice as u64);
        task.choice
    }

    fn in_branch(&self, branch: Branch) -> Branch {
        let mut e = self.exec.borrow_mut();
        let t = e.current;
        std::mem::replace(&mut e.tasks[t].branch, branch)
    }

    fn spawn(&self, new: NewTask) -> TaskId {
        self.heart.spawned(new.site);
        let mut e = self.exec.borrow_mut();
        let t = e.tasks.len();
        let parent = e.current;
        let in_set = e.objects[new.join.index as usize].kind == ObjectKind::JoinSet;
        let equal = e.config.equal_tasks && in_set;
        // What a task starts with follows from what its parent had seen. Equal tasks have nothing of
        // their own, and their parent lives as long as they matter.
        let (key, class, born) = match e.tasks.get_mut(parent) {
            Some(parent) => {
                parent.children += 1;
                let of = |x: u64| hash::fold(hash::mix(hash::mix(29, parent.class), x));
                let key = of(parent.children as u64);
                let site = (new.site.file(), new.site.line(), new.site.column());
                match equal {
                    true => (key, of(hash::of(&(site, new.name))), 0),
                    false => (key, key, hash::mix128(parent.seen, parent.poll)),
                }
            }
            None => (1, 1, 0),
        };
        e.blocking += usize::from(new.blocking);
        let waker = TaskWaker::waker(e.execution, t, e.thread, &e.foreign);
        let nth = e.tasks.iter().filter(|t| t.site == new.site).count();
        // A closure waits for a thread of its own, and until it has one it can be aborted.
        let announces = e.config.grain == Grain::Poll || new.blocking;
        e.tasks.push(Task {
            key,
            class,
            type_name: new.name,
            given_name: None,
            nth: if t == 0 { 0 } else { nth as u32 + 1 },
            site: new.site,
            join: new.join,
            extent: new.extent,
            body: Some(new.body),
            waker,
            fiber: None,
            status: if announces { Status::Announced(Announced::Poll) } else { Status::Ready },
            seen: hash::mix(born, class),
            poll: 0,
            polled: SmallVec::new(),
            resumes_at: None,
            fresh: true,
            restarted_at: 0,
            wakes: 0,
            inner_wakers: 0,
            woken: false,
            aborted: false,
            killed: false,
            stopped: false,
            choice: 0,
            branch: Branch::default(),
            poll_ops: 0,
            children: 0,
            objects: 0,
            waits: SmallVec::new(),
            held: SmallVec::new(),
            tokens: SmallVec::new(),
            touched: None,
            looks: SmallVec::new(),
            wrote: SmallVec::new(),
            daemon: false,
            untracked: false,
            blocking: new.blocking,
            begun: false,
            yields: 0,
        });
        if !announces {
            e.ready.push_back(t);
        }
        TaskId(t as u32)
    }

    fn wrap_waker(&self, waker: &Waker) -> Option<Waker> {
        let mut e = self.exec.borrow_mut();
        let (execution, t) = (e.execution, e.current);
        let task = &mut e.tasks[t];
        let own = task.waker.data() == waker.data() && task.waker.vtable() == waker.vtable();
        if own {
            return None;
        }
        task.inner_wakers += 1;
        let woken = Woken { execution, task: t, inner: task.inner_wakers };
        Some(Waker::from(Arc::new(InnerWaker { woken, waker: waker.clone() })))
    }

    fn inspect(&self, ty: TypeId, size: usize, value: *const ()) -> Inspected {
        let e = self.exec.borrow();
        let (hashed, is_err) = e.config.types.inspect(ty, value);
        let identity = match (hashed, size) {
            (Some(h), _) => h,
            // A value without content is like any other.
            (None, 0) => 1,
            // Where it came from: a function of what its sender had seen.
            (None, _) => match e.tasks.get(e.current) {
                Some(task) => hash::fold(hash::mix128(37, task.seen)),
                None => 0,
            },
        };
        Inspected { identity, is_err }
    }

    fn now(&self) -> Duration {
        let mut e = self.exec.borrow_mut();
        e.clock_observed = true;
        let (t, now) = (e.current, e.now);
        if let Some(task) = e.tasks.get_mut(t) {
            task.seen = hash::mix(task.seen, now);
        }
        Duration::from_nanos(now)
    }

    fn arm(&self, timer: ObjectId, deadline: Option<Duration>, waker: Option<&Waker>) {
        let armed = deadline.zip(waker).map(|(deadline, waker)| Timer {
            object: timer,
            deadline: u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX),
            waker: waker.clone(),
        });
        let mut e = self.exec.borrow_mut();
        if timer.execution != e.execution {
            return;
        }
        let old = e.timers.iter().position(|t| t.object == timer).map(|i| e.timers.swap_remove(i));
        e.timers.extend(armed);
        drop(e);
        // A waker's destructor is code under test.
        drop(old);
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.exec.borrow().now)
    }

    fn weak_cell(&self, _: u64) -> Option<Box<dyn WeakCell>> {
        None
    }

    fn capacity(&self, made_at: Site, asked: usize) -> usize {
        self.exec.borrow().config.capacity_at(made_at, asked)
    }

    fn stopped(&self) -> bool {
        let e = self.exec.borrow();
        e.tasks[e.current].stopped
    }

    fn number(&self, task: Option<TaskId>) -> Option<u64> {
        let mut e = self.exec.borrow_mut();
        e.ids = true;
        let of = task.map_or(e.current, |TaskId(n)| n as usize);
        let number = e.tasks.get(of).filter(|_| of > 0)?.key;
        let t = e.current;
        let task = e.tasks.get_mut(t)?;
        task.seen = hash::mix(task.seen, number);
        Some(number)
    }

    fn is_task(&self, extent: Extent) -> bool {
        let e = self.exec.borrow();
        e.tasks.get(e.current).is_some_and(|task| task.extent == Some(extent))
    }

    fn own_thread(&self) -> Option<Waker> {
        let e = self.exec.borrow();
        let task = &e.tasks[e.current];
        task.blocking.then(|| task.waker.clone())
    }

    fn park(&self) {
        let parks = {
            let mut e = self.exec.borrow_mut();
            let suspends = e.operating == 0 && !std::thread::panicking();
            assert!(suspends, "a destructor that a panic or an operation runs cannot wait");
            let t = e.current;
            e.drain_wakes(None);
            e.tasks[t].end_poll();
            let parks = !e.winding_up && !e.tasks[t].woken;
            if parks {
                e.tasks[t].status = Status::Parked;
            }
            parks
        };
        if parks {
            suspend();
        }
        let mut e = self.exec.borrow_mut();
        if e.winding_up {
            drop(e);
            resume_unwind(Box::new(Stopped));
        }
        let t = e.current;
        e.tasks[t].polls();
    }

    fn name_task(&self, name: &str) {
        let mut e = self.exec.borrow_mut();
        let t = e.current;
        e.tasks[t].given_name = Some(name.into());
    }
}

/// Ends an operation, also where it unwinds.
struct Operating<'a>(&'a RefCell<Exec>);

impl Drop for Operating<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().operating -= 1;
    }
}
