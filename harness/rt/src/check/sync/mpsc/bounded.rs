//! The bounded channel's senders, and the permits that reserve a slot.
//!
//! The argument of `Reserve`, `TryReserve`, `DropPermit` and of a `DropAcquire` is the number of slots: 1.

use super::error::{SendError, TrySendError};
use super::{Receiver, closed, tried};
use crate::check::block_on::blocking;
use crate::check::engine::{self, Flavor, ObjectKind, OpKind};
use crate::check::object::Object;
use crate::check::sync::held::Held;
use crate::check::sync::seen;
use crate::check::sync::waiting::Waiting;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use tokio::sync::mpsc as real;

/// A channel with room for `buffer` items.
///
/// # Panics
///
/// If `buffer` is zero.
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    let site = Location::caller();
    let buffer = engine::capacity(site, buffer);
    let (tx, rx) = real::channel(buffer);
    let kind = ObjectKind::Channel { flavor: Flavor::Mpsc, capacity: Some(buffer) };
    let object = Object::new_at(kind, site);
    let tx = Held::new(tx, object, OpKind::DropSender, 0, site);
    (Sender { real: tx }, Receiver::new(rx, object, site))
}

/// A sending handle.
pub struct Sender<T> {
    real: Held<real::Sender<T>>,
}

impl<T> Sender<T> {
    /// Sends `value`, waiting for room.
    ///
    /// # Errors
    ///
    /// Gives the value back if the receiver is closed.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, the value is dropped with the future.
    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&value);
        let ops = (OpKind::Send, OpKind::DropSend);
        Waiting::new(object, ops, id, site, self.real.send(value), seen::or_closed).holding()
    }

    /// The same as [`send`](Self::send), blocking.
    ///
    /// # Errors
    ///
    /// Gives the value back if the receiver is closed.
    ///
    /// # Panics
    ///
    /// In an async task: use it in `spawn_blocking`.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        match blocking() {
            Some(blocking) => blocking.on(self.send(value)),
            None => self.real.blocking_send(value),
        }
    }

    /// Sends `message` if there is room.
    ///
    /// # Errors
    ///
    /// Gives the message back if the channel is full or closed.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&message);
        object.op(OpKind::TrySend, id, site, || self.real.try_send(message), tried)
    }

    /// Waits for a slot and reserves it.
    ///
    /// # Errors
    ///
    /// If the receiver is closed.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no slot is reserved and the place in the queue is lost.
    #[track_caller]
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        let (object, site) = (self.real.object, Location::caller());
        async move {
            let ops = (OpKind::Reserve, OpKind::DropAcquire);
            let real = self.real.reserve();
            let permit = Waiting::new(object, ops, 1, site, real, seen::or_closed).await?;
            Ok(Permit { real: Held::new(permit, object, OpKind::DropPermit, 1, site) })
        }
    }

    /// The same, consuming this handle; the permit gives it back.
    ///
    /// # Errors
    ///
    /// If the receiver is closed.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no slot is reserved, and this handle is gone.
    #[track_caller]
    pub fn reserve_owned(self) -> impl Future<Output = Result<OwnedPermit<T>, SendError<()>>> {
        let (object, site) = (self.real.object, Location::caller());
        async move {
            // The real future owns a clone, and this handle stays: so that leaving the queue and
            // dropping the handle stay two operations, wherever this ends.
            let real = (*self.real).clone().reserve_owned();
            let ops = (OpKind::Reserve, OpKind::DropAcquire);
            let permit = Waiting::new(object, ops, 1, site, real, seen::or_closed).await?;
            Ok(OwnedPermit {
                real: Held::new(permit, object, OpKind::DropPermit, 1, site),
                sender: self,
            })
        }
    }

    /// Reserves a slot if there is one.
    ///
    /// # Errors
    ///
    /// If the channel is full or closed.
    #[track_caller]
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        let (object, site) = (self.real.object, Location::caller());
        let reserve = || self.real.try_reserve();
        let permit = object.op(OpKind::TryReserve, 1, site, reserve, tried)?;
        Ok(Permit { real: Held::new(permit, object, OpKind::DropPermit, 1, site) })
    }

    /// The same, consuming this handle; the permit, or the error, gives it back.
    ///
    /// # Errors
    ///
    /// If the channel is full or closed.
    #[track_caller]
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let (object, site) = (self.real.object, Location::caller());
        // A clone, as in `reserve_owned`: it goes with the real error, inside the operation.
        let reserve = || {
            (*self.real).clone().try_reserve_owned().map_err(|error| match error {
                TrySendError::Full(_) => TrySendError::Full(()),
                TrySendError::Closed(_) => TrySendError::Closed(()),
            })
        };
        match object.op(OpKind::TryReserve, 1, site, reserve, tried) {
            Ok(permit) => Ok(OwnedPermit {
                real: Held::new(permit, object, OpKind::DropPermit, 1, site),
                sender: self,
            }),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    /// Waits until the receiver is closed.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        closed(self.real.object, Location::caller(), self.real.closed())
    }

    /// Whether the receiver is closed.
    #[track_caller]
    pub fn is_closed(&self) -> bool {
        let site = Location::caller();
        self.real.object.op(OpKind::IsClosed, 0, site, || self.real.is_closed(), seen::flag)
    }

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

    /// Whether `other` is a handle of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
    }
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let real = self.real.cloned(OpKind::CloneSender, Location::caller());
        Sender { real }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// A reserved slot. Dropped unused, it is given back.
pub struct Permit<'a, T> {
    real: Held<real::Permit<'a, T>>,
}

impl<T> Permit<'_, T> {
    /// Sends `value` into the slot. If the receiver is gone by then, the value is dropped.
    #[track_caller]
    pub fn send(self, value: T) {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&value);
        let permit = self.real.into_real();
        object.effect(OpKind::SendReserved, id, site, move || permit.send(value));
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// A reserved slot that owns its sender. Dropped unused, it gives the slot back, then drops the sender.
pub struct OwnedPermit<T> {
    // Before the sender: fields are dropped in this order.
    real: Held<real::OwnedPermit<T>>,
    sender: Sender<T>,
}

impl<T> OwnedPermit<T> {
    /// Sends `value` into the slot and gives the sender back. If the receiver is gone by then, the
    /// value is dropped.
    #[track_caller]
    pub fn send(self, value: T) -> Sender<T> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&value);
        let permit = self.real.into_real();
        // The real one hands back the clone that it was made of; the handle itself never left us.
        object.effect(OpKind::SendReserved, id, site, move || drop(permit.send(value)));
        self.sender
    }

    /// Gives the slot back, and the sender.
    pub fn release(self) -> Sender<T> {
        drop(self.real);
        self.sender
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
