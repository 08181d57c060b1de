//! A channel for one value: `tokio::sync::oneshot`, wrapped.
//!
//! A send is also the end of its sender: no `DropSender` follows it.

use super::held::Held;
use super::seen;
use crate::check::block_on::blocking;
use crate::check::engine::{Flavor, ObjectKind, OpKind, Outcome};
use crate::check::object::Object;
use error::{RecvError, TryRecvError};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot as real;

pub use tokio::sync::oneshot::error;

/// A channel for one value.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (tx, rx) = real::channel();
    let site = Location::caller();
    let kind = ObjectKind::Channel { flavor: Flavor::Oneshot, capacity: Some(1) };
    let object = Object::new_at(kind, site);
    let tx = Held::new(tx, object, OpKind::DropSender, 0, site);
    let rx = Held::new(rx, object, OpKind::DropReceiver, 0, site);
    (Sender { real: tx }, Receiver { real: rx })
}

/// The sending side.
pub struct Sender<T> {
    real: Held<real::Sender<T>>,
}

impl<T> Sender<T> {
    /// Sends the value.
    ///
    /// # Errors
    ///
    /// Gives it back if the receiver is closed.
    #[track_caller]
    pub fn send(self, t: T) -> Result<(), T> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&t);
        let real = self.real.into_real();
        object.op(OpKind::TrySend, id, site, move || real.send(t), seen::or_closed)
    }

    /// Waits until the receiver is closed.
    #[track_caller]
    pub fn closed(&mut self) -> impl Future<Output = ()> {
        let (object, site) = (self.real.object, Location::caller());
        async move {
            poll_fn(|cx| {
                let real = |cx: &mut Context<'_>| self.real.poll_closed(cx);
                object.poll(OpKind::Closed, 0, site, cx, real, seen::done)
            })
            .await
        }
    }

    /// Polls for the receiver to be closed.
    #[track_caller]
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (object, site) = (self.real.object, Location::caller());
        let real = |cx: &mut Context<'_>| self.real.poll_closed(cx);
        object.poll(OpKind::Closed, 0, site, cx, real, seen::done)
    }

    /// Whether the receiver is closed.
    #[track_caller]
    pub fn is_closed(&self) -> bool {
        let site = Location::caller();
        self.real.object.op(OpKind::IsClosed, 0, site, || self.real.is_closed(), seen::flag)
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The receiving side: a future.
pub struct Receiver<T> {
    real: Held<real::Receiver<T>>,
}

impl<T> Receiver<T> {
    /// Closes the channel; a value that was sent can still be received.
    #[track_caller]
    pub fn close(&mut self) {
        let (object, site) = (self.real.object, Location::caller());
        object.effect(OpKind::CloseRecv, 0, site, || self.real.close());
    }

    /// Receives the value, blocking.
    ///
    /// # Errors
    ///
    /// If there will never be one.
    ///
    /// # Panics
    ///
    /// In an async task: use it in `spawn_blocking`.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        match blocking() {
            Some(blocking) => blocking.on(self),
            None => self.real.into_real().blocking_recv(),
        }
    }

    /// Receives the value if it is there.
    ///
    /// # Errors
    ///
    /// If it is not there yet, or will never be.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let (object, site) = (self.real.object, Location::caller());
        object.op(
            OpKind::TryRecv,
            0,
            site,
            || self.real.try_recv(),
            |result| match result {
                Ok(_) => Outcome::DONE,
                Err(TryRecvError::Empty) => Outcome::BUSY,
                Err(TryRecvError::Closed) => Outcome::CLOSED,
            },
        )
    }

    /// Whether this future has completed. The task knows that already: no operation.
    pub fn is_terminated(&self) -> bool {
        self.real.is_terminated()
    }

    /// Whether no value is there.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        let site = Location::caller();
        self.real.object.op(OpKind::Len, 0, site, || self.real.is_empty(), seen::flag)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (object, site) = (self.real.object, self.real.site);
        let real = |cx: &mut Context<'_>| Pin::new(&mut *self.real).poll(cx);
        object.poll(OpKind::Recv, 0, site, cx, real, seen::or_closed)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
