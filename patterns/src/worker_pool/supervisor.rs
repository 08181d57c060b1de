//! The supervisor: the one task that owns the workers, and closes the queue on cancel.
//!
//! 1. It ends after every worker; its output is the pool's account.
//! 2. Only it closes the queue explicitly, and at most once. (The queue may have ended before, with
//!    its last handle: then the close finds nothing to do.)
//! 3. After a cancel it closes first, so that nothing more is accepted, then waits for the workers,
//!    then takes what they left in the queue.

use super::report::{Account, Tally};
use super::worker::Worker;
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// Owns the workers until they have ended.
pub(super) struct Supervisor<J, R, F> {
    pub(super) shared: Arc<Worker<J, R, F>>,
    pub(super) workers: JoinSet<Tally<J, R>>,
}

impl<J: Send + 'static, R: Send + 'static, F> Supervisor<J, R, F> {
    /// Waits for the end of the pool.
    pub(super) async fn run(mut self) -> Account<J, R> {
        let mut total = Tally::default();
        let mut cut = None;
        rt::select! {
            biased;
            () = gather(&mut self.workers, &mut total) => {}
            () = self.shared.token.cancelled() => {
                cut = Some(self.shared.jobs.close());
                gather(&mut self.workers, &mut total).await;
            }
        }
        // Idle workers end with the queue, but each busy one may see the cancel before this task.
        if cut.is_none() && total.stopped {
            cut = Some(self.shared.jobs.close());
        }
        if cut.is_some() {
            while let Ok((id, job)) = self.shared.jobs.try_recv() {
                total.cancelled.push((id, Some(job)));
            }
        }
        // Cut short if someone may have been refused, or something accepted was not run. A cancel
        // after the last handle was dropped and the last job was done cut nothing.
        let cut_short = cut == Some(true) || !total.cancelled.is_empty();
        Account { total, cut_short }
    }
}

/// Adds up the workers' tallies as they end. Keeps what it has when dropped.
async fn gather<J: 'static, R: 'static>(
    workers: &mut JoinSet<Tally<J, R>>,
    total: &mut Tally<J, R>,
) {
    while let Some(ended) = workers.join_next().await {
        match ended {
            Ok(tally) => total.add(tally),
            // Jobs cannot bring a worker down and nobody aborts one: a bug here, or a runtime that
            // is shut down, in which case nobody hears this.
            Err(error) => panic!("a worker did not come to its own end: {error}"),
        }
    }
}
