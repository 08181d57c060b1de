//! What tasks, timers, `select!` and `join!` announce, under an engine that does each operation at once
//! and polls woken tasks in order.
//!
//! Checked on every operation, whatever the test: its site is a line of these files.

#![cfg(feature = "check")]

mod macros;
mod sets;
mod tasks;
mod time;
mod trackers;

use selvedge_rt::check::engine::*;
use selvedge_rt::check::task::root_body;
use selvedge_rt::task::{JoinError, JoinHandle, JoinSet, TaskTracker, yield_now};
use selvedge_rt::time::{
    Duration, Instant, MissedTickBehavior, interval, interval_at, sleep, timeout, timeout_at,
};
use selvedge_rt::{join, select, spawn};
use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, pending, poll_fn, ready};
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Steps {
    log: RefCell<Vec<String>>,
    objects: Cell<u32>,
    current: Cell<u32>,
    tasks: RefCell<Vec<Option<Box<dyn Body>>>>,
    extents: RefCell<Vec<Option<Extent>>>,
    /// Woken tasks; and those to cancel.
    ready: Arc<Mutex<VecDeque<u32>>>,
    aborted: RefCell<Vec<u32>>,
    now: Cell<Duration>,
    timers: RefCell<Vec<(ObjectId, Duration, Waker)>>,
    /// What to answer to the next choices; then 0.
    choices: RefCell<VecDeque<usize>>,
    /// Whether the execution wants no more operations.
    stopped: Cell<bool>,
    /// Whether the next operation that is no poll is not wanted.
    skip_one: Cell<bool>,
    /// Tasks that have ended. Kept, so that what a body still owns is dropped by nobody.
    ended: RefCell<Vec<Box<dyn Body>>>,
}

struct Ready(u32, Arc<Mutex<VecDeque<u32>>>);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        let mut ready = self.1.lock().unwrap();
        if !ready.contains(&self.0) {
            ready.push_back(self.0);
        }
    }
}

/// Runs a root future to its end, and what it left behind until nothing moves. Gives its output and what
/// was announced: `task kind(arg) outcome`.
#[track_caller]
fn run<F>(root: F) -> (F::Output, Vec<String>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    run_choosing(&[], root)
}

#[track_caller]
fn run_choosing<F>(choices: &[usize], root: F) -> (F::Output, Vec<String>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let steps = Rc::new(Steps::default());
    steps.choices.borrow_mut().extend(choices);
    let output = steps.clone().run(root, Location::caller()).expect("the root ends").unwrap();
    (output, steps.log.take())
}

impl Steps {
    fn run<F>(self: Rc<Self>, root: F, site: Site) -> Option<Result<F::Output, JoinError>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let entered = enter(self.clone());
        let (task, output) = root_body(root, site);
        assert_eq!(self.spawn(task), TaskId(0));
        loop {
            let next = self.ready.lock().unwrap().pop_front();
            match next {
                Some(task) => self.poll(task),
                None if self.fire() => {}
                None => break,
            }
        }
        drop(entered);
        for mut body in self.tasks.take().into_iter().flatten() {
            body.discard();
        }
        output.take()
    }

    fn poll(&self, task: u32) {
        self.current.set(task);
        let Some(mut body) = self.tasks.borrow_mut()[task as usize].take() else { return };
        let waker = Waker::from(Arc::new(Ready(task, self.ready.clone())));
        if self.aborted.borrow().contains(&task) {
            body.cancel();
        } else if body.poll(&mut Context::from_waker(&waker)).is_pending() {
            self.tasks.borrow_mut()[task as usize] = Some(body);
            return;
        }
        self.ended.borrow_mut().push(body);
    }

    /// Moves the clock to the earliest deadline.
    fn fire(&self) -> bool {
        let mut timers = self.timers.borrow_mut();
        let Some(first) = timers.iter().map(|t| t.1).min() else { return false };
        self.now.set(first.max(self.now.get()));
        let at = timers.iter().position(|t| t.1 == first).expect("the minimum");
        timers.remove(at).2.wake();
        true
    }

    fn note(&self, what: String) {
        self.log.borrow_mut().push(format!("{} {what}", self.current.get()));
    }
}

impl Engine for Steps {
    fn create(&self, _: ObjectKind, site: Site) -> ObjectId {
        assert!(site.file().contains("announced"), "made at {site}");
        let index = self.objects.replace(self.objects.get() + 1);
        ObjectId { index, execution: 0 }
    }

    fn perform(&self, op: Op, run: &mut dyn FnMut() -> Outcome) {
        assert!(op.site.file().contains("announced"), "{:?} at {}", op.kind, op.site);
        if self.stopped.get() {
            match op.kind.is_poll() {
                true => {}
                // A destructor cannot unwind while another unwinding is under way.
                false if std::thread::panicking() => _ = run(),
                false => std::panic::resume_unwind(Box::new(Stopped)),
            }
            return;
        }
        if !op.kind.is_poll() && self.skip_one.take() {
            std::panic::resume_unwind(Box::new(Stopped));
        }
        if op.kind == OpKind::DropTimer {
            assert!(self.timers.borrow().iter().all(|t| t.0 != op.object), "disarmed first");
        }
        let outcome = run();
        assert!(op.kind.is_poll() || outcome != Outcome::Pending, "{:?} is no poll", op.kind);
        let arg = match op.arg {
            0 => String::new(),
            u64::MAX => "(any)".to_owned(),
            arg => format!("({arg})"),
        };
        let outcome = match outcome {
            Outcome::DONE => String::new(),
            Outcome::Pending => " pending".to_owned(),
            Outcome::Done(seen) => format!(" = {seen}"),
            Outcome::CLOSED => " closed".to_owned(),
            Outcome::BUSY => " busy".to_owned(),
            Outcome::PANICKED => " panicked".to_owned(),
            Outcome::ABORTED => " aborted".to_owned(),
            Outcome::ERRED => " erred".to_owned(),
            other => format!(" {other:?}"),
        };
        self.note(format!("{:?}{arg}{outcome}", op.kind));
        if op.kind == OpKind::Abort {
            self.aborted.borrow_mut().push(op.arg as u32);
            self.ready.lock().unwrap().push_back(op.arg as u32);
        }
    }

    fn choose(&self, n: usize) -> usize {
        self.note(format!("choose {n}"));
        self.choices.borrow_mut().pop_front().unwrap_or(0)
    }

    fn spawn(&self, task: NewTask) -> TaskId {
        assert!(task.name.contains("announced::"), "{}", task.name);
        let mut tasks = self.tasks.borrow_mut();
        let id = tasks.len() as u32;
        tasks.push(Some(task.body));
        self.extents.borrow_mut().push(task.extent);
        self.ready.lock().unwrap().push_back(id);
        TaskId(id)
    }

    fn wrap_waker(&self, _: &Waker) -> Option<Waker> {
        None
    }

    fn inspect(&self, ty: TypeId, _: usize, value: *const ()) -> Inspected {
        if ty == TypeId::of::<u32>() {
            // SAFETY: `value` points to a live value of type `ty`, which is `u32`.
            let identity = unsafe { *value.cast::<u32>() }.into();
            return Inspected { identity, is_err: false };
        }
        Inspected { identity: 0, is_err: ty == TypeId::of::<Result<(), u8>>() }
    }

    fn now(&self) -> Duration {
        self.now.get()
    }

    fn arm(&self, timer: ObjectId, deadline: Option<Duration>, waker: Option<&Waker>) {
        let mut timers = self.timers.borrow_mut();
        timers.retain(|t| t.0 != timer);
        if let (Some(deadline), Some(waker)) = (deadline, waker) {
            timers.push((timer, deadline, waker.clone()));
        }
    }

    fn elapsed(&self) -> Duration {
        self.now.get()
    }

    fn weak_cell(&self, _: u64) -> Option<Box<dyn WeakCell>> {
        None
    }

    fn is_task(&self, extent: Extent) -> bool {
        self.extents.borrow().get(self.current.get() as usize).is_some_and(|e| *e == Some(extent))
    }

    fn name_task(&self, _: &str) {}
}

/// Something whose destructor is an operation, `Untrack`. Making it is another, `Track`.
fn announced_drop(tracker: &TaskTracker) -> impl Future<Output = ()> + Send + use<> {
    tracker.track_future(async {})
}

const MS: Duration = Duration::from_millis(1);
