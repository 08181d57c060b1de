//! Where the jobs of [`serve`](super::serve) come from, and what its errors cost.

use futures_core::Stream;
use futures_util::FutureExt;
use rt::time::{Duration, Sleep, sleep};
use selvedge_rt as rt;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use crate::panic;

/// What becomes of an error of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSourceError {
    /// Accepting ends with the first one. The default.
    #[default]
    Fatal,
    /// Accepting goes on after a pause, which grows while errors follow each other.
    Backoff(Backoff),
}

/// How long accepting pauses after an error of its source: `first`, and twice as long after each further
/// one in a row, up to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
}

impl Backoff {
    /// From `first` to `max`; a `max` below `first` counts as `first`.
    ///
    /// # Errors
    ///
    /// [`ZeroBackoff`] where `first` is zero: a source whose error stays would be asked for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::shutdown::Backoff;
    /// use std::time::Duration;
    ///
    /// assert!(Backoff::new(Duration::from_millis(5), Duration::from_secs(1)).is_ok());
    /// assert!(Backoff::new(Duration::ZERO, Duration::from_secs(1)).is_err());
    /// ```
    pub fn new(first: Duration, max: Duration) -> Result<Self, ZeroBackoff> {
        if first.is_zero() {
            return Err(ZeroBackoff);
        }
        Ok(Backoff { first, max: max.max(first) })
    }

    /// The pause after so many errors in a row before this one.
    fn pause(self, errors_before: u32) -> Duration {
        let factor = 1u32.checked_shl(errors_before).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.max)
    }
}

/// A backoff of zero would spin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a backoff of zero would ask a failing source for ever")]
pub struct ZeroBackoff;

/// The input of a server, until it is closed.
pub(super) struct Source<S> {
    stream: Option<Pin<Box<S>>>,
    pause: Option<Pin<Box<Sleep>>>,
    errors_in_a_row: u32,
}

impl<S, J, E> Source<S>
where
    S: Stream<Item = Result<J, E>>,
{
    pub(super) fn new(stream: S) -> Self {
        Source { stream: Some(Box::pin(stream)), pause: None, errors_in_a_row: 0 }
    }

    /// The next item, after the pause where there is one; `Err` is the message of a panic.
    ///
    /// Cancel safe: dropped early, no item was taken and the pause goes on.
    pub(super) async fn next(&mut self) -> Result<Option<Result<J, E>>, String> {
        if let Some(pause) = &mut self.pause {
            pause.await;
            self.pause = None;
        }
        let Some(stream) = &mut self.stream else { return Ok(None) };
        let next = AssertUnwindSafe(poll_fn(|cx| stream.as_mut().poll_next(cx)));
        // Unwind safe: after a panic the stream is only dropped.
        next.catch_unwind().await.map_err(panic::message)
    }

    /// The source works.
    pub(super) fn succeeded(&mut self) {
        self.errors_in_a_row = 0;
    }

    /// The source failed, and is asked again after a pause.
    pub(super) fn failed(&mut self, backoff: Backoff) {
        let pause = backoff.pause(self.errors_in_a_row);
        self.errors_in_a_row = self.errors_in_a_row.saturating_add(1);
        self.pause = Some(Box::pin(sleep(pause)));
    }

    /// Drops the stream, so that whoever is on its other side knows.
    pub(super) fn close(&mut self) {
        self.pause = None;
        self.stream = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_doubles_up_to_its_maximum_and_never_overflows() {
        let ms = Duration::from_millis;
        let backoff = Backoff::new(ms(3), ms(20)).unwrap();
        let pauses: Vec<_> = (0..5).map(|n| backoff.pause(n)).collect();
        assert_eq!(pauses, [ms(3), ms(6), ms(12), ms(20), ms(20)]);
        assert_eq!(backoff.pause(u32::MAX), ms(20));
        let endless = Backoff::new(ms(1), Duration::MAX).unwrap();
        assert_eq!(endless.pause(40), ms(1) * u32::MAX);
    }

    #[test]
    fn a_maximum_below_the_first_pause_counts_as_it() {
        let ms = Duration::from_millis;
        assert_eq!(Backoff::new(ms(3), ms(1)).unwrap().pause(7), ms(3));
    }
}
