//! The consumer's side of a pool.

use super::report::{Account, Delivered, Done, PoolReport};
use futures_core::Stream;
use rt::sync::{DropGuard, mpsc};
use rt::task::JoinHandle;
use selvedge_rt as rt;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The results of a pool, in the order in which they come; also a [`Stream`].
///
/// They end after the last worker has ended, so `None` also says that no job runs any more.
///
/// Dropping it cancels the pool and gives up the report, with the jobs and results listed there; the
/// pool's tasks end on their own soon after. To know that they have, [`close`](Results::close).
#[must_use = "dropping the results cancels the pool"]
pub struct Results<J, R> {
    // Before `results`, so that it is dropped first: a worker whose send fails then knows that the
    // pool is cancelled, and leaves the jobs in the queue to the supervisor.
    stop: DropGuard,
    results: mpsc::Receiver<Done<R>>,
    supervisor: JoinHandle<Account<J, R>>,
    delivered: Delivered,
}

impl<J, R> Results<J, R> {
    pub(super) fn new(
        results: mpsc::Receiver<Done<R>>,
        stop: DropGuard,
        supervisor: JoinHandle<Account<J, R>>,
    ) -> Self {
        Results { stop, results, supervisor, delivered: Delivered::default() }
    }

    /// Waits for the next result; `None` once the pool has ended and every result was received.
    ///
    /// After the first `None` it returns `None` for ever.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, no result was received.
    pub async fn next(&mut self) -> Option<Done<R>> {
        let next = self.results.recv().await;
        next.iter().for_each(|done| self.delivered.count(&done.outcome));
        next
    }

    /// Ends the pool and returns its report, after every task of the pool has ended.
    ///
    /// Called before the results have ended, it cancels the pool; jobs in flight go on or are
    /// dropped as [`OnCancel`](super::OnCancel) says. Results not yet received are in the report.
    /// Called after `None`, it only waits for the supervisor's last step.
    ///
    /// It waits for the jobs in flight, so never call it from a job of the same pool.
    ///
    /// # Panics
    ///
    /// If the runtime that ran the pool was shut down.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, the pool is cancelled and the report is lost, as when the
    /// results are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::{End, worker_pool::WorkerPool};
    /// use selvedge_rt as rt;
    ///
    /// # tokio_test::block_on(async {
    /// let token = rt::sync::CancellationToken::new();
    /// let (mut pool, results) = WorkerPool::new(|n: u32| async move { n + 1 }).start(&token);
    /// pool.submit(1).await.unwrap();
    ///
    /// let report = results.close().await;
    /// // The handle is still there, so the pool was cut short; the job ran or is given back.
    /// assert_eq!(report.end, End::Cancelled);
    /// assert_eq!(report.accepted(), 1);
    /// assert_eq!(pool.submit(2).await.unwrap_err().into_job(), 2);
    /// # });
    /// ```
    pub async fn close(self) -> PoolReport<J, R> {
        let Results { stop, mut results, supervisor, delivered } = self;
        drop(stop);
        // To the end, and not only what is there now: that makes room for the workers that wait for
        // it, and leaves nothing in a buffer.
        let mut unread = Vec::new();
        while let Some(done) = results.recv().await {
            unread.push(done);
        }
        match supervisor.await {
            Ok(account) => account.report(delivered, unread),
            Err(error) => panic!("the pool's runtime was shut down: {error}"),
        }
    }
}

// Nothing in it is pinned: it polls its receiver by `&mut`.
impl<J, R> Unpin for Results<J, R> {}

impl<J, R> Stream for Results<J, R> {
    type Item = Done<R>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Done<R>>> {
        let next = self.results.poll_recv(cx);
        if let Poll::Ready(Some(done)) = &next {
            self.delivered.count(&done.outcome);
        }
        next
    }
}

impl<J, R> fmt::Debug for Results<J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").field("delivered", &self.delivered).finish_non_exhaustive()
    }
}
