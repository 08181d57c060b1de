//! The unbounded channel's senders.

use super::error::SendError;
use super::{UnboundedReceiver, closed};
use crate::check::engine::{Flavor, ObjectKind, OpKind};
use crate::check::object::Object;
use crate::check::sync::held::Held;
use crate::check::sync::seen;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use tokio::sync::mpsc as real;

/// A channel with no bound.
#[track_caller]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (tx, rx) = real::unbounded_channel();
    let site = Location::caller();
    let kind = ObjectKind::Channel { flavor: Flavor::Mpsc, capacity: None };
    let object = Object::new_at(kind, site);
    let tx = Held::new(tx, object, OpKind::DropSender, 0, site);
    (UnboundedSender { real: tx }, UnboundedReceiver::new(rx, object, site))
}

/// A sending handle.
pub struct UnboundedSender<T> {
    real: Held<real::UnboundedSender<T>>,
}

impl<T> UnboundedSender<T> {
    /// Sends `message`; there is always room.
    ///
    /// # Errors
    ///
    /// Gives the message back if the receiver is closed.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&message);
        object.op(OpKind::TrySend, id, site, || self.real.send(message), seen::or_closed)
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

    /// Whether `other` is a handle of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
    }
}

impl<T> Clone for UnboundedSender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let real = self.real.cloned(OpKind::CloneSender, Location::caller());
        UnboundedSender { real }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender").finish_non_exhaustive()
    }
}
