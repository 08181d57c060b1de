//! `AbortOnDropHandle`: a handle whose end is an abort.

use super::{AbortHandle, JoinError, JoinHandle};
use crate::check::engine::Site;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The way to a task's output. Dropping it aborts the task. See `tokio_util::task::AbortOnDropHandle`.
#[must_use = "Dropping the handle aborts the task immediately"]
pub struct AbortOnDropHandle<T> {
    /// `None` once it is detached.
    handle: Option<JoinHandle<T>>,
    site: Site,
}

impl<T> AbortOnDropHandle<T> {
    /// Takes over a handle.
    #[track_caller]
    pub fn new(handle: JoinHandle<T>) -> Self {
        AbortOnDropHandle { handle: Some(handle), site: Location::caller() }
    }

    fn handle(&self) -> &JoinHandle<T> {
        self.handle.as_ref().expect("it is there until it is detached")
    }

    /// See [`JoinHandle::abort`].
    #[track_caller]
    pub fn abort(&self) {
        self.handle().abort();
    }

    /// See [`JoinHandle::is_finished`].
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        self.handle().is_finished()
    }

    /// See [`JoinHandle::abort_handle`].
    pub fn abort_handle(&self) -> AbortHandle {
        self.handle().abort_handle()
    }

    /// A handle whose drop leaves the task alone.
    pub fn detach(mut self) -> JoinHandle<T> {
        self.handle.take().expect("it is there until it is detached")
    }
}

impl<T> Drop for AbortOnDropHandle<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort_at(self.site);
        }
    }
}

impl<T> Future for AbortOnDropHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(self.handle.as_mut().expect("it is there until it is detached")).poll(cx)
    }
}

impl<T> AsRef<JoinHandle<T>> for AbortOnDropHandle<T> {
    fn as_ref(&self) -> &JoinHandle<T> {
        self.handle()
    }
}

impl<T> fmt::Debug for AbortOnDropHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortOnDropHandle").finish_non_exhaustive()
    }
}
