//! Fan-in: one task, the pump, takes from the sources in turn and fills one buffer.
//!
//! 1. The token comes first in every poll that may take an item.
//! 2. The pump holds at most one item beside the buffer. It waits for room only, and sends then: a
//!    cancelled send would drop the item.

use super::input::{Input, drop_caught};
use super::turns::Turns;
use super::{Indexed, MergeEnd, MergeReport, report};
use futures_core::Stream;
use futures_util::StreamExt;
use rt::sync::mpsc::error::TrySendError;
use rt::sync::{CancellationToken, DropGuard, mpsc};
use rt::task::JoinHandle;
use selvedge_rt as rt;
use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Merges `sources` into one stream, and spawns the one task that does.
///
/// Sources are asked in turn, from the one after the last served: each that is ready gives one item before
/// any gives a second. That costs a look at each source that is not ready, so merge hundreds of them
/// in a tree. The order of each source is kept; there is none between them.
///
/// `cap` is how many items wait for the consumer before the merge waits, with one more in its hands.
/// 1 lets it look for the next item while the consumer has the last; more decouples a consumer that
/// reads in bursts, but costs memory and leaves more to hand back on a cancel.
///
/// A source that panics ends as if it had ended itself, and is listed in the report; the others go on.
/// Cancelling `token` ends the merge, with or without room; it never cancels `token`.
///
/// # Panics
///
/// Outside a runtime, and where `cap` is larger than tokio's channels allow (`usize::MAX >> 3`).
///
/// # Examples
///
/// ```
/// use futures_util::stream::iter;
/// use selvedge_patterns::fan::fan_in;
/// use selvedge_rt as rt;
/// use std::num::NonZeroUsize;
///
/// # tokio_test::block_on(async {
/// let token = rt::sync::CancellationToken::new();
/// let sources = [iter(vec![1, 2, 3]), iter(vec![10])];
/// let mut merged = fan_in(&token, sources, NonZeroUsize::MIN);
///
/// let mut all = Vec::new();
/// while let Some(item) = merged.next().await {
///     all.push(item);
/// }
/// // Both were ready all the time, so they were served in turn.
/// assert_eq!(all, [1, 10, 2, 3]);
/// assert!(merged.close().await.is_clean());
/// # });
/// ```
pub fn fan_in<I, S>(token: &CancellationToken, sources: I, cap: NonZeroUsize) -> Merged<S::Item>
where
    I: IntoIterator<Item = S>,
    S: Stream + Send + 'static,
    S::Item: Send + 'static,
{
    let token = token.child_token();
    let (output, items) = mpsc::channel(cap.get());
    let sources = sources
        .into_iter()
        .zip(0..)
        .map(|(source, place)| Source { place, input: Input::new(source) });
    let pump = Pump { token: token.clone(), output, sources: Turns::new(sources) };
    let pump = rt::spawn(pump.run());
    Merged { stop: token.drop_guard(), items, pump, delivered: 0 }
}

/// A source with its place among those given, for the report.
struct Source<S> {
    place: u64,
    input: Input<S>,
}

impl<S> Unpin for Source<S> {}

impl<S: Stream> Stream for Source<S> {
    type Item = Result<S::Item, Indexed<String>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let index = self.place;
        let next = Pin::new(&mut self.input).poll_next(cx);
        next.map(|next| Some(next?.map(|(_, item)| item).map_err(|value| Indexed { index, value })))
    }
}

/// The one task of a merge.
struct Pump<S: Stream> {
    token: CancellationToken,
    output: mpsc::Sender<S::Item>,
    sources: Turns<Source<S>>,
}

impl<S: Stream> Pump<S> {
    /// Moves items until every source has ended, or the merge is cancelled.
    async fn run(mut self) -> MergeEnd<S::Item> {
        let mut end = MergeEnd { held: None, panicked: Vec::new(), complete: false };
        loop {
            let next = rt::select! {
                biased;
                () = self.token.cancelled() => break,
                next = self.sources.next() => next,
            };
            match next {
                Some(Ok(item)) => match deliver(&self.output, &self.token, item).await {
                    Ok(()) => {}
                    Err(item) => {
                        end.held = Some(item);
                        break;
                    }
                },
                Some(Err(panicked)) => end.panicked.push(panicked),
                None => {
                    end.complete = true;
                    break;
                }
            }
        }
        for source in self.sources.take_all() {
            let index = source.place;
            end.panicked.extend(drop_caught(source).map(|value| Indexed { index, value }));
        }
        end
    }
}

/// Puts an item into the buffer; gives it back where the cancel comes before there is room.
async fn deliver<T>(output: &mpsc::Sender<T>, token: &CancellationToken, item: T) -> Result<(), T> {
    let item = match output.try_send(item) {
        Ok(()) => return Ok(()),
        Err(TrySendError::Full(item)) => item,
        Err(TrySendError::Closed(item)) => return Err(item),
    };
    rt::select! {
        biased;
        room = output.reserve() => match room {
            Ok(room) => {
                room.send(item);
                Ok(())
            }
            Err(_) => Err(item),
        },
        () = token.cancelled() => Err(item),
    }
}

/// A merge of several sources; also a [`Stream`].
///
/// Dropping it cancels the merge and gives up the report, with the items listed there; its task ends
/// on its own soon after. To know that it has, [`close`](Self::close).
#[must_use = "dropping a merge cancels it"]
pub struct Merged<T> {
    // First, so that the pump is cancelled before its buffer goes.
    stop: DropGuard,
    items: mpsc::Receiver<T>,
    pump: JoinHandle<MergeEnd<T>>,
    delivered: u64,
}

impl<T> Merged<T> {
    /// Waits for the next item; `None` once the merge has ended and every item was received.
    ///
    /// After the first `None` it returns `None` for ever. A cancelled merge also ends with `None`, after
    /// what was in its buffer: [`close`](Self::close) tells these apart.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, no item was received.
    pub async fn next(&mut self) -> Option<T> {
        let next = self.items.recv().await;
        self.delivered += next.is_some() as u64;
        next
    }

    /// Ends the merge and returns its report, after its task has ended and dropped every source.
    ///
    /// Called before the merge has ended, it cancels it; items not yet received are in the report.
    ///
    /// # Panics
    ///
    /// If the runtime that ran the merge was shut down.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, the merge is cancelled and the report is lost, as when the merge
    /// is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::{End, fan::fan_in};
    /// use selvedge_rt as rt;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let token = rt::sync::CancellationToken::new();
    /// let sources = [futures_util::stream::iter(0..)];
    /// let mut merged = fan_in(&token, sources, NonZeroUsize::MIN);
    /// assert_eq!(merged.next().await, Some(0));
    ///
    /// token.cancel();
    /// let report = merged.close().await;
    /// assert_eq!(report.end, End::Cancelled);
    /// // What it held comes back, and nothing is missing in between.
    /// let held = 1..report.accepted();
    /// assert_eq!(report.undelivered, held.collect::<Vec<_>>());
    /// # });
    /// ```
    pub async fn close(self) -> MergeReport<T> {
        let Merged { stop, mut items, pump, delivered } = self;
        drop(stop);
        let mut unread = Vec::new();
        while let Some(item) = items.recv().await {
            unread.push(item);
        }
        match pump.await {
            Ok(end) => report::merge(end, delivered, unread),
            // No user code can bring the pump down, and nobody aborts it.
            Err(error) => panic!("the merge's runtime was shut down: {error}"),
        }
    }
}

// Nothing in it is pinned: it polls its receiver by `&mut`.
impl<T> Unpin for Merged<T> {}

impl<T> Stream for Merged<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let next = self.items.poll_recv(cx);
        self.delivered += matches!(next, Poll::Ready(Some(_))) as u64;
        next
    }
}

impl<T> fmt::Debug for Merged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merged").field("delivered", &self.delivered).finish_non_exhaustive()
    }
}
