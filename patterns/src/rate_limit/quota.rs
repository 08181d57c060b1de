//! How much may start in which time.

use super::gcra::Gcra;
use selvedge_rt::time::Duration;
use std::num::NonZeroU32;

/// How much may start in which time: `permits` every `per`, and `burst` at once.
///
/// Permits come one by one, every [`interval`](super::RateLimiter::interval) = `per / permits`, rounded
/// up to a whole nanosecond; so the quota is never exceeded, and 3 permits per second are met to
/// 2 ns in a second. Rates above some million permits a second feel the rounding.
///
/// `burst` has a reason to be chosen, and so no default:
///
/// | burst | trade |
/// |---|---|
/// | 1 | starts are at least `interval` apart; a waiter that wakes up late (tokio's timers tick every millisecond) delays all after it |
/// | a few | late wake-ups of up to `burst - 1` intervals are made up for, so the rate is met |
/// | `permits` | after a pause as many starts at once as `per` allows; what is behind the limiter must take `2 * permits` in one `per` |
///
/// # Examples
///
/// ```
/// use selvedge_patterns::rate_limit::Quota;
/// use selvedge_rt::time::Duration;
/// use std::num::NonZeroU32;
///
/// let quota = Quota {
///     permits: NonZeroU32::new(100).unwrap(),
///     per: Duration::from_secs(1),
///     burst: NonZeroU32::new(5).unwrap(),
/// };
/// assert!(quota.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// How many permits come in each `per`.
    pub permits: NonZeroU32,
    /// The time in which they come.
    pub per: Duration,
    /// How many permits unused time may save up; also the most that one call can take.
    pub burst: NonZeroU32,
}

impl Quota {
    /// Whether a limiter can keep to it, as [`RateLimiter::new`](super::RateLimiter::new) asks.
    ///
    /// # Errors
    ///
    /// [`QuotaError`].
    pub fn check(&self) -> Result<(), QuotaError> {
        Gcra::new(*self).map(drop)
    }
}

/// A [`Quota`] that no limiter can keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// More than one permit in a nanosecond, or in no time at all: the interval rounds to zero.
    #[error("more than one permit per nanosecond")]
    TooFast,
    /// A full burst takes more than 146 years to come back, which does not fit into 64 bits of
    /// nanoseconds.
    #[error("a full burst takes more than 146 years to come back")]
    TooSlow,
}
