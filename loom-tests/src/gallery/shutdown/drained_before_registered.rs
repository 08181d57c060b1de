//! Wrong: the drain looks at the count, then begins to wait. The last job may end in between, and its
//! wakeup finds nobody.
//!
//! Checklist: exit paths. Law: `Deadlock`.

use rt::sync::Notify;
use rt::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use rt::task::JoinSet;
use selvedge::Record;
use selvedge_rt as rt;
use std::sync::Arc;

/// How many jobs are in flight.
#[derive(Default)]
struct InFlight {
    jobs: AtomicUsize,
    empty: Notify,
}

impl InFlight {
    /// A job ends.
    fn end(&self) {
        if self.jobs.fetch_sub(1, SeqCst) == 1 {
            self.empty.notify_waiters();
        }
    }

    /// Waits until none is left.
    async fn drained(&self) {
        // BUG: `notify_waiters` reaches those that wait by then, and stores nothing. (Right: make the
        // future first, look then: `let empty = self.empty.notified();` above the `if`.)
        if self.jobs.load(SeqCst) > 0 {
            let empty = self.empty.notified();
            empty.await;
        }
    }
}

/// Starts `workers` tasks of `jobs` jobs each, all in flight from the start, and drains.
pub async fn scenario(workers: usize, jobs: u64, _buffer: usize) {
    let (in_flight, done) = (Arc::new(InFlight::default()), Record::distinct("done"));
    in_flight.jobs.store(workers * jobs as usize, SeqCst);
    let mut crew = JoinSet::new();
    for worker in 0..workers {
        let (in_flight, done) = (in_flight.clone(), done.clone());
        crew.spawn(async move {
            for job in 0..jobs {
                done.note((worker, job));
                in_flight.end();
            }
        });
    }
    in_flight.drained().await;
    assert_eq!(done.sorted().len(), workers * jobs as usize);
    while let Some(ended) = crew.join_next().await {
        ended.expect("no worker panics");
    }
}
