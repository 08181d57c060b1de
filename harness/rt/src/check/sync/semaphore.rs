//! `Semaphore` and its permits: the real ones of tokio, wrapped.
//!
//! `Forget` has two senses. Of a permit that is held, its argument is what the permit counts. Of permits
//! that are free (`forget_permits`), the argument is 0 and the outcome is how many there were to forget.

use super::held::Held;
use super::seen;
use super::waiting::Waiting;
use crate::check::block_on::blocking;
use crate::check::engine::{ObjectKind, OpKind, Outcome, Site};
use crate::check::object::Object;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use tokio::sync::{self as real, AcquireError, TryAcquireError};

/// Counts permits.
pub struct Semaphore {
    // Shared, because the real owned permits own it.
    real: Arc<real::Semaphore>,
    object: Object,
}

const ACQUIRE: (OpKind, OpKind) = (OpKind::Acquire, OpKind::DropAcquire);

fn tried<R>(result: &Result<R, TryAcquireError>) -> Outcome {
    match result {
        Ok(_) => Outcome::DONE,
        Err(TryAcquireError::NoPermits) => Outcome::BUSY,
        Err(TryAcquireError::Closed) => Outcome::CLOSED,
    }
}

impl Semaphore {
    /// The most permits that a semaphore can hold.
    pub const MAX_PERMITS: usize = real::Semaphore::MAX_PERMITS;

    /// A semaphore with so many permits.
    ///
    /// # Panics
    ///
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        let real = Arc::new(real::Semaphore::new(permits));
        Semaphore { real, object: Object::new(ObjectKind::Semaphore { permits }) }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no permit is taken and the place in the queue is lost.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_many(1)
    }

    /// Waits for `n` permits. As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_many(
        &self,
        n: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let site = Location::caller();
        async move {
            let real = self.real.acquire_many(n);
            let real =
                Waiting::new(self.object, ACQUIRE, n.into(), site, real, seen::or_closed).await?;
            Ok(SemaphorePermit::new(real, n, site, self))
        }
    }

    /// Waits for a permit, blocking.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    ///
    /// # Panics
    ///
    /// In an async task: use it in `spawn_blocking`.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.blocking_acquire_many(1)
    }

    /// Waits for `n` permits, blocking. As [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        match blocking() {
            Some(blocking) => blocking.on(self.acquire_many(n)),
            None => {
                let real = self.real.blocking_acquire_many(n)?;
                Ok(SemaphorePermit::new(real, n, Location::caller(), self))
            }
        }
    }

    /// Takes a permit if one is free.
    ///
    /// # Errors
    ///
    /// If none is, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if they are free. As [`try_acquire`](Self::try_acquire).
    #[track_caller]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let (object, site) = (self.object, Location::caller());
        let real = || self.real.try_acquire_many(n);
        let real = object.op(OpKind::TryAcquire, n.into(), site, real, tried)?;
        Ok(SemaphorePermit::new(real, n, site, self))
    }

    /// Waits for a permit that owns its semaphore. As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_owned(
        self: Arc<Self>,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        self.acquire_many_owned(1)
    }

    /// Waits for `n` permits that own their semaphore. As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let site = Location::caller();
        async move {
            let real = self.real.clone().acquire_many_owned(n);
            let real =
                Waiting::new(self.object, ACQUIRE, n.into(), site, real, seen::or_closed).await?;
            Ok(OwnedSemaphorePermit::new(real, n, site, self))
        }
    }

    /// Waits for a permit that owns its semaphore, blocking. As
    /// [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.blocking_acquire_many_owned(1)
    }

    /// Waits for `n` permits that own their semaphore, blocking. As
    /// [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        match blocking() {
            Some(blocking) => blocking.on(self.acquire_many_owned(n)),
            None => {
                let real = self.real.clone().blocking_acquire_many_owned(n)?;
                Ok(OwnedSemaphorePermit::new(real, n, Location::caller(), self))
            }
        }
    }

    /// Takes a permit that owns its semaphore, if one is free. As [`try_acquire`](Self::try_acquire).
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Takes `n` permits that own their semaphore. As [`try_acquire`](Self::try_acquire).
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        let (object, site) = (self.object, Location::caller());
        let real = || self.real.clone().try_acquire_many_owned(n);
        let real = object.op(OpKind::TryAcquire, n.into(), site, real, tried)?;
        Ok(OwnedSemaphorePermit::new(real, n, site, self))
    }

    /// Adds `n` permits.
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        let real = || self.real.add_permits(n);
        self.object.effect(OpKind::AddPermits, n as u64, Location::caller(), real);
    }

    /// Takes up to `n` free permits away for good. How many there were.
    #[track_caller]
    pub fn forget_permits(&self, n: usize) -> usize {
        let real = || self.real.forget_permits(n);
        self.object.op(OpKind::Forget, 0, Location::caller(), real, seen::count)
    }

    /// The permits that are free now.
    #[track_caller]
    pub fn available_permits(&self) -> usize {
        let real = || self.real.available_permits();
        self.object.op(OpKind::Available, 0, Location::caller(), real, seen::count)
    }

    /// Closes the semaphore: all who wait, and all who come, get an error.
    #[track_caller]
    pub fn close(&self) {
        self.object.effect(OpKind::CloseSemaphore, 0, Location::caller(), || self.real.close());
    }

    /// Whether it is closed.
    #[track_caller]
    pub fn is_closed(&self) -> bool {
        let real = || self.real.is_closed();
        self.object.op(OpKind::IsClosed, 0, Location::caller(), real, seen::flag)
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").finish_non_exhaustive()
    }
}

macro_rules! permit {
    ($permit:ident $(<$a:lifetime>)?, $semaphore:ty $(,)?) => {
        impl $permit $(<$a>)? {
            /// Takes the permits away for good.
            #[track_caller]
            pub fn forget(self) {
                let Held { object, arg, .. } = self.real;
                let real = self.real.into_real();
                object.effect(OpKind::Forget, arg, Location::caller(), move || real.forget());
            }

            /// Splits off a permit that counts `n`, if this one counts as many.
            pub fn split(&mut self, n: usize) -> Option<Self> {
                // The semaphore itself is not touched: no operation.
                let split = self.real.split(n)?;
                self.real.arg -= n as u64;
                let mut real = self.real.sibling(split, self.real.site);
                real.arg = n as u64;
                #[allow(clippy::clone_on_copy)] // A reference in one permit, an `Arc` in the other.
                Some($permit { real, semaphore: self.semaphore.clone() })
            }

            /// Merges `other` into this permit.
            ///
            /// # Panics
            ///
            /// If `other` is of another semaphore.
            #[track_caller]
            pub fn merge(&mut self, other: Self) {
                let n = other.real.arg;
                self.real.merge(other.real.into_real());
                self.real.arg += n;
            }

            /// Its semaphore.
            pub fn semaphore(&self) -> $semaphore {
                &self.semaphore
            }

            /// How many permits it counts.
            pub fn num_permits(&self) -> usize {
                self.real.num_permits()
            }
        }

        impl fmt::Debug for $permit $(<$a>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($permit)).finish_non_exhaustive()
            }
        }
    };
}

/// Permits, given back when dropped.
#[must_use = "if unused, the permit is given back at once"]
pub struct SemaphorePermit<'a> {
    real: Held<real::SemaphorePermit<'a>>,
    semaphore: &'a Semaphore,
}

impl<'a> SemaphorePermit<'a> {
    fn new(real: real::SemaphorePermit<'a>, n: u32, site: Site, semaphore: &'a Semaphore) -> Self {
        let real = Held::new(real, semaphore.object, OpKind::Release, n.into(), site);
        SemaphorePermit { real, semaphore }
    }
}

/// Permits that own their semaphore, given back when dropped.
#[must_use = "if unused, the permit is given back at once"]
pub struct OwnedSemaphorePermit {
    real: Held<real::OwnedSemaphorePermit>,
    semaphore: Arc<Semaphore>,
}

impl OwnedSemaphorePermit {
    fn new(
        real: real::OwnedSemaphorePermit,
        n: u32,
        site: Site,
        semaphore: Arc<Semaphore>,
    ) -> Self {
        let real = Held::new(real, semaphore.object, OpKind::Release, n.into(), site);
        OwnedSemaphorePermit { real, semaphore }
    }
}

permit!(SemaphorePermit<'_>, &Semaphore);
permit!(OwnedSemaphorePermit, &Arc<Semaphore>);
