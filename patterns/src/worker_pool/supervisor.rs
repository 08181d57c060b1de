//! The supervisor: the one task that owns the workers, and closes the queue on cancel.
//!
//! 1. It ends after every worker; its output is the pool's account.
//! 2. Only it closes the queue explicitly, and at most once. (The queue may have ended meanwhile,
//!    with its last handle: then the close finds nothing to do.)
//! 3. On cancel it closes first, so that nothing more is accepted, then waits for the workers, then
//!    takes what they left in the queue.
//! 4. It listens to the token only until the first worker has ended. One that ended by itself has
//!    seen the queue closed and empty: from then on there is no submitter to free and no job to take
//!    back, and the workers that are still busy listen for themselves.

use super::report::{Account, Leftover};
use super::worker::Worker;
use rt::task::{JoinError, JoinSet};
use selvedge_rt as rt;
use std::sync::Arc;

/// Owns the workers until they have ended.
pub(super) struct Supervisor<J, R, F> {
    pub(super) shared: Arc<Worker<J, R, F>>,
    pub(super) workers: JoinSet<Option<Leftover<J, R>>>,
}

impl<J: Send + 'static, R: Send + 'static, F> Supervisor<J, R, F> {
    /// Waits for the end of the pool.
    pub(super) async fn run(mut self) -> Account<J, R> {
        let first = rt::select! {
            biased;
            first = self.workers.join_next() => first.map(own_end),
            () = self.shared.token.cancelled() => None,
        };
        // Idle workers end with the queue, but each busy one may see the cancel before this task.
        let cancelled = first.as_ref().is_none_or(Option::is_some);
        let closed = cancelled && self.shared.jobs.close();
        let mut account = Account::default();
        account.list(first.flatten());
        while let Some(ended) = self.workers.join_next().await {
            account.list(own_end(ended));
        }
        if cancelled {
            while let Ok((id, job)) = self.shared.jobs.try_recv() {
                account.list(Some(Leftover::Cancelled(id, Some(job))));
            }
        }
        // Cut short if someone may have been refused, or something accepted was not run. A cancel
        // after the last handle was dropped, that finds every job done, cut nothing.
        account.cut_short = closed || !account.cancelled.is_empty();
        account
    }
}

/// What a worker left. Jobs cannot bring one down and nobody aborts one, so anything else than its own
/// end is a bug here, or a runtime that is shut down, in which case nobody hears this.
fn own_end<J, R>(ended: Result<Option<Leftover<J, R>>, JoinError>) -> Option<Leftover<J, R>> {
    ended.unwrap_or_else(|error| panic!("a worker did not come to its own end: {error}"))
}
