//! A task as a loom thread: its `block_on`, and the [`Engine`] that its operations enter.

use super::cell;
use super::machine::{Halt, LoomMachine};
use super::trace::Event;
use crate::exec::Status;
use crate::replay::drive::Ending;
use crate::verdict::Problem;
use selvedge_rt::check::engine::{
    Body, Engine, Extent, Inspected, NewTask, ObjectId, ObjectKind, Op, OpKind, Outcome, RaceCell,
    Site, Stopped, TaskId, WeakCell,
};
use std::any::TypeId;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// So many polls in a row that a task woke itself for, while others could run.
const YIELDS_MAX: u32 = 3;
/// So many operations a poll may still do when its execution is over, before it is stopped.
const IDLE_OPS_MAX: u32 = 1_000;

/// Polls a task to its end, or to that of the execution.
pub(super) fn run(machine: &Rc<LoomMachine>, t: usize, mut body: Box<dyn Body>) {
    machine.machine.exec.borrow_mut().current = t;
    machine.operating.set(0);
    let waker = machine.machine.exec.borrow().tasks[t].waker.clone();
    loop {
        if machine.is_over() || machine.follow(t, Event::Poll).is_none() {
            break;
        }
        if t != 0 {
            machine.touch_gate(t);
        }
        if machine.is_over() || !machine.count_step() {
            break;
        }
        let cancel = {
            let mut e = machine.machine.exec.borrow_mut();
            let task = &mut e.tasks[t];
            task.polls();
            task.poll_ops = 0;
            task.aborted
        };
        let polled = match cancel {
            true => {
                body.cancel();
                Poll::Ready(())
            }
            false => body.poll(&mut Context::from_waker(&waker)),
        };
        if machine.is_over() {
            break;
        }
        let mut e = machine.machine.exec.borrow_mut();
        e.tasks[t].killed = false;
        if polled.is_ready() {
            drop(e);
            if machine.follow(t, Event::End).is_none() {
                break;
            }
            let mut e = machine.machine.exec.borrow_mut();
            // Its last operations, where its output was dropped, may have woken others.
            e.end_task(t);
            drop(e);
            machine.unpark_ready();
            machine.stop_if_judged(Ending::Violated);
            machine.judge_if_quiet();
            return;
        }
        e.drain_wakes(None);
        let again = e.tasks[t].aborted || e.tasks[t].woken;
        if !again && machine.spurious(t) {
            // It goes on like one that was woken. Whatever others do before is a poll that was asked for,
            // whatever they do after makes this one a poll for nothing; loom takes both.
            drop(e);
            machine.unpark_ready();
            continue;
        }
        drop(e);
        if !wait(machine, t, again) {
            break;
        }
    }
    body.discard();
    machine.bail_if_broken();
}

/// After a poll that pended: lets those run whom it woke, and waits for a wake unless the poll is to be done
/// `again`. False: the execution is over.
fn wait(machine: &LoomMachine, t: usize, again: bool) -> bool {
    if !again {
        machine.machine.exec.borrow_mut().tasks[t].status = Status::Parked;
    }
    machine.unpark_ready();
    if again {
        give_way_if_unfair(machine, t);
        return true;
    }
    if machine.follow(t, Event::Park).is_none() {
        return false;
    }
    machine.judge_if_quiet();
    machine.park(t);
    true
}

/// A task that only ever wakes itself would run for ever, and others never.
fn give_way_if_unfair(machine: &LoomMachine, t: usize) {
    let unfair = {
        let mut e = machine.machine.exec.borrow_mut();
        e.tasks[t].yields += 1;
        let others = e
            .tasks
            .iter()
            .enumerate()
            .any(|(o, task)| o != t && matches!(task.status, Status::Ready));
        let unfair = e.tasks[t].yields > YIELDS_MAX;
        // Alone, it may still see one old value for ever.
        e.unfair |= unfair && (others || machine.weak.get());
        unfair
    };
    if unfair {
        machine.give_way(t);
    }
}

impl LoomMachine {
    /// Whether task `t`, about to wait, is to be woken for nothing.
    fn spurious(&self, t: usize) -> bool {
        self.wakes_spuriously()
            && !std::mem::replace(&mut self.threads.borrow_mut()[t].spurious, true)
    }

    /// An operation of an execution that is over: a poll is pending, so that its task ends; anything
    /// else is done, with nobody looking.
    fn idle(&self, op: &Op, run: &mut dyn FnMut() -> Outcome) {
        if op.kind.is_poll() {
            return;
        }
        let t = self.task();
        let idle_ops = {
            let mut threads = self.threads.borrow_mut();
            threads.get_mut(t).map_or(0, |thread| {
                thread.idle_ops += 1;
                thread.idle_ops
            })
        };
        // A lock may be held by a task that is yet to end; and a loop may wait for another task.
        let stuck = op.kind == OpKind::LockBlocking || idle_ops > IDLE_OPS_MAX;
        if stuck && !std::thread::panicking() {
            std::panic::resume_unwind(Box::new(Stopped));
        }
        run();
    }
}

impl Engine for LoomMachine {
    fn create(&self, kind: ObjectKind, site: Site) -> ObjectId {
        self.create_object(kind, site)
    }

    fn perform(&self, op: Op, run: &mut dyn FnMut() -> Outcome) {
        if self.is_over() {
            return self.idle(&op, run);
        }
        let t = self.task();
        {
            let mut e = self.machine.exec.borrow_mut();
            if op.object.execution != e.execution {
                // The last execution did not come here.
                drop(e);
                self.bail(Problem::Outlives { at: op.site.into() });
                return self.idle(&op, run);
            }
            for (o, task) in e.tasks.iter_mut().enumerate() {
                if o != t {
                    task.yields = 0;
                }
            }
        }
        if !self.count_step() {
            return self.idle(&op, run);
        }
        let Some(step) = self.follow(t, Event::Op(&op)) else { return self.idle(&op, run) };
        match op.kind {
            kind if kind.is_silent() => {}
            // The engine does what there is to do, and only polls can tell.
            OpKind::Abort => self.touch_gate(op.arg as usize),
            // Nobody joins the root, but a law looks who is left.
            OpKind::Finish if t == 0 => {
                if self.judges_unjoined() {
                    self.look_at_ends();
                }
            }
            OpKind::Untrack if op.arg == 1 => {
                self.touch_object(op.object);
                // For that law it has ended.
                let join = self.machine.exec.borrow().tasks[t].join;
                self.touch_object(join);
            }
            _ => self.touch_object(op.object),
        }
        if self.is_over() {
            return self.idle(&op, run);
        }
        if op.kind == OpKind::LockBlocking && !self.wait_for_lock(&op, t) {
            if self.is_over() {
                return self.idle(&op, run);
            }
            std::panic::resume_unwind(Box::new(Stopped));
        }
        self.operating.set(self.operating.get() + 1);
        let outcome = run();
        self.operating.set(self.operating.get() - 1);
        if self.is_over() {
            return;
        }
        self.trace.borrow_mut().outcome(step, outcome);
        let mut overall = self.machine.overall.borrow_mut();
        self.machine.exec.borrow_mut().applied(op, outcome, &mut overall);
        drop(overall);
        self.unpark_ready();
        if op.kind == OpKind::UnlockBlocking {
            self.unlocked(op.object);
        }
        self.stop_if_judged(Ending::Violated);
    }

    fn choose(&self, n: usize) -> usize {
        if n < 2 || self.is_over() || std::thread::panicking() {
            return 0;
        }
        self.choose_value(n)
    }

    fn spawn(&self, task: NewTask) -> TaskId {
        let id = self.machine.spawn(task);
        self.spawn_task(id);
        id
    }

    fn wrap_waker(&self, waker: &Waker) -> Option<Waker> {
        self.machine.wrap_waker(waker)
    }

    fn inspect(&self, ty: TypeId, size: usize, value: *const ()) -> Inspected {
        self.machine.inspect(ty, size, value)
    }

    fn now(&self) -> Duration {
        self.machine.now()
    }

    fn arm(&self, _: ObjectId, deadline: Option<Duration>, _: Option<&Waker>) {
        if deadline.is_some() && !self.is_over() {
            let name = self.machine.exec.borrow().tasks[self.task()].name();
            self.halt(Halt::Problem(Problem::Loom(format!(
                "`{name}` waits for a timer, and time is not modelled under loom. Use `explore`, which has virtual time, \
                 or leave the timer out of this scenario"
            ))));
        }
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }

    fn weak_cell(&self, initial: u64) -> Option<Box<dyn WeakCell>> {
        if self.is_over() {
            return None;
        }
        self.weak.set(true);
        Some(Box::new(cell::Cell::new(initial)))
    }

    fn race_cell(&self) -> Option<Box<dyn RaceCell>> {
        (!self.is_over()).then(|| Box::new(cell::Race::default()) as Box<dyn RaceCell>)
    }

    fn capacity(&self, made_at: Site, asked: usize) -> usize {
        self.machine.capacity(made_at, asked)
    }

    fn number(&self, task: Option<TaskId>) -> Option<u64> {
        self.machine.number(task)
    }

    fn is_task(&self, extent: Extent) -> bool {
        self.machine.is_task(extent)
    }

    fn own_thread(&self) -> Option<Waker> {
        self.machine.own_thread()
    }

    fn park(&self) {
        let t = self.task();
        if !self.is_over() {
            let woken = {
                let mut e = self.machine.exec.borrow_mut();
                e.drain_wakes(None);
                e.tasks[t].woken
            };
            wait(self, t, woken);
        }
        if self.is_over() || self.follow(t, Event::Poll).is_none() || !self.count_step() {
            std::panic::resume_unwind(Box::new(Stopped));
        }
        self.machine.exec.borrow_mut().tasks[t].polls();
    }

    fn name_task(&self, name: &str) {
        self.machine.name_task(name);
    }
}
