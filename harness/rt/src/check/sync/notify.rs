//! `Notify`: the real one of tokio, wrapped.
//!
//! Making a [`Notified`] is an operation ([`Listen`](OpKind::Listen)), because `notify_waiters` reaches
//! every future made before it, polled or not: code that looks at its condition first and makes the future
//! second has a lost wakeup between the two.

use super::seen;
use super::waiting::Waiting;
use crate::check::engine::{ObjectKind, OpKind};
use crate::check::object::Object;
use futures::Notified;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::sync as real;

/// Wakes tasks; one call may be stored.
pub struct Notify {
    real: real::Notify,
    object: Object,
    /// Calls of `notify_waiters`, which the real one does not tell. Exact under an engine, which does one
    /// operation at a time; with none it is not looked at.
    calls: AtomicU64,
}

impl Notify {
    /// A new one, with nothing stored.
    #[track_caller]
    pub fn new() -> Self {
        let object = Object::new(ObjectKind::Notify);
        Notify { real: real::Notify::new(), object, calls: AtomicU64::new(0) }
    }

    /// Waits for a notification.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, the place in the queue is lost; a notification that was already received goes
    /// to the next in line.
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        let site = Location::caller();
        let listen = || (self.real.notified(), self.calls.load(Ordering::Relaxed));
        let (real, calls) = self.object.effect(OpKind::Listen, 0, site, listen);
        let ops = (OpKind::Notified, OpKind::DropNotified);
        let waiting = Waiting::new(self.object, ops, 0, site, real, seen::done).saying(calls);
        Notified { waiting }
    }

    /// Wakes one waiter; with none, stores the notification for the next.
    #[track_caller]
    pub fn notify_one(&self) {
        self.object.effect(OpKind::NotifyOne, 0, Location::caller(), || self.real.notify_one());
    }

    /// Wakes every future made so far; stores nothing.
    #[track_caller]
    pub fn notify_waiters(&self) {
        let real = || {
            self.calls.fetch_add(1, Ordering::Relaxed);
            self.real.notify_waiters();
        };
        self.object.effect(OpKind::NotifyWaiters, 0, Location::caller(), real);
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").finish_non_exhaustive()
    }
}

/// The named futures of this module.
pub mod futures {
    use super::*;

    pin_project! {
        /// See [`Notify::notified`].
        #[must_use = "futures do nothing unless you `.await` or poll them"]
        pub struct Notified<'a> {
            #[pin]
            pub(super) waiting: Waiting<real::futures::Notified<'a>>,
        }
    }

    impl Notified<'_> {
        /// Takes a place in the queue before the first poll. Whether it is notified already.
        pub fn enable(self: Pin<&mut Self>) -> bool {
            self.project().waiting.register(|real| real.enable())
        }
    }

    impl Future for Notified<'_> {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            self.project().waiting.poll(cx)
        }
    }

    impl fmt::Debug for Notified<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Notified").finish_non_exhaustive()
        }
    }
}
