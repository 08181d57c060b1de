//! `Instant`: an offset from a base that is fixed once per process.
//!
//! `Hash` and `Debug` see the offset only, so that what an engine identifies or prints is the same in
//! every process.

use super::Duration;
use crate::check::engine;
use std::hash::{Hash, Hasher};
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::{fmt, sync::OnceLock};
use tokio::time::Instant as Real;

/// A point in time. See `tokio::time::Instant`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Real);

/// The instant at which every execution starts.
fn base() -> Real {
    static BASE: OnceLock<Real> = OnceLock::new();
    *BASE.get_or_init(|| Real::from_std(std::time::Instant::now()))
}

impl Instant {
    /// The time now; under an engine, of its virtual clock.
    pub fn now() -> Instant {
        match engine::current() {
            Some(engine) => Instant(base() + engine.now()),
            None => Instant(Real::now()),
        }
    }

    pub(super) fn real(self) -> Real {
        self.0
    }

    pub(super) fn from_real(real: Real) -> Self {
        Instant(real)
    }

    /// Time since the start of the execution, at most what fits into 64 bits of nanoseconds.
    pub(super) fn offset(self) -> Duration {
        self.0.saturating_duration_since(base()).min(Duration::from_nanos(u64::MAX))
    }

    /// Offset from the base: whether it lies before, and how far.
    fn signed(self) -> (bool, Duration) {
        let base = base();
        (self.0 < base, (self.0 - base).max(base - self.0))
    }

    /// The time from `earlier` to this instant; zero where `earlier` is later.
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.duration_since(earlier.0)
    }

    /// The time from `earlier` to this instant; `None` where `earlier` is later.
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// The time from `earlier` to this instant; zero where `earlier` is later.
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The time from this instant until now; zero where it has not come yet.
    pub fn elapsed(&self) -> Duration {
        Instant::now() - *self
    }

    /// This instant and `duration` later, unless that overflows.
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(duration).map(Instant)
    }

    /// This instant and `duration` earlier, unless that overflows.
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub(duration).map(Instant)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        Instant(self.0 + duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.0 - earlier.0
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, duration: Duration) -> Instant {
        Instant(self.0 - duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Hash for Instant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.signed().hash(state);
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, far) = self.signed();
        write!(f, "Instant({}{far:?})", if before { "-" } else { "" })
    }
}
