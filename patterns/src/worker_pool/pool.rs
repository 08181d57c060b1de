//! The submitters' side of a pool.

use rt::async_channel::{SendError, Sender, TrySendError};
use rt::sync::atomic::{AtomicU64, Ordering};
use selvedge_rt as rt;
use std::fmt;
use std::sync::Arc;

/// Names one accepted job: which handle submitted it, and which of that handle's jobs it is.
///
/// Unique within a pool. Two handles never wait for each other to get a number, and the numbers of
/// one handle do not depend on what others do: that is why it is not one counter for the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId {
    handle: u64,
    index: u64,
}

impl JobId {
    /// The handle that submitted the job: 0 for the first one, then in order of cloning.
    pub fn handle(self) -> u64 {
        self.handle
    }

    /// How many jobs the pool had accepted from this handle before.
    pub fn index(self) -> u64 {
        self.index
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.handle, self.index)
    }
}

/// A handle to submit jobs to a pool. Clone it for each task that submits.
///
/// Dropping the last handle ends the queue: the workers finish what was accepted, then the results
/// end. A handle may outlive its pool; it then gives every job back.
///
/// Submitting takes `&mut self`, so that a handle numbers its jobs without an atomic.
pub struct Pool<J> {
    jobs: Sender<(JobId, J)>,
    next: JobId,
    handles: Arc<AtomicU64>,
}

impl<J> Pool<J> {
    pub(super) fn new(jobs: Sender<(JobId, J)>) -> Self {
        Pool { jobs, next: JobId { handle: 0, index: 0 }, handles: Arc::new(AtomicU64::new(1)) }
    }

    /// Submits a job; waits while the queue is full.
    ///
    /// Once it returns `Ok` the job is accepted: it gives exactly one result, or is listed as
    /// cancelled in the report. A cancelled pool refuses jobs as soon as its supervisor has run; one
    /// that slips in before is listed.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the job, if the pool was cancelled, before or during the wait, or has
    /// ended.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, the job was not accepted and is dropped with it. To keep it,
    /// use [`try_submit`](Pool::try_submit).
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::worker_pool::WorkerPool;
    /// use selvedge_rt as rt;
    ///
    /// # tokio_test::block_on(async {
    /// let token = rt::sync::CancellationToken::new();
    /// let (mut pool, mut results) = WorkerPool::new(|n: u32| async move { n + 1 }).start(&token);
    /// let id = pool.submit(41).await.unwrap();
    ///
    /// let done = results.next().await.unwrap();
    /// assert_eq!(done.id, id);
    /// assert_eq!(done.outcome.returned(), Some(42));
    /// # let _ = results.close().await;
    /// # });
    /// ```
    pub async fn submit(&mut self, job: J) -> Result<JobId, Rejected<J>> {
        let id = self.next;
        match self.jobs.send((id, job)).await {
            Ok(()) => {
                self.next.index += 1;
                Ok(id)
            }
            Err(SendError((_, job))) => Err(Rejected { job }),
        }
    }

    /// Submits a job if the queue has room for it now.
    ///
    /// # Errors
    ///
    /// [`TryRejected`], with the job: `Full` if there is no room, `Closed` if the pool was cancelled
    /// or has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::worker_pool::{TryRejected, WorkerPool};
    /// use selvedge_rt as rt;
    ///
    /// # tokio_test::block_on(async {
    /// let token = rt::sync::CancellationToken::new();
    /// // One worker, a queue of one, and this task has not yet let the worker run.
    /// let (mut pool, results) = WorkerPool::new(|n: u32| async move { n }).start(&token);
    /// assert!(pool.try_submit(1).is_ok());
    /// assert_eq!(pool.try_submit(2), Err(TryRejected::Full(2)));
    /// # let _ = results.close().await;
    /// # });
    /// ```
    pub fn try_submit(&mut self, job: J) -> Result<JobId, TryRejected<J>> {
        let id = self.next;
        match self.jobs.try_send((id, job)) {
            Ok(()) => {
                self.next.index += 1;
                Ok(id)
            }
            Err(TrySendError::Full((_, job))) => Err(TryRejected::Full(job)),
            Err(TrySendError::Closed((_, job))) => Err(TryRejected::Closed(job)),
        }
    }
}

impl<J> Clone for Pool<J> {
    /// Another handle, with numbers of its own.
    fn clone(&self) -> Self {
        // Relaxed: the number only has to be another one, it orders nothing.
        let handle = self.handles.fetch_add(1, Ordering::Relaxed);
        Pool {
            jobs: self.jobs.clone(),
            next: JobId { handle, index: 0 },
            handles: self.handles.clone(),
        }
    }
}

impl<J> fmt::Debug for Pool<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("next", &self.next).finish_non_exhaustive()
    }
}

/// A job that [`Pool::submit`] gives back: the pool was cancelled or has ended.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pool takes no more jobs")]
pub struct Rejected<J> {
    job: J,
}

impl<J> Rejected<J> {
    /// The job.
    pub fn into_job(self) -> J {
        self.job
    }
}

// By hand, so that a job need not be `Debug` for the error to be `unwrap`ped.
impl<J> fmt::Debug for Rejected<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rejected(..)")
    }
}

/// A job that [`Pool::try_submit`] gives back.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum TryRejected<J> {
    /// The queue is full.
    #[error("the queue is full")]
    Full(J),
    /// The pool was cancelled or has ended.
    #[error("the pool takes no more jobs")]
    Closed(J),
}

impl<J> TryRejected<J> {
    /// The job.
    pub fn into_job(self) -> J {
        match self {
            TryRejected::Full(job) | TryRejected::Closed(job) => job,
        }
    }
}

impl<J> fmt::Debug for TryRejected<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRejected::Full(_) => "Full(..)",
            TryRejected::Closed(_) => "Closed(..)",
        })
    }
}
