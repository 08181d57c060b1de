//! Every item, to everybody: `tokio::sync::broadcast`, wrapped.
//!
//! 1. A send is a `TrySend`: it never waits. Its outcome is the number of receivers that it reaches.
//! 2. A `Recv`, a `TryRecv` and a look at the length say, as their [value](crate::check::engine::Op::value),
//!    who does it and which item comes next for it.
//! 3. A receiver that was overtaken is told so by [`Outcome::lagged`].
//!
//! Weak senders and counts of senders are left out: that a handle was cloned is no operation here.

use super::held::Held;
use super::seen;
use crate::check::block_on::blocking;
use crate::check::engine::{Flavor, ObjectKind, OpKind, Outcome, Site};
use crate::check::object::{Object, With};
use error::{RecvError, SendError, TryRecvError};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;
use tokio::sync::broadcast as real;

pub use tokio::sync::broadcast::error;

/// What the real channel does not tell. Exact under an engine, which does one operation at a time;
/// with none it is not looked at.
#[derive(Default)]
struct Shared {
    sends: AtomicU64,
    /// Receivers ever made.
    receivers: AtomicU64,
}

impl Shared {
    /// The place of a receiver that is made now.
    fn join(&self) -> Place {
        let number = self.receivers.fetch_add(1, Ordering::Relaxed);
        Place { number, next: self.sends.load(Ordering::Relaxed) }
    }
}

/// Where a receiver is: which of the channel's, and how many items were sent before its next.
#[derive(Clone, Copy)]
struct Place {
    number: u64,
    next: u64,
}

impl Place {
    fn value(self) -> u64 {
        place(self.number, self.next)
    }

    fn took(&mut self) -> Outcome {
        self.next += 1;
        Outcome::DONE
    }

    fn missed(&mut self, n: u64) -> Outcome {
        self.next += n;
        Outcome::lagged(n)
    }
}

/// A place as one number: the lower half is the number of items that were sent before the next.
fn place(number: u64, next: u64) -> u64 {
    number << 32 | next & u64::from(u32::MAX)
}

/// A channel that keeps `capacity` items, rounded up to a power of two, for receivers that are behind.
///
/// # Panics
///
/// If `capacity` is 0 or more than half of `usize::MAX`.
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (tx, rx) = real::channel(capacity);
    let site = Location::caller();
    let tx = Sender::from_real(tx, capacity, site);
    let place = tx.shared.join();
    let rx = Receiver::from_real(rx, &tx, place, site);
    (tx, rx)
}

/// A sending handle.
pub struct Sender<T> {
    real: Held<real::Sender<T>>,
    shared: Arc<Shared>,
}

impl<T> Sender<T> {
    /// A channel with no receiver yet. As [`channel`].
    ///
    /// # Panics
    ///
    /// As [`channel`].
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        let site = Location::caller();
        let tx = Sender::from_real(real::Sender::new(capacity), capacity, site);
        // An engine takes a new channel to have a receiver.
        tx.real.object.effect(OpKind::DropReceiver, 0, site, || ());
        tx
    }

    fn from_real(real: real::Sender<T>, capacity: usize, site: Site) -> Self {
        let capacity = Some(capacity.next_power_of_two());
        let kind = ObjectKind::Channel { flavor: Flavor::Broadcast, capacity };
        let object = Object::new_at(kind, site);
        let real = Held::new(real, object, OpKind::DropSender, 0, site);
        Sender { real, shared: Arc::default() }
    }

    /// Sends an item to every receiver there is, never waiting; gives their number. The oldest item goes
    /// where the channel is full.
    ///
    /// # Errors
    ///
    /// Gives the item back if there is no receiver.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        let (object, site) = (self.real.object, Location::caller());
        let id = object.identity(&value);
        let send = || {
            let sent = self.real.send(value);
            self.shared.sends.fetch_add(u64::from(sent.is_ok()), Ordering::Relaxed);
            sent
        };
        object.op(OpKind::TrySend, id, site, send, |sent| match sent {
            Ok(receivers) => seen::count(receivers),
            Err(_) => Outcome::CLOSED,
        })
    }

    /// A new receiver, which gets what is sent from here on.
    #[track_caller]
    pub fn subscribe(&self) -> Receiver<T> {
        let site = Location::caller();
        let subscribe = || (self.real.subscribe(), self.shared.join());
        let (real, place) = self.real.object.effect(OpKind::Subscribe, 0, site, subscribe);
        Receiver::from_real(real, self, place, site)
    }

    /// The number of items that some receiver has yet to see.
    #[track_caller]
    pub fn len(&self) -> usize {
        self.look(OpKind::Len, Location::caller(), real::Sender::len, seen::count)
    }

    /// Whether every item was seen by every receiver.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.look(OpKind::Len, Location::caller(), real::Sender::is_empty, seen::flag)
    }

    /// The number of receivers.
    #[track_caller]
    pub fn receiver_count(&self) -> usize {
        let count = real::Sender::receiver_count;
        self.look(OpKind::Len, Location::caller(), count, seen::count)
    }

    fn look<R>(
        &self,
        kind: OpKind,
        site: Site,
        real: impl FnOnce(&real::Sender<T>) -> R,
        outcome: fn(&R) -> Outcome,
    ) -> R {
        self.real.object.op(kind, 0, site, || real(&self.real), outcome)
    }

    /// Waits until there is no receiver.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let (object, site) = (self.real.object, Location::caller());
        async move {
            let mut closed = pin!(self.real.closed());
            poll_fn(|cx| {
                let real = |cx: &mut Context<'_>| closed.as_mut().poll(cx);
                object.poll(OpKind::Closed, 0, site, cx, real, seen::done)
            })
            .await
        }
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
        Sender { real, shared: self.shared.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// A receiving handle: it sees every item that was sent since it was made, unless it is overtaken.
pub struct Receiver<T> {
    real: Held<real::Receiver<T>>,
    shared: Arc<Shared>,
    place: Place,
}

impl<T> Receiver<T> {
    fn from_real(real: real::Receiver<T>, tx: &Sender<T>, place: Place, site: Site) -> Self {
        let real = Held::new(real, tx.real.object, OpKind::DropReceiver, 0, site);
        Receiver { real, shared: tx.shared.clone(), place }
    }

    fn with(&self) -> With {
        With { value: self.place.value(), ..With::default() }
    }

    /// The number of items that were sent and not received here, those that are gone included.
    #[track_caller]
    pub fn len(&self) -> usize {
        let (object, site) = (self.real.object, Location::caller());
        object.op_with(OpKind::Len, self.with(), site, || self.real.len(), seen::count)
    }

    /// Whether every item that was sent was received here.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        let (object, site) = (self.real.object, Location::caller());
        object.op_with(OpKind::Len, self.with(), site, || self.real.is_empty(), seen::flag)
    }

    /// Whether every sender is gone.
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

impl<T: Clone> Receiver<T> {
    /// A new receiver, which gets what is sent from here on.
    #[track_caller]
    pub fn resubscribe(&self) -> Self {
        let (object, site) = (self.real.object, Location::caller());
        let subscribe = || (self.real.resubscribe(), self.shared.join());
        let (real, place) = object.effect(OpKind::Subscribe, 0, site, subscribe);
        Receiver { real: self.real.sibling(real, site), shared: self.shared.clone(), place }
    }

    /// Receives the next item, waiting for one.
    ///
    /// # Errors
    ///
    /// `Closed` once every sender is gone and every item was received; `Lagged` if items went before this
    /// receiver came to them: how many. It goes on with the oldest that is left.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no item was received.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        self.recv_at(Location::caller())
    }

    pub(crate) fn recv_at(&mut self, site: Site) -> impl Future<Output = Result<T, RecvError>> {
        let (object, with) = (self.real.object, self.with());
        async move {
            let Receiver { real, place, .. } = self;
            let mut recv = pin!(real.recv());
            poll_fn(|cx| {
                let real = |cx: &mut Context<'_>| recv.as_mut().poll(cx);
                object.poll_with(OpKind::Recv, with, site, cx, real, |result| match result {
                    Ok(_) => place.took(),
                    Err(RecvError::Closed) => Outcome::CLOSED,
                    Err(RecvError::Lagged(n)) => place.missed(*n),
                })
            })
            .await
        }
    }

    /// The same as [`recv`](Self::recv), blocking.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    ///
    /// In an async task: use it in `spawn_blocking`.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        match blocking() {
            Some(blocking) => blocking.on(self.recv()),
            None => self.real.blocking_recv(),
        }
    }

    /// Receives the next item if there is one.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv), and if there is none now.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let (object, site, with) = (self.real.object, Location::caller(), self.with());
        let Receiver { real, place, .. } = self;
        object.op_with(
            OpKind::TryRecv,
            with,
            site,
            || real.try_recv(),
            |result| match result {
                Ok(_) => place.took(),
                Err(TryRecvError::Empty) => Outcome::BUSY,
                Err(TryRecvError::Closed) => Outcome::CLOSED,
                Err(TryRecvError::Lagged(n)) => place.missed(*n),
            },
        )
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
