//! A stream whose items come no faster than a limiter allows.
//!
//! 1. It takes an item first and waits for the permit then: so the end of the input is seen at once, and
//!    no permit is spent on it. The price is one item held, which [`Rest`] hands back.
//! 2. The token is looked at before anything else, on every poll.
//! 3. The wait for a permit exists only while an item is held and the stream has not ended.

use super::RateLimiter;
use crate::End;
use futures_core::Stream;
use rt::sync::{CancellationToken, WaitForCancellationFutureOwned};
use rt::time::Instant;
use selvedge_rt as rt;
use std::fmt;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

const ONE: NonZeroU32 = NonZeroU32::MIN;

/// Yields the items of `source`, each with one permit of `limit`, until `source` ends or `token` is
/// cancelled.
///
/// What each item *starts* may overlap: spawn it, or use `map` and `buffer_unordered`. No task is
/// started here, nor is `token` ever cancelled. A source that is not `Unpin` goes in as
/// `Box::pin(source)`.
///
/// # Examples
///
/// ```
/// use selvedge_patterns::End;
/// use selvedge_patterns::rate_limit::{Quota, RateLimiter, rate_limited};
/// use selvedge_rt as rt;
/// use std::num::NonZeroU32;
///
/// # tokio_test::block_on(async {
/// let quota = Quota {
///     permits: NonZeroU32::new(1000).unwrap(),
///     per: rt::time::Duration::from_secs(1),
///     burst: NonZeroU32::MIN,
/// };
/// let token = rt::sync::CancellationToken::new();
/// let limit = RateLimiter::new(quota).unwrap();
///
/// let mut requests = rate_limited(&token, futures_util::stream::iter(1..=3), limit);
/// let mut started = Vec::new();
/// while let Some(request) = requests.next().await {
///     started.push(rt::spawn(async move { request * 2 }));
/// }
/// assert_eq!(requests.into_rest().end, End::Complete);
/// # assert_eq!(started.len(), 3);
/// # });
/// ```
pub fn rate_limited<S: Stream + Unpin>(
    token: &CancellationToken,
    source: S,
    limit: RateLimiter,
) -> RateLimited<S> {
    let cancelled = Box::pin(token.clone().cancelled_owned());
    RateLimited { source, limit, cancelled, held: None, wait: None, end: None }
}

/// See [`rate_limited`].
///
/// Dropping it drops the source, with an item that was held. To keep them, use
/// [`into_rest`](Self::into_rest). A panic of the source goes through to the caller.
#[must_use = "streams do nothing unless polled"]
pub struct RateLimited<S: Stream> {
    // First, so that its place in the queue goes first.
    wait: Option<Wait>,
    source: S,
    limit: RateLimiter,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    held: Option<S::Item>,
    end: Option<End>,
}

type Wait = Pin<Box<dyn Future<Output = Instant> + Send>>;

/// What a [`RateLimited`] leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it hands back an item that nobody else has"]
pub struct Rest<S: Stream> {
    /// [`End::Complete`]: the source ended and every item was yielded. [`End::Cancelled`]: it was
    /// cut short, by the token or by who asked for the rest. It never ends otherwise.
    pub end: End,
    /// The item that was taken from the source and waited for its permit.
    pub held: Option<S::Item>,
    /// The source, with everything that was not taken.
    pub source: S,
}

impl<S: Stream + Unpin> RateLimited<S> {
    /// Waits for the next item and its permit. `None` once the source has ended, or the token is
    /// cancelled; neither waits for a permit.
    ///
    /// After the first `None` it returns `None` for ever.
    ///
    /// # Panics
    ///
    /// When it has to wait for a permit, outside a runtime with time.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, nothing is lost: an item already taken stays here for the next call. The place
    /// in the queue of the limiter is lost, so that nobody waits behind a stream that nobody polls.
    pub async fn next(&mut self) -> Option<S::Item> {
        let polled = Polled(self);
        poll_fn(|cx| Pin::new(&mut *polled.0).poll_next(cx)).await
    }

    /// Gives back what was not yielded. Before the first `None` it cuts the stream short.
    pub fn into_rest(self) -> Rest<S> {
        let RateLimited { source, held, end, .. } = self;
        Rest { end: end.unwrap_or(End::Cancelled), held, source }
    }

    /// Waits for a permit for the item that is held.
    fn poll_permit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.wait.is_none() && self.limit.take_first(ONE).is_ok() {
            return Poll::Ready(());
        }
        let limit = &self.limit;
        let wait = self.wait.get_or_insert_with(|| {
            let limit = limit.clone();
            Box::pin(async move { limit.wait(ONE).await })
        });
        ready!(wait.as_mut().poll(cx));
        self.wait = None;
        Poll::Ready(())
    }

    fn stop(&mut self, end: End) -> Poll<Option<S::Item>> {
        self.wait = None;
        self.end = Some(end);
        Poll::Ready(None)
    }
}

/// As a stream it keeps its place in the queue of the limiter between polls. While nobody polls it,
/// everyone else waits behind it: see [`RateLimiter`]. [`next`](RateLimited::next) does not.
impl<S: Stream + Unpin> Stream for RateLimited<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = &mut *self;
        if this.end.is_some() {
            return Poll::Ready(None);
        }
        if this.cancelled.as_mut().poll(cx).is_ready() {
            return this.stop(End::Cancelled);
        }
        if this.held.is_none() {
            match ready!(Pin::new(&mut this.source).poll_next(cx)) {
                None => return this.stop(End::Complete),
                item => this.held = item,
            }
        }
        ready!(this.poll_permit(cx));
        Poll::Ready(this.held.take())
    }
}

// The item is never pinned, and the source is polled by `&mut`.
impl<S: Stream + Unpin> Unpin for RateLimited<S> {}

impl<S: Stream> fmt::Debug for RateLimited<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RateLimited");
        debug.field("limit", &self.limit).field("held", &self.held.is_some());
        debug.field("end", &self.end).finish_non_exhaustive()
    }
}

/// A stream while `next` polls it. Dropped, it leaves the queue.
struct Polled<'a, S: Stream>(&'a mut RateLimited<S>);

impl<S: Stream> Drop for Polled<'_, S> {
    fn drop(&mut self) {
        self.0.wait = None;
    }
}
