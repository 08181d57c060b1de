//! `Notify`: the real one of tokio, wrapped.
//!
//! Making a [`Notified`] is an operation ([`Listen`](OpKind::Listen)), because `notify_waiters` reaches
//! every future made before it, polled or not: code that looks at its condition first and makes the future
//! second has a lost wakeup between the two.

use super::seen;
use super::waiting::Waiting;
use crate::check::engine::{ObjectKind, OpKind, Site};
use crate::check::object::Object;
use futures::{Notified, OwnedNotified};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::sync as real;

/// Wakes tasks; one call may be stored.
pub struct Notify {
    // Shared, because the real owned futures own it.
    real: Arc<real::Notify>,
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
        Notify { real: Arc::default(), object, calls: AtomicU64::new(0) }
    }

    /// Waits for a notification.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, the place in the queue is lost; a notification that was already received goes
    /// to the next in line.
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        Notified { waiting: self.listen(Location::caller(), || self.real.notified()) }
    }

    /// Waits for a notification, with a future that owns this. As [`notified`](Self::notified).
    #[track_caller]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        let listen = || self.real.clone().notified_owned();
        OwnedNotified { waiting: self.listen(Location::caller(), listen) }
    }

    fn listen<F: Future<Output = ()>>(&self, site: Site, real: impl FnOnce() -> F) -> Waiting<F> {
        let listen = || (real(), self.calls.load(Ordering::Relaxed));
        let (real, calls) = self.object.effect(OpKind::Listen, 0, site, listen);
        let ops = (OpKind::Notified, OpKind::DropNotified);
        Waiting::new(self.object, ops, 0, site, real, seen::done).saying(calls)
    }

    /// Wakes one waiter; with none, stores the notification for the next.
    #[track_caller]
    pub fn notify_one(&self) {
        self.object.effect(OpKind::NotifyOne, 0, Location::caller(), || self.real.notify_one());
    }

    /// Wakes the waiter that came last; with none, stores the notification for the next.
    #[track_caller]
    pub fn notify_last(&self) {
        self.object.effect(OpKind::NotifyLast, 0, Location::caller(), || self.real.notify_last());
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

    macro_rules! notified {
        ($(#[$doc:meta])* $future:ident $(<$a:lifetime>)?) => {
            pin_project! {
                $(#[$doc])*
                #[must_use = "futures do nothing unless you `.await` or poll them"]
                pub struct $future $(<$a>)? {
                    #[pin]
                    pub(super) waiting: Waiting<real::futures::$future $(<$a>)?>,
                }
            }

            impl $(<$a>)? $future $(<$a>)? {
                /// Takes a place in the queue before the first poll. Whether it is notified already.
                pub fn enable(self: Pin<&mut Self>) -> bool {
                    self.project().waiting.register(|real| real.enable())
                }
            }

            impl $(<$a>)? Future for $future $(<$a>)? {
                type Output = ();

                fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                    self.project().waiting.poll(cx)
                }
            }

            impl $(<$a>)? fmt::Debug for $future $(<$a>)? {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($future)).finish_non_exhaustive()
                }
            }
        };
    }

    notified!(
        /// See [`Notify::notified`].
        Notified<'a>
    );
    notified!(
        /// See [`Notify::notified_owned`].
        OwnedNotified
    );
}
