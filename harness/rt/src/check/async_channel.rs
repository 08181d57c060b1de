//! Multi-producer, multi-consumer channels: the crate `async-channel`, wrapped.
//!
//! Any handle can close the channel. The first close is [`Outcome::DONE`], any later one
//! [`Outcome::CLOSED`]: it closed nothing.

use super::block_on::blocking;
use super::engine::{self, Flavor, ObjectKind, OpKind, Outcome, Site};
use super::object::Object;
use super::sync::held::Held;
use super::sync::seen;
use super::sync::waiting::Waiting;
use ::async_channel as real;
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use ::async_channel::{RecvError, SendError, TryRecvError, TrySendError};

/// A channel with room for `cap` items.
///
/// # Panics
///
/// If `cap` is zero.
#[track_caller]
pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
    let cap = engine::capacity(Location::caller(), cap);
    wrap(real::bounded(cap), Some(cap))
}

/// A channel with no bound.
#[track_caller]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    wrap(real::unbounded(), None)
}

#[track_caller]
fn wrap<T>(
    (tx, rx): (real::Sender<T>, real::Receiver<T>),
    capacity: Option<usize>,
) -> (Sender<T>, Receiver<T>) {
    let site = Location::caller();
    let object = Object::new_at(ObjectKind::Channel { flavor: Flavor::Mpmc, capacity }, site);
    let tx = Held::new(tx, object, OpKind::DropSender, 0, site);
    let rx = Held::new(Box::pin(rx), object, OpKind::DropReceiver, 0, site);
    (Sender { real: tx }, Receiver { real: rx, _pin: PhantomPinned })
}

/// The sending side.
pub struct Sender<T> {
    real: Held<real::Sender<T>>,
}

impl<T> Sender<T> {
    /// Sends `msg`, waiting for room.
    ///
    /// # Errors
    ///
    /// Gives the message back if the channel is closed.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, the message is dropped with the future.
    #[track_caller]
    pub fn send(&self, msg: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&msg);
        let ops = (OpKind::Send, OpKind::DropSend);
        Waiting::new(object, ops, id, site, self.real.send(msg), seen::or_closed).holding()
    }

    /// The same as [`send`](Self::send), blocking.
    ///
    /// # Errors
    ///
    /// Gives the message back if the channel is closed.
    ///
    /// # Panics
    ///
    /// Under an engine, in an async task, where the real one blocks all tasks of its thread: use it in
    /// `spawn_blocking`.
    #[track_caller]
    pub fn send_blocking(&self, msg: T) -> Result<(), SendError<T>> {
        match blocking() {
            Some(blocking) => blocking.on(self.send(msg)),
            None => self.real.send_blocking(msg),
        }
    }

    /// Sends `msg` if there is room.
    ///
    /// # Errors
    ///
    /// Gives the message back if the channel is full or closed.
    #[track_caller]
    pub fn try_send(&self, msg: T) -> Result<(), TrySendError<T>> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&msg);
        object.op(
            OpKind::TrySend,
            id,
            site,
            || self.real.try_send(msg),
            |result| match result {
                Ok(()) => Outcome::DONE,
                Err(TrySendError::Full(_)) => Outcome::BUSY,
                Err(TrySendError::Closed(_)) => Outcome::CLOSED,
            },
        )
    }

    /// Waits until the channel is closed.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let (object, site) = (self.real.object, Location::caller());
        async move {
            let mut closed = std::pin::pin!(self.real.closed());
            std::future::poll_fn(|cx| {
                let real = |cx: &mut Context<'_>| closed.as_mut().poll(cx);
                object.poll(OpKind::Closed, 0, site, cx, real, seen::done)
            })
            .await
        }
    }

    /// Closes the channel. Whether this call did.
    #[track_caller]
    pub fn close(&self) -> bool {
        let site = Location::caller();
        self.real.object.op(OpKind::CloseSend, 0, site, || self.real.close(), closed_by_us)
    }
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        Sender { real: self.real.cloned(OpKind::CloneSender, Location::caller()) }
    }
}

pin_project! {
    /// The receiving side.
    pub struct Receiver<T> {
        // Boxed, because its `Stream` needs it pinned and a `Held` moves it out to drop it.
        real: Held<Pin<Box<real::Receiver<T>>>>,
        // As the real one: code that needs `Unpin` must not compile here either.
        #[pin]
        _pin: PhantomPinned,
    }
}

impl<T> Receiver<T> {
    /// Receives an item, waiting for one.
    ///
    /// # Errors
    ///
    /// If the channel is closed and empty.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no item was received.
    #[track_caller]
    pub fn recv(&self) -> impl Future<Output = Result<T, RecvError>> {
        let (object, site) = (self.real.object, Location::caller());
        let ops = (OpKind::Recv, OpKind::DropRecv);
        Waiting::new(object, ops, 0, site, self.real.recv(), seen::or_closed)
    }

    /// The same as [`recv`](Self::recv), blocking.
    ///
    /// # Errors
    ///
    /// If the channel is closed and empty.
    ///
    /// # Panics
    ///
    /// Under an engine, in an async task, where the real one blocks all tasks of its thread: use it in
    /// `spawn_blocking`.
    #[track_caller]
    pub fn recv_blocking(&self) -> Result<T, RecvError> {
        match blocking() {
            Some(blocking) => blocking.on(self.recv()),
            None => self.real.recv_blocking(),
        }
    }

    /// Receives an item if there is one.
    ///
    /// # Errors
    ///
    /// If the channel is empty, or closed and empty.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
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

    /// Closes the channel; what is queued can still be received. Whether this call did.
    #[track_caller]
    pub fn close(&self) -> bool {
        let site = Location::caller();
        self.real.object.op(OpKind::CloseRecv, 0, site, || self.real.close(), closed_by_us)
    }
}

impl<T> Clone for Receiver<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let site = Location::caller();
        let object = self.real.object;
        let real = object.effect(OpKind::CloneReceiver, 0, site, || (**self.real).clone());
        Receiver { real: self.real.sibling(Box::pin(real), site), _pin: PhantomPinned }
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let held = self.project().real;
        let (object, site) = (held.object, held.site);
        let real = |cx: &mut Context<'_>| held.as_mut().poll_next(cx);
        object.poll(OpKind::Recv, 0, site, cx, real, seen::item)
    }
}

fn closed_by_us(closed: &bool) -> Outcome {
    if *closed { Outcome::DONE } else { Outcome::CLOSED }
}

/// What both sides can look at.
macro_rules! looks {
    ($handle:ident) => {
        impl<T> $handle<T> {
            /// Whether the channel is closed.
            #[track_caller]
            pub fn is_closed(&self) -> bool {
                self.look(OpKind::IsClosed, Location::caller(), |r| r.is_closed(), seen::flag)
            }

            /// Whether no item is queued.
            #[track_caller]
            pub fn is_empty(&self) -> bool {
                self.look(OpKind::Len, Location::caller(), |r| r.is_empty(), seen::flag)
            }

            /// Whether there is no room.
            #[track_caller]
            pub fn is_full(&self) -> bool {
                self.look(OpKind::Len, Location::caller(), |r| r.is_full(), seen::flag)
            }

            /// The number of queued items.
            #[track_caller]
            pub fn len(&self) -> usize {
                self.look(OpKind::Len, Location::caller(), |r| r.len(), seen::count)
            }

            /// The number of items that fit, where bounded. It never changes: no operation.
            pub fn capacity(&self) -> Option<usize> {
                self.real.capacity()
            }

            /// Whether `other` is a handle of the same channel.
            pub fn same_channel(&self, other: &Self) -> bool {
                self.real.same_channel(&other.real)
            }

            fn look<R>(
                &self,
                kind: OpKind,
                site: Site,
                real: impl FnOnce(&real::$handle<T>) -> R,
                outcome: fn(&R) -> Outcome,
            ) -> R {
                self.real.object.op(kind, 0, site, || real(&self.real), outcome)
            }
        }

        impl<T> fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($handle)).finish_non_exhaustive()
            }
        }
    };
}

looks!(Sender);
looks!(Receiver);
