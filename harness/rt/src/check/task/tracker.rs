//! `TaskTracker`: the real one, each of whose changes is announced.

use super::JoinHandle;
use super::blocking::spawn_blocking_as;
use super::spawn::{Kind, spawn_as};
use crate::check::engine::{self, Extent, ObjectKind, OpKind, Outcome, Site};
use crate::check::object::Object;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_util::task::task_tracker::{TaskTracker as Real, TaskTrackerToken};

/// Counts tasks and waits until all are gone. See `tokio_util::task::TaskTracker`.
#[derive(Clone)]
pub struct TaskTracker {
    real: Real,
    object: Object,
}

impl TaskTracker {
    /// An open tracker of nothing.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        TaskTracker { real: Real::new(), object: Object::new(ObjectKind::Tracker) }
    }

    /// Waits until the tracker is closed and tracks nothing.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, nothing was consumed.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = ()> {
        let (object, site) = (self.object, Location::caller());
        // Made now, as tokio's: it completes even if the tracker is opened again before its first poll.
        // So it is a look at the tracker, and an operation.
        let mut real = object.effect(OpKind::Listen, 0, site, || Box::pin(self.real.wait()));
        std::future::poll_fn(move |cx| {
            let wait = |cx: &mut Context<'_>| real.as_mut().poll(cx);
            object.poll(OpKind::WaitTracked, 0, site, cx, wait, |()| Outcome::DONE)
        })
    }

    /// Closes the tracker, so that [`wait`](Self::wait) can end. Returns whether it was open.
    #[track_caller]
    pub fn close(&self) -> bool {
        self.look(OpKind::CloseTracker, Location::caller(), Real::close)
    }

    /// Opens the tracker again. Returns whether it was closed.
    #[track_caller]
    pub fn reopen(&self) -> bool {
        self.look(OpKind::ReopenTracker, Location::caller(), Real::reopen)
    }

    /// Whether it is closed.
    #[must_use]
    #[track_caller]
    pub fn is_closed(&self) -> bool {
        self.look(OpKind::IsClosed, Location::caller(), Real::is_closed)
    }

    /// Whether it tracks nothing. An observer of this learns less than one of [`len`](Self::len).
    #[must_use]
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.look(OpKind::Len, Location::caller(), Real::is_empty)
    }

    fn look(&self, kind: OpKind, site: Site, real: impl FnOnce(&Real) -> bool) -> bool {
        self.object.op(kind, 0, site, || real(&self.real), |b| Outcome::Done((*b).into()))
    }

    /// How many futures it tracks.
    #[must_use]
    #[track_caller]
    pub fn len(&self) -> usize {
        let outcome = |n: &usize| Outcome::Done(*n as u64);
        self.object.op(OpKind::Len, 0, Location::caller(), || self.real.len(), outcome)
    }

    /// Starts a tracked task.
    ///
    /// # Panics
    ///
    /// With no engine running, panics outside a tokio runtime.
    #[track_caller]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let site = Location::caller();
        spawn_as(self.track_at(task, site), Kind::of::<F>(), site)
    }

    /// Runs a tracked closure where it may block. See [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// With no engine running, panics outside a tokio runtime.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, task: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let site = Location::caller();
        let mut tracked = self.tracked(site);
        tracked.whole = true;
        let task = move || {
            // Dropped after the closure, also where that panics.
            let _tracked = tracked;
            task()
        };
        spawn_blocking_as(task, Kind::of::<F>(), site)
    }

    /// Tracks a future until it is dropped, which is later than when it completes.
    #[track_caller]
    pub fn track_future<F: Future>(&self, future: F) -> TrackedFuture<F> {
        self.track_at(future, Location::caller())
    }

    fn track_at<F: Future>(&self, future: F, site: Site) -> TrackedFuture<F> {
        TrackedFuture { future: Box::pin(future), tracked: self.tracked(site) }
    }

    fn tracked(&self, site: Site) -> Tracked {
        let token = self.object.effect(OpKind::Track, 0, site, || self.real.token());
        Tracked { token: Some(token), object: self.object, whole: false, site }
    }

    /// Whether both are handles of one tracker.
    #[must_use]
    pub fn ptr_eq(left: &TaskTracker, right: &TaskTracker) -> bool {
        Real::ptr_eq(&left.real, &right.real)
    }
}

impl Default for TaskTracker {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TaskTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

/// A future that counts in a [`TaskTracker`] until it is dropped.
#[must_use = "futures do nothing unless polled"]
pub struct TrackedFuture<F> {
    /// Dropped before the count goes down.
    future: Pin<Box<F>>,
    tracked: Tracked,
}

impl<F> Drop for TrackedFuture<F> {
    fn drop(&mut self) {
        let extent = Extent::of(&*self);
        self.tracked.whole = engine::current().is_some_and(|engine| engine.is_task(extent));
    }
}

struct Tracked {
    token: Option<TaskTrackerToken>,
    object: Object,
    /// It is all of a task: nothing is left of that but its output.
    whole: bool,
    site: Site,
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let token = self.token.take();
        self.object.effect(OpKind::Untrack, self.whole.into(), self.site, || drop(token));
    }
}

impl<F: Future> Future for TrackedFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.future.as_mut().poll(cx)
    }
}

impl<F: fmt::Debug> fmt::Debug for TrackedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedFuture").field("future", &self.future).finish_non_exhaustive()
    }
}
