//! The limiter itself.
//!
//! 1. `arrival` only grows, by grants alone. Whoever changes it has been granted what it changed it by.
//! 2. Whoever waits holds the one permit of `turn`, or stands in its queue; so "is the turn free" is
//!    "does nobody wait", and a look at it is all that keeps others from going first.
//! 3. Between a grant and the return to the caller there is no await.

use super::gcra::Gcra;
use super::{Quota, QuotaError};
use rt::sync::atomic::{AtomicU64, Ordering};
use rt::sync::{CancellationToken, Semaphore};
use rt::time::{Duration, Instant, sleep_until};
use selvedge_rt as rt;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Grants permits at the rate of its [`Quota`]. Clones share one quota.
///
/// A new limiter has a full burst of credit. Each grant says *when* it was made; rule 1 of the
/// [contract](super) holds for these instants. A task may be held up between its grant and what it does
/// with it: starts that must not bunch up even then need a slower quota, not a better limiter.
///
/// # A parked `acquire`
///
/// An `acquire` that was polled has a place in the queue, and keeps it until it is done or dropped. While
/// it is alive and nobody polls it, everyone else waits behind it:
///
/// ```text
/// let mut first = pin!(limit.acquire(one));
/// select! {
///     _ = &mut first => ..,                    // polled, waits for its turn
///     _ = other => limit.acquire(one).await,   // waits behind `first`, which nobody polls: for ever
/// }
/// ```
///
/// Give the future itself to the `select!` (it is then dropped with the other branch), or run it in a
/// task.
///
/// # Examples
///
/// ```
/// use selvedge_patterns::rate_limit::{Quota, RateLimiter};
/// use selvedge_rt::time::Duration;
/// use std::num::NonZeroU32;
///
/// # tokio_test::block_on(async {
/// let one = NonZeroU32::MIN;
/// let limit = RateLimiter::new(Quota {
///     permits: one,
///     per: Duration::from_millis(5),
///     burst: NonZeroU32::new(2).unwrap(),
/// })?;
///
/// let first = limit.acquire(one).await?;
/// let second = limit.clone().acquire(one).await?;
/// let third = limit.acquire(one).await?;
/// // Two at once, and the next one when its time has come.
/// assert!(third - first >= Duration::from_millis(5));
/// # drop(second);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct RateLimiter {
    shared: Arc<Shared>,
}

struct Shared {
    quota: Quota,
    gcra: Gcra,
    /// Times are counted from here.
    start: Instant,
    /// The state of the algorithm.
    arrival: AtomicU64,
    /// One permit, held by the waiter at the head.
    turn: Semaphore,
}

impl RateLimiter {
    /// A limiter with a full burst of credit.
    ///
    /// # Errors
    ///
    /// [`QuotaError`], where the quota is too fast or too slow to be kept to.
    pub fn new(quota: Quota) -> Result<Self, QuotaError> {
        let gcra = Gcra::new(quota)?;
        let (arrival, turn) = (AtomicU64::new(0), Semaphore::new(1));
        let shared = Shared { quota, gcra, start: Instant::now(), arrival, turn };
        Ok(RateLimiter { shared: Arc::new(shared) })
    }

    /// The quota that it was made with.
    pub fn quota(&self) -> Quota {
        self.shared.quota
    }

    /// The time that one permit stands for: `per / permits`, rounded up to a nanosecond.
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.shared.gcra.interval())
    }

    /// Waits for `n` permits, all at once, behind everyone who waits already. Returns when they were
    /// granted.
    ///
    /// A large `n` at the head makes small ones behind it wait: nobody overtakes, so nobody starves.
    ///
    /// # Errors
    ///
    /// [`ExceedsBurst`] at once, where `n` permits can never be there together.
    ///
    /// # Panics
    ///
    /// When it has to wait, outside a runtime with time.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, nothing was consumed and the place in the queue is lost.
    pub async fn acquire(&self, n: NonZeroU32) -> Result<Instant, ExceedsBurst> {
        self.fits(n)?;
        match self.take_first(n) {
            Ok(at) => Ok(at),
            Err(_) => Ok(self.wait(n).await),
        }
    }

    /// As [`acquire`](Self::acquire), until `token` is cancelled.
    ///
    /// With a token that is cancelled already nothing is consumed, even where there is credit.
    ///
    /// # Errors
    ///
    /// [`AcquireError`]: `ExceedsBurst` at once, or `Cancelled`; nothing was consumed then.
    ///
    /// # Panics
    ///
    /// When it has to wait, outside a runtime with time.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, nothing was consumed and the place in the queue is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::rate_limit::{AcquireError, Quota, RateLimiter};
    /// use selvedge_rt as rt;
    /// use std::num::NonZeroU32;
    ///
    /// # tokio_test::block_on(async {
    /// let (one, token) = (NonZeroU32::MIN, rt::sync::CancellationToken::new());
    /// let per = rt::time::Duration::from_secs(3600);
    /// let limit = RateLimiter::new(Quota { permits: one, per, burst: one }).unwrap();
    /// assert!(limit.acquire_or(&token, one).await.is_ok());
    ///
    /// let waiting = rt::spawn({
    ///     let (limit, token) = (limit.clone(), token.clone());
    ///     async move { limit.acquire_or(&token, one).await }
    /// });
    /// token.cancel();
    /// assert_eq!(waiting.await.unwrap(), Err(AcquireError::Cancelled));
    /// # });
    /// ```
    pub async fn acquire_or(
        &self,
        token: &CancellationToken,
        n: NonZeroU32,
    ) -> Result<Instant, AcquireError> {
        self.fits(n)?;
        rt::select! {
            // A cancelled caller takes nothing. The other order is as right: what it takes, it returns.
            biased;
            () = token.cancelled() => Err(AcquireError::Cancelled),
            granted = self.acquire(n) => Ok(granted?),
        }
    }

    /// Takes `n` permits if they are there now and nobody waits. Returns when they were granted.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError`], which says why; nothing was consumed.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::rate_limit::{Quota, RateLimiter, TryAcquireError};
    /// use selvedge_rt::time::Duration;
    /// use std::num::NonZeroU32;
    ///
    /// let one = NonZeroU32::MIN;
    /// let per = Duration::from_secs(3600);
    /// let limit = RateLimiter::new(Quota { permits: one, per, burst: one }).unwrap();
    /// let first = limit.try_acquire(one).unwrap();
    /// assert_eq!(limit.try_acquire(one), Err(TryAcquireError::TooEarly { due: first + per }));
    /// ```
    pub fn try_acquire(&self, n: NonZeroU32) -> Result<Instant, TryAcquireError> {
        self.fits(n)?;
        match self.take_first(n) {
            Ok(at) => Ok(at),
            Err(None) => Err(TryAcquireError::Queued),
            Err(Some(due)) => Err(TryAcquireError::TooEarly { due }),
        }
    }

    fn fits(&self, n: NonZeroU32) -> Result<(), ExceedsBurst> {
        let burst = self.shared.quota.burst;
        if n <= burst { Ok(()) } else { Err(ExceedsBurst { n, burst }) }
    }

    /// Takes `n` permits unless somebody waits (`Err(None)`), or they are not due yet (when they are).
    ///
    /// Somebody who begins to wait between the look and the take came later than this call.
    pub(super) fn take_first(&self, n: NonZeroU32) -> Result<Instant, Option<Instant>> {
        match self.shared.turn.available_permits() {
            0 => Err(None),
            _ => self.take(n).map_err(Some),
        }
    }

    /// Waits for its turn, then for its time.
    pub(super) async fn wait(&self, n: NonZeroU32) -> Instant {
        let _turn = self.shared.turn.acquire().await.expect("nobody closes the turn");
        loop {
            match self.take(n) {
                Ok(at) => return at,
                // More than once only where somebody looked at the turn before it was taken.
                Err(due) => sleep_until(due).await,
            }
        }
    }

    /// Takes `n` permits; `Err`: when they are due.
    fn take(&self, n: NonZeroU32) -> Result<Instant, Instant> {
        let Shared { gcra, start, arrival, .. } = &*self.shared;
        let at = Instant::now();
        let now = at.saturating_duration_since(*start).as_nanos();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let mut due = now;
        let grant = |arrival| gcra.grant(arrival, now, n).map_err(|at| due = at).ok();
        // Relaxed: it guards no other memory. A grant replaces the latest value whatever the order, and
        // a refusal that rests on an older one is right too, because the value only grows; the sleep
        // that follows is then too short, and the next look finds that out.
        match arrival.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grant) {
            Ok(_) => Ok(at),
            Err(_) => Err(*start + Duration::from_nanos(due)),
        }
    }
}

impl fmt::Debug for RateLimiter {
    // Without its state: that would be a look that no engine sees.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").field("quota", &self.shared.quota).finish_non_exhaustive()
    }
}

/// So many permits can never be there together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{n} permits at once exceed the burst of {burst}")]
pub struct ExceedsBurst {
    /// How many were asked for.
    pub n: NonZeroU32,
    /// How many there can be.
    pub burst: NonZeroU32,
}

/// Why [`RateLimiter::acquire_or`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// So many permits can never be there together.
    #[error(transparent)]
    ExceedsBurst(#[from] ExceedsBurst),
    /// The token was cancelled first.
    #[error("cancelled before the permits were granted")]
    Cancelled,
}

/// Why [`RateLimiter::try_acquire`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryAcquireError {
    /// So many permits can never be there together.
    #[error(transparent)]
    ExceedsBurst(#[from] ExceedsBurst),
    /// Somebody waits, and came first.
    #[error("others wait for permits")]
    Queued,
    /// The permits are not there yet.
    #[error("the permits are not due yet")]
    TooEarly {
        /// When they are, if nobody else takes any.
        due: Instant,
    },
}
