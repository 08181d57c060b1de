//! Wrong: the ticker that fills the bucket is nobody's, and goes on when the work is long over.
//!
//! Checklist: resource cleanup. Law: `TaskLeak`, where a check lets tasks outlive the root for a while.

use super::INTERVAL;
use rt::async_channel::{Sender, bounded};
use rt::task::JoinSet;
use rt::time::interval;
use selvedge_rt as rt;

/// Fills the bucket, one permit an interval.
async fn refill(fill: Sender<()>) {
    let mut ticks = interval(INTERVAL);
    loop {
        ticks.tick().await;
        // BUG: a failure is taken for a full bucket, and so the ticker outlives the bucket: it ticks for
        // ever, and nobody has a handle to stop it. (Right: return where `try_send` says `Closed`.)
        let _ = fill.try_send(());
    }
}

/// Workers take `jobs` permits each.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let (fill, permits) = bounded(burst);
    drop(rt::spawn(refill(fill)));
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let permits = permits.clone();
        tasks.spawn(async move {
            for _ in 0..jobs {
                permits.recv().await.expect("the ticker goes on");
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no task panics");
    }
}
