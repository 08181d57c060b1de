//! `JoinHandle` and `AbortHandle`.

use super::spawn::{Packet, TaskRef, drop_unwanted};
use super::{Id, JoinError};
use crate::check::engine::{OpKind, Site};
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The way to a task's output. Dropping it detaches the task. See `tokio::task::JoinHandle`.
pub struct JoinHandle<T>(Handle<T>);

enum Handle<T> {
    Real(tokio::task::JoinHandle<T>),
    Engine {
        packet: Arc<Packet<T>>,
        /// Where the task was spawned: a poll has no caller to name.
        site: Site,
        joined: bool,
    },
}

impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}
impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    pub(super) fn real(handle: tokio::task::JoinHandle<T>) -> Self {
        JoinHandle(Handle::Real(handle))
    }

    pub(super) fn engine(packet: Arc<Packet<T>>, site: Site) -> Self {
        JoinHandle(Handle::Engine { packet, site, joined: false })
    }

    /// Asks the task to end at its next await. It may still end with its output.
    #[track_caller]
    pub fn abort(&self) {
        self.abort_at(Location::caller());
    }

    /// The same, said to be done at `site`. A task that was joined has ended: nothing is announced.
    pub(super) fn abort_at(&self, site: Site) {
        match &self.0 {
            Handle::Real(handle) => handle.abort(),
            Handle::Engine { joined: true, .. } => {}
            Handle::Engine { packet, .. } => packet.task.abort(site),
        }
    }

    /// Whether the task has ended. False for an aborted task until its destructors have run.
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Handle::Real(handle) => handle.is_finished(),
            Handle::Engine { packet, .. } => packet.task.is_finished(Location::caller()),
        }
    }

    /// The task's id.
    ///
    /// # Panics
    ///
    /// Panics where the handle outlives the engine of its task.
    pub fn id(&self) -> Id {
        match &self.0 {
            Handle::Real(handle) => Id::real(handle.id()),
            Handle::Engine { packet, .. } => Id::of(packet.task.id()),
        }
    }

    /// A handle that can only abort.
    #[must_use = "an abort handle does nothing unless `.abort` is called"]
    pub fn abort_handle(&self) -> AbortHandle {
        match &self.0 {
            Handle::Real(handle) => AbortHandle::real(handle.abort_handle()),
            Handle::Engine { packet, .. } => AbortHandle::engine(packet.task.clone()),
        }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Handle::Real(handle) => Pin::new(handle).poll(cx).map_err(JoinError::from),
            Handle::Engine { packet, site, joined } => {
                assert!(!*joined, "a `JoinHandle` was polled after it was ready");
                let task = &packet.task;
                let taken = task.object.poll(
                    OpKind::Join,
                    task.arg(),
                    site,
                    cx,
                    |cx| packet.poll_take(cx),
                    |(_, seen)| *seen,
                );
                taken.map(|(output, _)| {
                    *joined = true;
                    output
                })
            }
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Handle::Engine { packet, site, joined: false } = &self.0 {
            // An output that nobody took is dropped here, by the task that drops the handle.
            if let Some(output) = packet.detach(site) {
                drop_unwanted(output);
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Handle::Real(handle) => handle.fmt(f),
            Handle::Engine { packet, .. } => {
                f.debug_struct("JoinHandle").field("task", &packet.task.id()).finish()
            }
        }
    }
}

/// Aborts a task without owning its output. See `tokio::task::AbortHandle`.
#[derive(Clone)]
pub struct AbortHandle(Target);

#[derive(Clone)]
enum Target {
    Real(tokio::task::AbortHandle),
    Engine(Arc<TaskRef>),
}

impl AbortHandle {
    pub(super) fn real(handle: tokio::task::AbortHandle) -> Self {
        AbortHandle(Target::Real(handle))
    }

    pub(super) fn engine(task: Arc<TaskRef>) -> Self {
        AbortHandle(Target::Engine(task))
    }

    /// Asks the task to end at its next await. See [`JoinHandle::abort`].
    #[track_caller]
    pub fn abort(&self) {
        match &self.0 {
            Target::Real(handle) => handle.abort(),
            Target::Engine(task) => task.abort(Location::caller()),
        }
    }

    /// The task's id. See [`JoinHandle::id`].
    ///
    /// # Panics
    ///
    /// Panics where the handle outlives the engine of its task.
    pub fn id(&self) -> Id {
        match &self.0 {
            Target::Real(handle) => Id::real(handle.id()),
            Target::Engine(task) => Id::of(task.id()),
        }
    }

    /// Whether the task has ended. See [`JoinHandle::is_finished`].
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Target::Real(handle) => handle.is_finished(),
            Target::Engine(task) => task.is_finished(Location::caller()),
        }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Real(handle) => handle.fmt(f),
            Target::Engine(task) => {
                f.debug_struct("AbortHandle").field("task", &task.id()).finish()
            }
        }
    }
}
