//! Wrong: each task takes its permit itself, so the limit bounds how many work and not how many there
//! are. All are spawned at once, with all that they hold.
//!
//! Checklist: buffer sizing. Law: `Panic`: `UnboundedGrowth` counts the items of a channel, and here it is
//! tasks that pile up, so the scenario asserts the limit.

use rt::sync::Semaphore;
use rt::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// Runs `tasks` tasks, meant to be at most `limit` at once, and waits for all.
pub async fn scenario(limit: usize, tasks: u64, _: usize) {
    let permits = Arc::new(Semaphore::new(limit));
    let there = Arc::new(AtomicUsize::new(0));
    let mut group = JoinSet::new();
    for n in 0..tasks {
        let (permits, gone) = (permits.clone(), there.clone());
        // Spawned, so that it is there from now on, with what it captured.
        let before = there.fetch_add(1, SeqCst);
        assert!(before < limit, "task {n} is one more than the limit");
        group.spawn(async move {
            // BUG: it waits here as a task, and nothing slows down the loop that spawns. (Right: take
            // the permit in the loop, before the spawn, and move it in.)
            let _permit = permits.acquire_owned().await.expect("it is never closed");
            gone.fetch_sub(1, SeqCst);
            n
        });
    }
    while let Some(ended) = group.join_next().await {
        ended.expect("no task panics");
    }
}
