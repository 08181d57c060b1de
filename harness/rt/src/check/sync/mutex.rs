//! `Mutex` and its guards: the real ones of tokio, wrapped.
//!
//! The argument of each operation is 1, the permit that a lock is; a release says which value it leaves. A
//! `Mutex<dyn Trait>` can be named but not made: the real lock is behind an `Arc`, which its owned guards
//! need.

use super::held::Held;
use super::seen;
use super::waiting::Waiting;
use crate::check::block_on::blocking;
use crate::check::engine::{ObjectKind, OpKind, Site};
use crate::check::object::Object;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;
use tokio::sync::{self as real, TryLockError};

/// An async mutex, first come first served.
pub struct Mutex<T: ?Sized> {
    object: Object,
    real: Arc<real::Mutex<T>>,
}

/// What the next holder finds.
fn content<R: Deref>(guard: &R, object: &Object) -> u64 {
    object.identity(&**guard)
}

fn held<R: Deref>(real: R, object: Object, site: Site) -> Held<R> {
    Held::new(real, object, OpKind::Release, 1, site).leaving(content)
}

const ACQUIRE: (OpKind, OpKind) = (OpKind::Acquire, OpKind::DropAcquire);

impl<T> Mutex<T> {
    /// A mutex, unlocked.
    #[track_caller]
    pub fn new(t: T) -> Self {
        Mutex { object: Object::new(ObjectKind::Mutex), real: Arc::new(real::Mutex::new(t)) }
    }

    /// The value. Nobody else has the mutex: no operation.
    pub fn into_inner(self) -> T {
        Arc::into_inner(self.real).expect("a guard keeps its mutex").into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, waiting.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, the mutex is not locked and the place in the queue is lost.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let (object, site) = (self.object, Location::caller());
        async move {
            let real = Waiting::new(object, ACQUIRE, 1, site, self.real.lock(), seen::done).await;
            let real = held(real, object, site);
            MutexGuard { real, lock: self }
        }
    }

    /// Locks if it is free.
    ///
    /// # Errors
    ///
    /// If it is locked.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let (object, site) = (self.object, Location::caller());
        let real = || self.real.try_lock();
        let real = object.op(OpKind::TryAcquire, 1, site, real, seen::or_busy)?;
        let real = held(real, object, site);
        Ok(MutexGuard { real, lock: self })
    }

    /// Locks, blocking.
    ///
    /// # Panics
    ///
    /// In an async task: use it in `spawn_blocking`.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        match blocking() {
            Some(blocking) => blocking.on(self.lock()),
            None => {
                let real = self.real.blocking_lock();
                MutexGuard { real: held(real, self.object, Location::caller()), lock: self }
            }
        }
    }

    /// Locks, blocking, with a guard that owns the mutex.
    ///
    /// # Panics
    ///
    /// In an async task: use it in `spawn_blocking`.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        match blocking() {
            Some(blocking) => blocking.on(self.lock_owned()),
            None => {
                let real = self.real.clone().blocking_lock_owned();
                let real = held(real, self.object, Location::caller());
                OwnedMutexGuard { real, lock: self }
            }
        }
    }

    /// Locks, waiting, with a guard that owns the mutex. As [`lock`](Self::lock).
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        let (object, site) = (self.object, Location::caller());
        async move {
            let real = self.real.clone().lock_owned();
            let real = Waiting::new(object, ACQUIRE, 1, site, real, seen::done).await;
            let real = held(real, object, site);
            OwnedMutexGuard { real, lock: self }
        }
    }

    /// Locks if it is free, with a guard that owns the mutex.
    ///
    /// # Errors
    ///
    /// If it is locked.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        let (object, site) = (self.object, Location::caller());
        let real = || self.real.clone().try_lock_owned();
        let real = object.op(OpKind::TryAcquire, 1, site, real, seen::or_busy)?;
        let real = held(real, object, site);
        Ok(OwnedMutexGuard { real, lock: self })
    }

    /// The value. Nobody else has the mutex: no operation.
    pub fn get_mut(&mut self) -> &mut T {
        Arc::get_mut(&mut self.real).expect("a guard keeps its mutex").get_mut()
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(t: T) -> Self {
        Mutex::new(t)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

/// A locked mutex, unlocked when dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    real: Held<real::MutexGuard<'a, T>>,
    lock: &'a Mutex<T>,
}

/// A locked mutex, unlocked when dropped, that it owns.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMutexGuard<T: ?Sized> {
    // Before the mutex, so that whoever is left with the mutex is alone with it.
    real: Held<real::OwnedMutexGuard<T>>,
    lock: Arc<Mutex<T>>,
}

/// A part of what is behind a locked mutex, unlocked when dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    real: Held<real::MappedMutexGuard<'a, T>>,
}

/// A part of what is behind a locked mutex, unlocked when dropped, that it owns.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    // As above.
    real: Held<real::OwnedMappedMutexGuard<T, U>>,
    lock: Arc<Mutex<T>>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex.
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.lock
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// The mutex.
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.lock
    }
}

super::guard!(MutexGuard<'a, T>, mut);
super::guard!(OwnedMutexGuard<T>, mut);
super::guard!(MappedMutexGuard<'a, T>, mut);
super::guard!(OwnedMappedMutexGuard<T, U>, mut);

super::map!(
    ['a, T: ?Sized] MutexGuard['a, T] sees T { lock }
    => [U: ?Sized, F] MappedMutexGuard['a, U] sees U {} mut
);
super::map!(
    ['a, T: ?Sized] MappedMutexGuard['a, T] sees T {}
    => [U, F] MappedMutexGuard['a, U] sees U {} mut
);
super::map!(
    [T: ?Sized] OwnedMutexGuard[T] sees T { lock }
    => [U: ?Sized, F] OwnedMappedMutexGuard[T, U] sees U { lock } mut
);
super::map!(
    [T: ?Sized, U: ?Sized] OwnedMappedMutexGuard[T, U] sees U { lock }
    => [S, F] OwnedMappedMutexGuard[T, S] sees S { lock } mut
);
