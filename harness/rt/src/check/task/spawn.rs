//! `spawn`, and what a spawned future is to an engine.
//!
//! 1. A task ends with [`OpKind::Finish`] on its join object, after every destructor of its future.
//! 2. Whether anybody will take the output is decided *inside* that operation: an output that nobody
//!    takes is dropped by the task right after it, as tokio does. So an output that holds handles
//!    announces operations after `Finish`; anything earlier would read the state of the handle
//!    behind the engine's back.
//! 3. No lock is held while a waker is called or a value of the code under test is dropped.

use super::{JoinError, JoinHandle};
use crate::check::engine::{
    self, Body, Engine, Extent, NewTask, ObjectKind, OpKind, Outcome, Site, Stopped, TaskId,
};
use crate::check::object::{Object, With};
use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

/// Starts a task. See `tokio::spawn`.
///
/// # Panics
///
/// With no engine running, panics outside a tokio runtime.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn_as(future, Kind::of::<F>(), Location::caller())
}

/// The same, counted as a task of the given kind.
pub(super) fn spawn_as<F>(future: F, kind: Kind, site: Site) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let Some(engine) = engine::current() else { return JoinHandle::real(tokio::spawn(future)) };
    let packet = Packet::new(Object::new_at(ObjectKind::Join, site), None);
    start(&*engine, future, kind, &packet, site);
    JoinHandle::engine(packet, site)
}

/// Hands a future to the engine as a task that ends in `packet`.
pub(super) fn start<F>(
    engine: &dyn Engine,
    future: F,
    kind: Kind,
    packet: &Arc<Packet<F::Output>>,
    site: Site,
) where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    packet.task.start(engine, new_task(future, kind, packet, site));
}

/// The root future of a scenario as a task like any other, and the way to its output.
///
/// Call it with the engine entered. The root is the first task: `TaskId(0)`.
///
/// # Panics
///
/// Panics with no engine running.
pub fn root_body<F>(future: F, site: Site) -> (NewTask, RootHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let packet = Packet::new(Object::new_at(ObjectKind::Join, site), None);
    packet.task.id.set(TaskId(0)).expect("a new packet has no task");
    (new_task(future, Kind::of::<F>(), &packet, site), RootHandle(packet))
}

/// The way to the output of a root future. See [`root_body`].
pub struct RootHandle<T>(Arc<Packet<T>>);

impl<T> RootHandle<T> {
    /// Takes the output, once the root has finished. No operation is announced.
    pub fn take(&self) -> Option<Result<T, JoinError>> {
        self.0.lock().output.take()
    }
}

fn new_task<F>(future: F, kind: Kind, packet: &Arc<Packet<F::Output>>, site: Site) -> NewTask
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let future = Box::pin(future);
    let extent = Some(Extent::of(&*future));
    let body = TaskBody { future: Some(future), packet: packet.clone(), site };
    NewTask { extent, ..kind.task(Box::new(body), packet, site) }
}

/// Which future a task runs, as the code under test wrote it.
pub(super) struct Kind {
    id: TypeId,
    name: &'static str,
}

impl Kind {
    pub(super) fn of<F>() -> Self {
        Kind { id: typeid::of::<F>(), name: std::any::type_name::<F>() }
    }

    /// A task of this kind that ends in `packet`.
    pub(super) fn task<T>(self, body: Box<dyn Body>, packet: &Packet<T>, site: Site) -> NewTask {
        let join = packet.task.object.id().expect("a task is started with an engine running");
        NewTask {
            body,
            join,
            site,
            future: self.id,
            extent: None,
            name: self.name,
            blocking: false,
        }
    }
}

/// What every handle of a task knows of it.
pub(super) struct TaskRef {
    /// The object that its end is an operation on.
    pub(super) object: Object,
    /// Set as soon as the engine has given it, before the first poll.
    id: OnceLock<TaskId>,
    finished: AtomicBool,
}

impl TaskRef {
    /// Hands it to the engine.
    pub(super) fn start(&self, engine: &dyn Engine, task: NewTask) {
        self.id.set(engine.spawn(task)).expect("a task is started once");
    }

    pub(super) fn id(&self) -> Option<TaskId> {
        self.id.get().copied()
    }

    /// The task as the argument of an operation.
    pub(super) fn arg(&self) -> u64 {
        self.id().map_or(u64::MAX, |id| id.0.into())
    }

    /// Asks the task to end. The engine does it: there is nothing real to do.
    pub(super) fn abort(&self, site: Site) {
        self.object.effect(OpKind::Abort, self.arg(), site, || ());
    }

    pub(super) fn is_finished(&self, site: Site) -> bool {
        let look = || self.finished.load(Ordering::Relaxed);
        self.object.op(OpKind::IsFinished, self.arg(), site, look, |b| Outcome::Done((*b).into()))
    }
}

/// The end of one task, shared by its body and by whoever waits for it.
pub(super) struct Packet<T> {
    pub(super) task: Arc<TaskRef>,
    end: Mutex<End<T>>,
    /// Told when the task finishes, where it is a member of a set.
    member_of: Option<Arc<dyn OnFinish<T>>>,
}

/// What is told of the end of a task, in the order in which tasks end.
pub(super) trait OnFinish<T>: Send + Sync {
    /// Notes that `packet` has its output. Returns whom to wake.
    fn finished(&self, packet: Arc<Packet<T>>) -> Option<Waker>;
}

struct End<T> {
    output: Option<Result<T, JoinError>>,
    /// How the task ended, as its joiner sees it.
    seen: Outcome,
    /// Nobody will take the output.
    detached: bool,
    waker: Option<Waker>,
}

impl<T> Packet<T> {
    pub(super) fn new(object: Object, member_of: Option<Arc<dyn OnFinish<T>>>) -> Arc<Self> {
        let task = TaskRef { object, id: OnceLock::new(), finished: AtomicBool::new(false) };
        let end = End { output: None, seen: Outcome::Pending, detached: false, waker: None };
        Arc::new(Packet { task: Arc::new(task), end: Mutex::new(end), member_of })
    }

    fn lock(&self) -> MutexGuard<'_, End<T>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the output and wakes the joiner; gives the output back where nobody will take it.
    fn finish(
        self: &Arc<Self>,
        output: Result<T, JoinError>,
        outcome: Outcome,
    ) -> Option<Result<T, JoinError>> {
        self.task.finished.store(true, Ordering::Relaxed);
        let mut end = self.lock();
        if end.detached {
            return Some(output);
        }
        end.output = Some(output);
        // The joiner is told what was joined by the value itself.
        end.seen = if let Outcome::Done(_) = outcome { Outcome::DONE } else { outcome };
        let waker = end.waker.take();
        drop(end);
        let waker = match &self.member_of {
            Some(set) => set.finished(self.clone()),
            None => waker,
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        None
    }

    /// The task's last operation: stores the output, or drops it where nobody will take it.
    pub(super) fn end(self: &Arc<Self>, output: Result<T, JoinError>, site: Site) {
        let task = &self.task;
        // What unwinds from here is the end of the execution, or the destructor of an output that
        // nobody wants: in tokio, too, that panic goes nowhere.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let outcome = match &output {
                Err(e) => e.outcome(),
                Ok(value) => match task.object.inspect(value) {
                    seen if seen.is_err => Outcome::ERRED,
                    seen => Outcome::Done(seen.identity),
                },
            };
            let end = || self.finish(output, outcome);
            // Two ends that look alike may come in any order.
            let value = if let Outcome::Done(identity) = outcome { identity } else { 0 };
            let with = With { value, ..task.arg().into() };
            drop(task.object.op_with(OpKind::Finish, with, site, end, |_| outcome));
        }));
    }

    /// Takes the output, with how the task ended.
    pub(super) fn take(&self) -> Option<(Result<T, JoinError>, Outcome)> {
        let mut end = self.lock();
        let seen = end.seen;
        end.output.take().map(|output| (output, seen))
    }

    /// Takes the output, or leaves a waker.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<(Result<T, JoinError>, Outcome)> {
        if let Some(taken) = self.take() {
            return Poll::Ready(taken);
        }
        assert!(!self.task.finished.load(Ordering::Relaxed), "a task is joined once");
        // Cloned before the lock is taken, and the old one dropped after it is released.
        let waker = cx.waker().clone();
        let _old = self.lock().waker.replace(waker);
        Poll::Pending
    }

    /// Nobody will take the output: announces it and gives back what there was to take.
    pub(super) fn detach(&self, site: Site) -> Option<Result<T, JoinError>> {
        let (output, _waker) =
            self.task.object.effect(OpKind::Detach, self.task.arg(), site, || {
                let mut end = self.lock();
                end.detached = true;
                (end.output.take(), end.waker.take())
            });
        output
    }
}

/// Drops an output that nobody took. As in tokio, a panic in its destructor goes nowhere; only the
/// end of the execution goes on unwinding.
pub(super) fn drop_unwanted<T>(output: T) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(output)));
    if let Err(payload) = dropped
        && payload.is::<Stopped>()
        && !std::thread::panicking()
    {
        resume_unwind(payload);
    }
}

/// Drops a value of the code under test. The error is what its destructor unwound with.
pub(super) fn drop_caught<T>(value: T) -> Result<(), Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(|| drop(value)))
}

/// A spawned future, as an engine runs it.
struct TaskBody<F: Future> {
    /// On the heap, so that it can be dropped before the task finishes.
    future: Option<Pin<Box<F>>>,
    packet: Arc<Packet<F::Output>>,
    site: Site,
}

impl<F: Future> TaskBody<F> {
    fn id(&self) -> Option<TaskId> {
        self.packet.task.id()
    }

    /// Drops the future. The error is what a destructor unwound with.
    fn drop_future(&mut self) -> Result<(), Box<dyn Any + Send>> {
        drop_caught(self.future.take())
    }

    fn finish(&mut self, output: Result<F::Output, JoinError>) {
        self.packet.end(output, self.site);
    }
}

impl<F> Body for TaskBody<F>
where
    F: Future + Send,
    F::Output: Send,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        let output = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            // Code under test may have caught what its poll was stopped with.
            Ok(Poll::Ready(_)) if engine::current().is_some_and(|e| e.stopped()) => {
                Err(JoinError::cancelled(self.id()))
            }
            Ok(Poll::Ready(value)) => Ok(value),
            Err(payload) => Err(JoinError::unwound(self.id(), payload)),
        };
        // As in tokio, a destructor that panics after the output exists changes nothing.
        let _ = self.drop_future();
        self.finish(output);
        Poll::Ready(())
    }

    fn cancel(&mut self) {
        if self.future.is_none() {
            return;
        }
        let error = match self.drop_future() {
            Ok(()) => JoinError::cancelled(self.id()),
            Err(payload) => JoinError::unwound(self.id(), payload),
        };
        self.finish(Err(error));
    }

    fn discard(&mut self) {
        let _ = self.drop_future();
    }
}
