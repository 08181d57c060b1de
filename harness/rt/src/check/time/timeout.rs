//! `timeout` and `timeout_at`: a future and a timer, the future polled first.

use super::error::Elapsed;
use super::{Duration, Instant, Sleep, sleep_until};
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::task::coop;

/// Lets `future` run for `duration` at most. See `tokio::time::timeout`.
///
/// A future that is ready at its first poll wins against a duration of zero. A duration that
/// overflows the clock never ends.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    let value = future.into_future();
    #[expect(clippy::manual_map, reason = "a closure would be the caller that the timer names")]
    let delay = match Instant::now().checked_add(duration) {
        Some(deadline) => Some(sleep_until(deadline)),
        None => None,
    };
    Timeout { value, delay }
}

/// Lets `future` run until `deadline` at most. See `tokio::time::timeout_at`.
///
/// A future that is ready at its first poll wins against a deadline that has passed.
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { value: future.into_future(), delay: Some(sleep_until(deadline)) }
}

pin_project! {
    /// A future with a deadline. See `tokio::time::Timeout`.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct Timeout<T> {
        #[pin]
        value: T,
        delay: Option<Sleep>,
    }
}

impl<T> Timeout<T> {
    /// The future.
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// The future.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// The future, without its deadline.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.project();
        let had_budget = coop::has_budget_remaining();
        if let Poll::Ready(output) = me.value.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let Some(delay) = me.delay else { return Poll::Pending };
        // A future that spends tokio's whole budget at every poll must not keep the timer from firing.
        let poll = if had_budget && !coop::has_budget_remaining() {
            Pin::new(&mut coop::unconstrained(delay)).poll(cx)
        } else {
            Pin::new(delay).poll(cx)
        };
        poll.map(|()| Err(Elapsed::new()))
    }
}
