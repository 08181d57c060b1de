//! `RwLock` and its guards: the real ones of tokio, wrapped.
//!
//! Reading is `AcquireShared`, writing is `Acquire`; the argument of either is 1. The end of writing says
//! which value it leaves. As with
//! [`Mutex`](super::Mutex), an `RwLock<dyn Trait>` can be named but not made.

use super::held::Held;
use super::seen;
use super::waiting::Waiting;
use crate::check::engine::{ObjectKind, OpKind};
use crate::check::object::Object;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;
use tokio::sync::{self as real, TryLockError};

/// An async readers-writer lock, first come first served: a waiting writer blocks new readers.
pub struct RwLock<T: ?Sized> {
    object: Object,
    real: Arc<real::RwLock<T>>,
}

impl<T> RwLock<T> {
    /// A lock, free.
    #[track_caller]
    pub fn new(value: T) -> Self {
        RwLock { object: Object::new(ObjectKind::RwLock), real: Arc::new(real::RwLock::new(value)) }
    }

    /// The value. Nobody else has the lock: no operation.
    pub fn into_inner(self) -> T {
        Arc::into_inner(self.real).expect("a guard keeps its lock").into_inner()
    }
}

/// The four ways to lock for `$acquire`.
macro_rules! lock {
    (
        $what:literal, $lock:ident, $try_lock:ident -> $guard:ident,
        $lock_owned:ident, $try_lock_owned:ident -> $owned:ident,
        $acquire:ident, $try_acquire:ident, $release:ident, $leaves:expr
    ) => {
        impl<T: ?Sized> RwLock<T> {
            #[doc = concat!("Locks for ", $what, ", waiting.")]
            ///
            /// # Cancel safety
            ///
            /// If dropped early, the lock is not taken and the place in the queue is lost.
            #[track_caller]
            pub fn $lock(&self) -> impl Future<Output = $guard<'_, T>> {
                let (object, site) = (self.object, Location::caller());
                async move {
                    let ops = (OpKind::$acquire, OpKind::DropAcquire);
                    let real = Waiting::new(object, ops, 1, site, self.real.$lock(), seen::done);
                    $guard { real: Held::new(real.await, object, OpKind::$release, 1, site).leaving($leaves) }
                }
            }

            #[doc = concat!("Locks for ", $what, " if it is free.")]
            ///
            /// # Errors
            ///
            /// If it is not.
            #[track_caller]
            pub fn $try_lock(&self) -> Result<$guard<'_, T>, TryLockError> {
                let (object, site) = (self.object, Location::caller());
                let real = || self.real.$try_lock();
                let real = object.op(OpKind::$try_acquire, 1, site, real, seen::or_busy)?;
                Ok($guard { real: Held::new(real, object, OpKind::$release, 1, site).leaving($leaves) })
            }

            #[doc = concat!("Locks for ", $what, ", waiting, with a guard that owns the lock.")]
            ///
            /// # Cancel safety
            ///
            /// If dropped early, the lock is not taken and the place in the queue is lost.
            #[track_caller]
            pub fn $lock_owned(self: Arc<Self>) -> impl Future<Output = $owned<T>> {
                let (object, site) = (self.object, Location::caller());
                async move {
                    let ops = (OpKind::$acquire, OpKind::DropAcquire);
                    let real = self.real.clone().$lock_owned();
                    let real = Waiting::new(object, ops, 1, site, real, seen::done).await;
                    let real = Held::new(real, object, OpKind::$release, 1, site).leaving($leaves);
                    $owned { real, lock: self }
                }
            }

            #[doc = concat!("Locks for ", $what, " if it is free, with a guard that owns the lock.")]
            ///
            /// # Errors
            ///
            /// If it is not.
            #[track_caller]
            pub fn $try_lock_owned(self: Arc<Self>) -> Result<$owned<T>, TryLockError> {
                let (object, site) = (self.object, Location::caller());
                let real = || self.real.clone().$try_lock_owned();
                let real = object.op(OpKind::$try_acquire, 1, site, real, seen::or_busy)?;
                let real = Held::new(real, object, OpKind::$release, 1, site).leaving($leaves);
                Ok($owned { real, lock: self })
            }
        }
    };
}

lock!(
    "reading", read, try_read -> RwLockReadGuard,
    read_owned, try_read_owned -> OwnedRwLockReadGuard,
    AcquireShared, TryAcquireShared, ReleaseShared, |_, _| 0
);
lock!(
    "writing", write, try_write -> RwLockWriteGuard,
    write_owned, try_write_owned -> OwnedRwLockWriteGuard,
    Acquire, TryAcquire, Release, |guard, object| object.identity(&**guard)
);

impl<T: ?Sized> RwLock<T> {
    /// The value. Nobody else has the lock: no operation.
    pub fn get_mut(&mut self) -> &mut T {
        Arc::get_mut(&mut self.real).expect("a guard keeps its lock").get_mut()
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").finish_non_exhaustive()
    }
}

/// Locked for reading, until dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    real: Held<real::RwLockReadGuard<'a, T>>,
}

/// Locked for writing, until dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    real: Held<real::RwLockWriteGuard<'a, T>>,
}

/// Locked for reading, until dropped, owning the lock.
pub struct OwnedRwLockReadGuard<T: ?Sized> {
    // Before the lock, so that whoever is left with the lock is alone with it.
    real: Held<real::OwnedRwLockReadGuard<T>>,
    lock: Arc<RwLock<T>>,
}

/// Locked for writing, until dropped, owning the lock.
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    // As above.
    real: Held<real::OwnedRwLockWriteGuard<T>>,
    lock: Arc<RwLock<T>>,
}

impl<T: ?Sized> OwnedRwLockReadGuard<T> {
    /// The lock.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// The lock.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}

super::guard!(RwLockReadGuard<'a, T>);
super::guard!(RwLockWriteGuard<'a, T>, mut);
super::guard!(OwnedRwLockReadGuard<T>);
super::guard!(OwnedRwLockWriteGuard<T>, mut);
