//! Wrong: two kinds of task hold one lock while they await another, in opposite orders.
//!
//! Checklist: lock ordering. Law: `LockOrder`. With a limit of 1 no two tasks ever meet and no schedule
//! deadlocks: the order alone gives it away. At a limit of 2 it is a `Deadlock`.

use rt::sync::{Mutex, Semaphore};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// What the tasks share: the results so far, and how far each got.
#[derive(Default)]
struct Shared {
    results: Mutex<Vec<u64>>,
    progress: Mutex<u64>,
}

/// Adds a result, and counts it while the list cannot change.
async fn add(shared: &Shared, value: u64) {
    let mut results = shared.results.lock().await;
    let mut progress = shared.progress.lock().await;
    results.push(value);
    *progress += 1;
}

/// Drops what was added so far, and starts the count again.
async fn restart(shared: &Shared) {
    let mut progress = shared.progress.lock().await;
    // BUG: the guard of `progress` is held over this await, and whoever adds holds `results` and waits
    // for `progress`. (Right: the same order everywhere, or one lock for what belongs together.)
    let mut results = shared.results.lock().await;
    results.clear();
    *progress = 0;
}

/// Runs `tasks` tasks, at most `limit` at once; the last one starts again.
pub async fn scenario(limit: usize, tasks: u64, _: usize) {
    let shared = Arc::new(Shared::default());
    let permits = Arc::new(Semaphore::new(limit));
    let mut group = JoinSet::new();
    for n in 0..tasks {
        let permit = permits.clone().acquire_owned().await.expect("it is never closed");
        let shared = shared.clone();
        group.spawn(async move {
            let _permit = permit;
            if n < tasks - 1 { add(&shared, n).await } else { restart(&shared).await }
        });
    }
    while let Some(ended) = group.join_next().await {
        ended.expect("no task panics");
    }
    let counted = *shared.progress.lock().await;
    assert_eq!(shared.results.lock().await.len() as u64, counted);
}
