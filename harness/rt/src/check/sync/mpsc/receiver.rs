//! The receivers: the same methods with and without a bound.
//!
//! A `recv_many` is one `Recv` whose argument is its limit (any other `Recv` has 0) and whose outcome is
//! the number of items that it took.

use super::error::TryRecvError;
use crate::check::block_on::blocking;
use crate::check::engine::{OpKind, Outcome, Site};
use crate::check::object::Object;
use crate::check::sync::held::Held;
use crate::check::sync::seen;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::task::{Context, Poll};
use tokio::sync::mpsc as real;

fn taken(count: &usize) -> Outcome {
    if *count > 0 { seen::count(count) } else { Outcome::CLOSED }
}

macro_rules! receiver {
    ($receiver:ident) => {
        /// The receiving handle.
        pub struct $receiver<T> {
            real: Held<real::$receiver<T>>,
        }

        impl<T> $receiver<T> {
            pub(super) fn new(real: real::$receiver<T>, object: Object, site: Site) -> Self {
                $receiver { real: Held::new(real, object, OpKind::DropReceiver, 0, site) }
            }

            /// Receives an item, waiting for one. `None` once the channel is closed and empty.
            ///
            /// # Cancel safety
            ///
            /// If dropped early, no item was received.
            #[track_caller]
            pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
                let site = Location::caller();
                async move { poll_fn(|cx| self.poll_recv_at(cx, site)).await }
            }

            /// Appends up to `limit` items to `buffer`, waiting for one. 0 once the channel is closed
            /// and empty, or if `limit` is 0.
            ///
            /// # Cancel safety
            ///
            /// If dropped early, no item was received.
            #[track_caller]
            pub fn recv_many(
                &mut self,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> impl Future<Output = usize> {
                let site = Location::caller();
                async move { poll_fn(|cx| self.poll_recv_many_at(cx, buffer, limit, site)).await }
            }

            /// The same as [`recv`](Self::recv), blocking.
            ///
            /// # Panics
            ///
            /// In an async task: use it in `spawn_blocking`.
            #[track_caller]
            pub fn blocking_recv(&mut self) -> Option<T> {
                match blocking() {
                    Some(blocking) => blocking.on(self.recv()),
                    None => self.real.blocking_recv(),
                }
            }

            /// The same as [`recv_many`](Self::recv_many), blocking.
            ///
            /// # Panics
            ///
            /// In an async task: use it in `spawn_blocking`.
            #[track_caller]
            pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
                match blocking() {
                    Some(blocking) => blocking.on(self.recv_many(buffer, limit)),
                    None => self.real.blocking_recv_many(buffer, limit),
                }
            }

            /// Receives an item if there is one.
            ///
            /// # Errors
            ///
            /// If the channel is empty, or closed and empty.
            #[track_caller]
            pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                let (object, site) = (self.real.object, Location::caller());
                let real = || self.real.try_recv();
                object.op(OpKind::TryRecv, 0, site, real, |result| match result {
                    Ok(_) => Outcome::DONE,
                    Err(TryRecvError::Empty) => Outcome::BUSY,
                    Err(TryRecvError::Disconnected) => Outcome::CLOSED,
                })
            }

            /// Closes the channel; what is queued, or has a slot, can still be received.
            #[track_caller]
            pub fn close(&mut self) {
                let (object, site) = (self.real.object, Location::caller());
                object.effect(OpKind::CloseRecv, 0, site, || self.real.close());
            }

            /// Whether the channel is closed.
            #[track_caller]
            pub fn is_closed(&self) -> bool {
                let site = Location::caller();
                self.real.object.op(OpKind::IsClosed, 0, site, || self.real.is_closed(), seen::flag)
            }

            /// Whether no item is queued.
            #[track_caller]
            pub fn is_empty(&self) -> bool {
                let site = Location::caller();
                self.real.object.op(OpKind::Len, 0, site, || self.real.is_empty(), seen::flag)
            }

            /// The number of queued items.
            #[track_caller]
            pub fn len(&self) -> usize {
                let site = Location::caller();
                self.real.object.op(OpKind::Len, 0, site, || self.real.len(), seen::count)
            }

            /// Polls for an item.
            #[track_caller]
            pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
                self.poll_recv_at(cx, Location::caller())
            }

            /// Polls for up to `limit` items.
            #[track_caller]
            pub fn poll_recv_many(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> Poll<usize> {
                self.poll_recv_many_at(cx, buffer, limit, Location::caller())
            }

            #[inline]
            pub(crate) fn poll_recv_at(
                &mut self,
                cx: &mut Context<'_>,
                site: Site,
            ) -> Poll<Option<T>> {
                let object = self.real.object;
                let real = |cx: &mut Context<'_>| self.real.poll_recv(cx);
                object.poll(OpKind::Recv, 0, site, cx, real, seen::item)
            }

            fn poll_recv_many_at(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<T>,
                limit: usize,
                site: Site,
            ) -> Poll<usize> {
                if limit == 0 {
                    // The real one is ready without a look at the channel.
                    return Poll::Ready(0);
                }
                let object = self.real.object;
                let real = |cx: &mut Context<'_>| self.real.poll_recv_many(cx, buffer, limit);
                object.poll(OpKind::Recv, limit as u64, site, cx, real, taken)
            }
        }

        impl<T> fmt::Debug for $receiver<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($receiver)).finish_non_exhaustive()
            }
        }
    };
}

receiver!(Receiver);
receiver!(UnboundedReceiver);

impl<T> Receiver<T> {
    /// The number of slots that are free now.
    #[track_caller]
    pub fn capacity(&self) -> usize {
        let site = Location::caller();
        self.real.object.op(OpKind::Len, 0, site, || self.real.capacity(), seen::count)
    }

    /// The number of slots. It never changes: no operation.
    pub fn max_capacity(&self) -> usize {
        self.real.max_capacity()
    }
}
