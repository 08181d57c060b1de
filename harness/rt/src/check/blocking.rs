//! Locks that block the thread: those of std, wrapped.
//!
//! An engine does `LockBlocking` only once the mutex is free, so the real lock inside never blocks. Its
//! outcome is `Done(1)` where the mutex is poisoned. An unlock says which value it leaves.

use super::engine::{ObjectKind, OpKind, Outcome, Site};
use super::object::Object;
use super::sync::held::Held;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync as real;

pub use std::sync::{LockResult, PoisonError};

/// A mutex that blocks. Never hold it across an await.
pub struct Mutex<T: ?Sized> {
    object: Object,
    real: real::Mutex<T>,
}

impl<T> Mutex<T> {
    /// A mutex, unlocked. Not `const`: in a `static` it would be state that outlives an execution.
    #[track_caller]
    pub fn new(t: T) -> Self {
        Mutex { object: Object::new(ObjectKind::BlockingMutex), real: real::Mutex::new(t) }
    }

    /// The value. Nobody else has the mutex: no operation.
    ///
    /// # Errors
    ///
    /// If a thread panicked while holding the mutex. The value is in the error.
    pub fn into_inner(self) -> LockResult<T> {
        self.real.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, blocking.
    ///
    /// # Errors
    ///
    /// If a thread panicked while holding the mutex. The guard is in the error.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let (object, site) = (self.object, Location::caller());
        let lock = || self.real.lock();
        let real = object.op(OpKind::LockBlocking, 0, site, lock, |locked| {
            Outcome::Done(u64::from(locked.is_err()))
        });
        match real {
            Ok(real) => Ok(MutexGuard::new(real, object, site)),
            Err(poison) => {
                Err(PoisonError::new(MutexGuard::new(poison.into_inner(), object, site)))
            }
        }
    }

    /// The value. Nobody else has the mutex: no operation.
    ///
    /// # Errors
    ///
    /// If a thread panicked while holding the mutex. The value is in the error.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.real.get_mut()
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

/// What the next holder finds.
fn content<R: Deref>(guard: &R, object: &Object) -> u64 {
    object.identity(&**guard)
}

/// A locked mutex, unlocked when dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    real: Held<real::MutexGuard<'a, T>>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    fn new(real: real::MutexGuard<'a, T>, object: Object, site: Site) -> Self {
        let held = Held::new(real, object, OpKind::UnlockBlocking, 0, site);
        MutexGuard { real: held.leaving(content) }
    }
}

super::sync::guard!(MutexGuard<'a, T>, mut);
