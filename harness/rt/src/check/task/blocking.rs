//! `spawn_blocking`: a task whose whole life is one call of a closure.
//!
//! Under an engine the closure is one body, polled once; in a call that waits it [parks](Engine::park). Its
//! operations interleave with those of other tasks at every grain, because in tokio it has a thread of its
//! own.

use super::spawn::{Kind, Packet, TaskRef, drop_caught};
use super::{JoinError, JoinHandle};
use crate::check::engine::{self, Body, Engine, NewTask, ObjectKind, Site};
use crate::check::object::Object;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Runs `f` where it may block. See `tokio::task::spawn_blocking`.
///
/// Once it has begun it cannot be aborted. Under an engine these calls wait as they should:
/// [`blocking::Mutex`](crate::blocking::Mutex), and the `blocking_*` and `*_blocking` of channels and locks.
/// Whatever else blocks its thread is not controlled.
///
/// # Panics
///
/// With no engine running, panics outside a tokio runtime.
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    spawn_blocking_as(f, Kind::of::<F>(), Location::caller())
}

/// The same, counted as a task of the given kind.
pub(super) fn spawn_blocking_as<F, R>(f: F, kind: Kind, site: Site) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let Some(engine) = engine::current() else {
        return JoinHandle::real(tokio::task::spawn_blocking(f));
    };
    let packet = Packet::new(Object::new_at(ObjectKind::Join, site), None);
    start_blocking(&*engine, f, kind, &packet, site);
    JoinHandle::engine(packet, site)
}

/// Hands a closure to the engine as a task that ends in `packet`.
pub(super) fn start_blocking<F, R>(
    engine: &dyn Engine,
    f: F,
    kind: Kind,
    packet: &Arc<Packet<R>>,
    site: Site,
) where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let body = BlockingBody { call: Some(f), packet: packet.clone(), site };
    packet
        .task
        .start(engine, NewTask { blocking: true, ..kind.task(Box::new(body), packet, site) });
}

/// A closure, as an engine runs it.
struct BlockingBody<F, R> {
    /// `None` once it has begun.
    call: Option<F>,
    packet: Arc<Packet<R>>,
    site: Site,
}

impl<F, R> BlockingBody<F, R> {
    fn task(&self) -> &TaskRef {
        &self.packet.task
    }
}

impl<F, R> Body for BlockingBody<F, R>
where
    F: FnOnce() -> R + Send,
    R: Send,
{
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if let Some(call) = self.call.take() {
            let output = catch_unwind(AssertUnwindSafe(call));
            let output = output.map_err(|payload| JoinError::unwound(self.task().id(), payload));
            self.packet.end(output, self.site);
        }
        Poll::Ready(())
    }

    fn cancel(&mut self) {
        let Some(call) = self.call.take() else { return };
        let error = match drop_caught(call) {
            Ok(()) => JoinError::cancelled(self.task().id()),
            Err(payload) => JoinError::unwound(self.task().id(), payload),
        };
        self.packet.end(Err(error), self.site);
    }

    fn discard(&mut self) {
        let _ = drop_caught(self.call.take());
    }
}
