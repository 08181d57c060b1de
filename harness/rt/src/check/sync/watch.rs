//! The latest value, to many: `tokio::sync::watch`, wrapped.
//!
//! 1. Every way to send is a `TrySend`: it never waits. Outcome `Done(1)` says that the task also saw the
//!    value that was there before (`send_replace`, `send_modify`, `send_if_modified`).
//! 2. The argument of `Changed` is the version that the receiver has seen, counted in sends.
//! 3. A [`Ref`] holds a lock that blocks its thread. Tasks under an engine share a thread, so a send while
//!    another task holds one could never go on: it panics instead, and says why.

use super::held::Held;
use super::seen;
use crate::check::engine::{Flavor, ObjectKind, OpKind, Outcome, Site};
use crate::check::object::Object;
use error::{RecvError, SendError};
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::sync::watch as real;

pub use tokio::sync::watch::error;

/// What the real channel does not tell. Exact under an engine, which does one operation at a time;
/// with none it is not looked at.
#[derive(Default)]
struct Shared {
    sends: AtomicU64,
    refs: AtomicUsize,
}

impl Shared {
    fn version(&self) -> u64 {
        self.sends.load(Ordering::Relaxed)
    }

    fn lend<'a, T>(&'a self, real: real::Ref<'a, T>) -> Ref<'a, T> {
        self.refs.fetch_add(1, Ordering::Relaxed);
        Ref { real, _lent: Lent(self) }
    }
}

/// A channel that holds `init`.
#[track_caller]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let (tx, rx) = real::channel(init);
    let site = Location::caller();
    let object =
        Object::new_at(ObjectKind::Channel { flavor: Flavor::Watch, capacity: None }, site);
    let shared = Arc::new(Shared::default());
    let tx = Held::new(tx, object, OpKind::DropSender, 0, site);
    let rx = Held::new(rx, object, OpKind::DropReceiver, 0, site);
    (Sender { real: tx, shared: shared.clone() }, Receiver { real: rx, shared, seen: 0 })
}

/// A sending handle.
pub struct Sender<T> {
    real: Held<real::Sender<T>>,
    shared: Arc<Shared>,
}

impl<T> Sender<T> {
    /// A channel that holds `init`, with no receiver yet.
    #[track_caller]
    pub fn new(init: T) -> Self {
        channel(init).0
    }

    /// Sends a new value.
    ///
    /// # Errors
    ///
    /// Gives it back if there is no receiver.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let id = self.real.object.identity(&value);
        let send = |real: &real::Sender<T>| real.send(value);
        self.sending(id, Location::caller(), send, |r| r.is_ok(), seen::or_closed)
    }

    /// Sends a new value, also to nobody, and gives the old one.
    #[track_caller]
    pub fn send_replace(&self, value: T) -> T {
        let id = self.real.object.identity(&value);
        let send = |real: &real::Sender<T>| real.send_replace(value);
        self.sending(id, Location::caller(), send, |_| true, |_| Outcome::Done(1))
    }

    /// Modifies the value in place and tells the receivers.
    #[track_caller]
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        // What it will write is not known yet: it comes from what the closure holds.
        let id = self.real.object.identity(&modify);
        let send = |real: &real::Sender<T>| real.send_modify(modify);
        self.sending(id, Location::caller(), send, |()| true, |()| Outcome::Done(1));
    }

    /// Modifies the value in place and tells the receivers if `modify` says so.
    #[track_caller]
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        let id = self.real.object.identity(&modify);
        let send = |real: &real::Sender<T>| real.send_if_modified(modify);
        self.sending(id, Location::caller(), send, |sent| *sent, |_| Outcome::Done(1))
    }

    /// A look at the value. Do nothing else while holding it: it blocks senders.
    #[track_caller]
    pub fn borrow(&self) -> Ref<'_, T> {
        let site = Location::caller();
        let real = self.real.object.effect(OpKind::Borrow, 0, site, || self.real.borrow());
        self.shared.lend(real)
    }

    /// A new receiver, which has seen the value that is there now.
    #[track_caller]
    pub fn subscribe(&self) -> Receiver<T> {
        let (object, site) = (self.real.object, Location::caller());
        // A look first: unlike a clone, it depends on what is there.
        let (real, seen) = object
            .effect(OpKind::Borrow, 0, site, || (self.real.subscribe(), self.shared.version()));
        object.effect(OpKind::CloneReceiver, 0, site, || ());
        let real = Held::new(real, object, OpKind::DropReceiver, 0, site);
        Receiver { real, shared: self.shared.clone(), seen }
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

    /// Whether there is no receiver.
    #[track_caller]
    pub fn is_closed(&self) -> bool {
        let site = Location::caller();
        self.real.object.op(OpKind::IsClosed, 0, site, || self.real.is_closed(), seen::flag)
    }

    /// Whether `other` is a handle of the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.real.same_channel(&other.real)
    }

    fn sending<R>(
        &self,
        id: u64,
        site: Site,
        send: impl FnOnce(&real::Sender<T>) -> R,
        sent: impl FnOnce(&R) -> bool,
        outcome: impl FnOnce(&R) -> Outcome,
    ) -> R {
        let object = self.real.object;
        let checked = object.engine().is_some();
        let real = || {
            if checked && self.shared.refs.load(Ordering::Relaxed) > 0 {
                return None;
            }
            let result = send(&self.real);
            self.shared.sends.fetch_add(u64::from(sent(&result)), Ordering::Relaxed);
            Some(result)
        };
        let outcome = |result: &Option<R>| result.as_ref().map_or(Outcome::BUSY, outcome);
        object.op(OpKind::TrySend, id, site, real, outcome).unwrap_or_else(|| {
            panic!(
                "watch value sent at {site} while a `watch::Ref` is held over another operation: \
                 it would block its thread"
            )
        })
    }
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let real = self.real.cloned(OpKind::CloneSender, Location::caller());
        Sender { real, shared: self.shared.clone() }
    }
}

impl<T: Default> Default for Sender<T> {
    #[track_caller]
    fn default() -> Self {
        Sender::new(T::default())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// A receiving handle: the value, and which version of it was seen.
pub struct Receiver<T> {
    real: Held<real::Receiver<T>>,
    shared: Arc<Shared>,
    seen: u64,
}

impl<T> Receiver<T> {
    /// A look at the value, which it does not mark as seen. Do nothing else while holding it: it
    /// blocks senders.
    #[track_caller]
    pub fn borrow(&self) -> Ref<'_, T> {
        let site = Location::caller();
        let real = self.real.object.effect(OpKind::Borrow, 0, site, || self.real.borrow());
        self.shared.lend(real)
    }

    /// A look at the value, which it marks as seen. Do nothing else while holding it: it blocks senders.
    #[track_caller]
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        self.borrow_and_update_at(Location::caller())
    }

    pub(crate) fn borrow_and_update_at(&mut self, site: Site) -> Ref<'_, T> {
        let object = self.real.object;
        let Receiver { real, shared, seen } = self;
        let real = object.effect(OpKind::Borrow, 0, site, || {
            *seen = shared.version();
            real.borrow_and_update()
        });
        shared.lend(real)
    }

    /// Whether there is a value that was not seen: `Done(1)` for no, `Done(2)` for yes.
    ///
    /// # Errors
    ///
    /// If every sender is gone.
    #[track_caller]
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let site = Location::caller();
        let real = || self.real.has_changed();
        self.real.object.op(OpKind::Borrow, 0, site, real, |changed| match changed {
            Ok(changed) => Outcome::Done(1 + u64::from(*changed)),
            Err(_) => Outcome::CLOSED,
        })
    }

    /// Waits for a value that was not seen, and marks it as seen.
    ///
    /// # Errors
    ///
    /// If every sender is gone.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no value was marked as seen.
    #[track_caller]
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        self.changed_at(Location::caller())
    }

    /// Waits for a value that `f` accepts.
    ///
    /// # Errors
    ///
    /// If every sender is gone and the last value is not accepted.
    #[track_caller]
    pub fn wait_for(
        &mut self,
        mut f: impl FnMut(&T) -> bool,
    ) -> impl Future<Output = Result<Ref<'_, T>, RecvError>> {
        let site = Location::caller();
        async move {
            if self.real.object.engine().is_none() {
                let Receiver { real, shared, .. } = self;
                return Ok(shared.lend(real.wait_for(f).await?));
            }
            // The real one shows `f` several values in one poll. Each is something that the task
            // learns, so here each is an operation: a look, then a wait for the next.
            while !self.accepts(&mut f, site) {
                self.changed_at(site).await?;
            }
            // Still the same step of this task: nobody can have sent in between.
            Ok(self.shared.lend(self.real.borrow()))
        }
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

    fn accepts(&mut self, f: &mut impl FnMut(&T) -> bool, site: Site) -> bool {
        let object = self.real.object;
        object.effect(OpKind::Borrow, 0, site, || {
            self.seen = self.shared.version();
            f(&self.real.borrow_and_update())
        })
    }

    pub(crate) async fn changed_at(&mut self, site: Site) -> Result<(), RecvError> {
        let Receiver { real, shared, seen } = self;
        let object = real.object;
        let mut changed = pin!(real.changed());
        poll_fn(|cx| {
            let version = *seen;
            let real = |cx: &mut Context<'_>| {
                let result = changed.as_mut().poll(cx);
                if matches!(result, Poll::Ready(Ok(()))) {
                    *seen = shared.version();
                }
                result
            };
            object.poll(OpKind::Changed, version, site, cx, real, seen::or_closed)
        })
        .await
    }
}

impl<T> Clone for Receiver<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let real = self.real.cloned(OpKind::CloneReceiver, Location::caller());
        Receiver { real, shared: self.shared.clone(), seen: self.seen }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// The value, while no sender can change it.
pub struct Ref<'a, T> {
    real: real::Ref<'a, T>,
    _lent: Lent<'a>,
}

impl<T> Ref<'_, T> {
    /// Whether the receiver had not seen it before.
    pub fn has_changed(&self) -> bool {
        self.real.has_changed()
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.real
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ref").field(&**self).finish()
    }
}

struct Lent<'a>(&'a Shared);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.refs.fetch_sub(1, Ordering::Relaxed);
    }
}
