//! `RwLock` and its guards: the real ones of tokio, wrapped.
//!
//! Reading is `AcquireShared`, writing is `Acquire`; the argument of either is 1. The end of writing says
//! which value it leaves. As with
//! [`Mutex`](super::Mutex), an `RwLock<dyn Trait>` can be named but not made.

use super::held::Held;
use super::seen;
use super::waiting::Waiting;
use crate::check::block_on::blocking;
use crate::check::engine::{ObjectKind, OpKind};
use crate::check::object::{Object, With};
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

/// The five ways to lock for `$acquire`.
macro_rules! lock {
    (
        $what:literal, $lock:ident, $try_lock:ident, $blocking:ident -> $guard:ident,
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

            #[doc = concat!("Locks for ", $what, ", blocking.")]
            ///
            /// # Panics
            ///
            /// In an async task: use it in `spawn_blocking`.
            #[track_caller]
            pub fn $blocking(&self) -> $guard<'_, T> {
                match blocking() {
                    Some(blocking) => blocking.on(self.$lock()),
                    None => {
                        let (object, site) = (self.object, Location::caller());
                        let real = Held::new(self.real.$blocking(), object, OpKind::$release, 1, site);
                        $guard { real: real.leaving($leaves) }
                    }
                }
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
    "reading", read, try_read, blocking_read -> RwLockReadGuard,
    read_owned, try_read_owned -> OwnedRwLockReadGuard,
    AcquireShared, TryAcquireShared, ReleaseShared, |_, _| 0
);
lock!(
    "writing", write, try_write, blocking_write -> RwLockWriteGuard,
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
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    // Before the lock, so that whoever is left with the lock is alone with it.
    real: Held<real::OwnedRwLockReadGuard<T, U>>,
    lock: Arc<RwLock<T>>,
}

/// Locked for writing, until dropped, owning the lock.
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    // As above.
    real: Held<real::OwnedRwLockWriteGuard<T>>,
    lock: Arc<RwLock<T>>,
}

/// A part of what is behind a lock, locked for writing until dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    real: Held<real::RwLockMappedWriteGuard<'a, T>>,
}

/// A part of what is behind a lock, locked for writing until dropped, owning the lock.
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    // As above.
    real: Held<real::OwnedRwLockMappedWriteGuard<T, U>>,
    lock: Arc<RwLock<T>>,
}

/// Gives up writing and keeps reading, in one operation. See [`OpKind::Downgrade`].
macro_rules! downgrade {
    ([$($generics:tt)*] $guard:ident [$($args:tt)*] $({ $lock:ident })?
        => $read:ident [$($read_args:tt)*], $mapped:ident [$($mapped_args:tt)*]) => {
        impl<$($generics)*> $guard<$($args)*> {
            /// Goes on with reading only: no other writer comes in between, and waiting readers may.
            #[track_caller]
            pub fn downgrade(self) -> $read<$($args)*> {
                let Self { real, $($lock)? } = self;
                let (object, site) = (real.object, Location::caller());
                let with = With { arg: 1, value: object.identity(&**real), future: 0 };
                let real = real.into_real();
                let real = object.effect_with(OpKind::Downgrade, with, site, || real.downgrade());
                $read { real: Held::new(real, object, OpKind::ReleaseShared, 1, site), $($lock)? }
            }

            /// The same, of the part that `f` gives.
            #[track_caller]
            pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> $read<$($read_args)*>
            where
                F: FnOnce(&T) -> &U,
            {
                $read::map(this.downgrade(), f)
            }

            /// The same guard as one of a part, which is all.
            pub fn into_mapped(this: Self) -> $mapped<$($mapped_args)*> {
                $guard::map(this, |all| all)
            }
        }
    };
}

downgrade!(
    ['a, T: ?Sized] RwLockWriteGuard['a, T]
    => RwLockReadGuard['a, U], RwLockMappedWriteGuard['a, T]
);
downgrade!(
    [T: ?Sized] OwnedRwLockWriteGuard[T] { lock }
    => OwnedRwLockReadGuard[T, U], OwnedRwLockMappedWriteGuard[T]
);

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
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

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// The lock.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}

super::guard!(RwLockReadGuard<'a, T>);
super::guard!(RwLockWriteGuard<'a, T>, mut);
super::guard!(RwLockMappedWriteGuard<'a, T>, mut);
super::guard!(OwnedRwLockReadGuard<T, U>);
super::guard!(OwnedRwLockWriteGuard<T>, mut);
super::guard!(OwnedRwLockMappedWriteGuard<T, U>, mut);

super::map!(
    ['a, T: ?Sized] RwLockReadGuard['a, T] sees T {}
    => [F, U: ?Sized] RwLockReadGuard['a, U] sees U {}
);
super::map!(
    ['a, T: ?Sized] RwLockWriteGuard['a, T] sees T {}
    => [F, U: ?Sized] RwLockMappedWriteGuard['a, U] sees U {} mut
);
super::map!(
    ['a, T: ?Sized] RwLockMappedWriteGuard['a, T] sees T {}
    => [F, U: ?Sized] RwLockMappedWriteGuard['a, U] sees U {} mut
);
super::map!(
    [T: ?Sized, U: ?Sized] OwnedRwLockReadGuard[T, U] sees U { lock }
    => [F, V: ?Sized] OwnedRwLockReadGuard[T, V] sees V { lock }
);
super::map!(
    [T: ?Sized] OwnedRwLockWriteGuard[T] sees T { lock }
    => [F, U: ?Sized] OwnedRwLockMappedWriteGuard[T, U] sees U { lock } mut
);
super::map!(
    [T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard[T, U] sees U { lock }
    => [F, V: ?Sized] OwnedRwLockMappedWriteGuard[T, V] sees V { lock } mut
);
