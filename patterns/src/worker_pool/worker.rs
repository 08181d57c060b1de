//! One worker: take a job, run it, deliver its result.
//!
//! On the way of a job that goes well there are three operations: receive, a look at the token,
//! send. A worker keeps no account: it stops at the first thing that it cannot deliver, and returns
//! that, so that one worker that ended with the queue is like any other.

use super::report::{Done, Leftover, Outcome};
use super::{JobId, OnCancel};
use crate::panic;
use futures_util::FutureExt;
use rt::sync::mpsc::error::TrySendError;
use rt::sync::{CancellationToken, mpsc};
use selvedge_rt as rt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// What all workers of a pool share.
pub(super) struct Worker<J, R, F> {
    pub(super) jobs: rt::async_channel::Receiver<(JobId, J)>,
    pub(super) results: mpsc::Sender<Done<R>>,
    pub(super) token: CancellationToken,
    pub(super) handler: F,
    pub(super) on_cancel: OnCancel,
}

/// Works until the queue is closed and empty, the pool is cancelled, or the consumer is gone.
pub(super) async fn run<J, R, F, Fut>(shared: Arc<Worker<J, R, F>>) -> Option<Leftover<J, R>>
where
    F: Fn(J) -> Fut,
    Fut: Future<Output = R>,
{
    while let Ok((id, job)) = shared.jobs.recv().await {
        // After the receive, not before it: a look before would let this job start although the
        // cancel came while the worker waited for it.
        let left = if shared.token.is_cancelled() {
            Some(Leftover::Cancelled(id, Some(job)))
        } else {
            match shared.work(job).await {
                Some(outcome) => {
                    shared.deliver(Done { id, outcome }).await.err().map(Leftover::Undelivered)
                }
                None => Some(Leftover::Cancelled(id, None)),
            }
        };
        if left.is_some() {
            return left;
        }
    }
    None
}

impl<J, R, F, Fut> Worker<J, R, F>
where
    F: Fn(J) -> Fut,
    Fut: Future<Output = R>,
{
    /// Runs one job to its end; `None` where the cancel came first and the job was abandoned.
    async fn work(&self, job: J) -> Option<Outcome<R>> {
        // The call of the handler, and the drop of its future, are inside the block: a panic in
        // either is the job's, not the worker's.
        let job = AssertUnwindSafe(async {
            match self.on_cancel {
                OnCancel::Drain => Some((self.handler)(job).await),
                OnCancel::Abandon => rt::select! {
                    biased;
                    () = self.token.cancelled() => None,
                    value = (self.handler)(job) => Some(value),
                },
            }
        });
        // Unwind safe: after a panic nothing of the job is used again, and what the handler shares
        // between jobs (it is `Fn`) sits behind locks of its own.
        match job.catch_unwind().await {
            Ok(value) => value.map(Outcome::Returned),
            Err(payload) => Some(Outcome::Panicked(panic::message(payload))),
        }
    }

    /// Hands a result to the consumer, or back where the consumer is gone; when abandoning, also
    /// where the cancel comes before there is room.
    async fn deliver(&self, done: Done<R>) -> Result<(), Done<R>> {
        match self.on_cancel {
            OnCancel::Drain => self.results.send(done).await.map_err(|error| error.0),
            // A cancelled `send` would drop the result: wait for room only, then send.
            OnCancel::Abandon => match self.results.try_send(done) {
                Ok(()) => Ok(()),
                Err(TrySendError::Closed(done)) => Err(done),
                Err(TrySendError::Full(done)) => rt::select! {
                    biased;
                    () = self.token.cancelled() => Err(done),
                    permit = self.results.reserve() => match permit {
                        Ok(permit) => {
                            permit.send(done);
                            Ok(())
                        }
                        Err(_) => Err(done),
                    },
                },
            },
        }
    }
}
