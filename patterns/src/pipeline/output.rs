//! The consumer's side of a pipeline.

use super::report::{Read, Report};
use super::stage::Item;
use super::supervisor::Account;
use futures_core::Stream;
use rt::async_channel::Receiver;
use rt::sync::DropGuard;
use rt::task::JoinHandle;
use selvedge_rt as rt;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What comes out of a running pipeline; also a [`Stream`].
///
/// It ends after the last stage. On a cancel or a failure it ends early, after what had gone through
/// every stage; so `None` does not say that the run was complete: ask [`finish`](Output::finish).
///
/// Dropping it cancels the pipeline and gives up the report, with the items listed there; its tasks end
/// on their own soon after. To know that they have, finish it.
#[must_use = "dropping the output cancels the pipeline"]
pub struct Output<T> {
    stop: DropGuard,
    // Pinned for `Stream`.
    items: Pin<Box<Receiver<Item<T>>>>,
    supervisor: JoinHandle<Account>,
    names: Vec<&'static str>,
    delivered: u64,
}

impl<T> Output<T> {
    pub(super) fn new(
        items: Receiver<Item<T>>,
        stop: DropGuard,
        supervisor: JoinHandle<Account>,
        names: Vec<&'static str>,
    ) -> Self {
        Output { stop, items: Box::pin(items), supervisor, names, delivered: 0 }
    }

    /// Waits for the next item; `None` once the pipeline has ended and every item was received.
    ///
    /// After the first `None` it returns `None` for ever.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, no item was received.
    pub async fn next(&mut self) -> Option<T> {
        self.next_indexed().await.map(|(_, item)| item)
    }

    /// The same, with the index of the item in the source, from 0.
    ///
    /// Without a concurrent stage the indices rise; those that a filter rejected are left out.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, no item was received.
    pub async fn next_indexed(&mut self) -> Option<(u64, T)> {
        let Item { index, value } = self.items.recv().await.ok()?;
        self.delivered += 1;
        Some((index, value))
    }

    /// Ends the pipeline and returns its report, after every task of the pipeline has ended.
    ///
    /// Called before the output has ended, it cancels the pipeline, and the report is never
    /// [`Complete`](crate::End::Complete) unless everything was delivered. Called after `None`, it only
    /// waits for the supervisor's last steps.
    ///
    /// It waits for a function of a stage that runs at the time, and for nothing else.
    ///
    /// # Panics
    ///
    /// If the runtime that ran the pipeline was shut down.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, the pipeline is cancelled and the report is lost, as when the
    /// output is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::stream;
    /// use selvedge_patterns::{End, pipeline::Pipeline};
    /// use selvedge_rt::sync::CancellationToken;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let cap = NonZeroUsize::MIN;
    /// let mut squares = Pipeline::generate(cap, stream::iter(0u64..))
    ///     .map(cap, |n| n * n)
    ///     .start(&CancellationToken::new());
    /// for n in 0..5 {
    ///     assert_eq!(squares.next().await, Some(n * n));
    /// }
    ///
    /// // The source goes on for ever, so the run was cut short; what was on its way is handed back.
    /// let report = squares.finish().await;
    /// assert_eq!((report.end, report.delivered), (End::Cancelled, 5));
    /// let back = report.undelivered.len() + report.unfinished.len();
    /// assert_eq!(report.taken, 5 + back as u64);
    /// # });
    /// ```
    pub async fn finish(self) -> Report<T>
    where
        T: 'static,
    {
        let Output { stop, items, supervisor, names, delivered } = self;
        drop(stop);
        // To the end, and not only what is there now: the last stage may be about to send.
        let mut unread = Vec::new();
        while let Ok(Item { index, value }) = items.recv().await {
            unread.push((index, value));
        }
        match supervisor.await {
            Ok(account) => Report::new(account, Read { names: &names, delivered, unread }),
            Err(error) => panic!("the pipeline's runtime was shut down: {error}"),
        }
    }
}

// Nothing in it is pinned but what is in the box.
impl<T> Unpin for Output<T> {}

impl<T> Stream for Output<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let next = self.items.as_mut().poll_next(cx);
        if let Poll::Ready(Some(_)) = &next {
            self.delivered += 1;
        }
        next.map(|item| item.map(|item| item.value))
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("delivered", &self.delivered).finish_non_exhaustive()
    }
}
