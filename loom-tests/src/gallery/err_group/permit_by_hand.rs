//! Wrong: the permit is forgotten as it is taken and added again by hand, on the way out that somebody
//! thought of.
//!
//! Checklist: resource cleanup. Law: `PermitLeak`. With as many failures as permits, the next spawn
//! waits for ever.

use rt::sync::Semaphore;
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// The last task fails.
async fn work(n: u64, tasks: u64) -> Result<u64, u64> {
    rt::task::yield_now().await;
    if n == tasks - 1 { Err(n) } else { Ok(n) }
}

/// Runs `tasks` tasks, at most `limit` at once, and waits for all.
pub async fn scenario(limit: usize, tasks: u64, _: usize) {
    let permits = Arc::new(Semaphore::new(limit));
    let mut group = JoinSet::new();
    for n in 0..tasks {
        permits.acquire().await.expect("it is never closed").forget();
        let permits = permits.clone();
        group.spawn(async move {
            // BUG: the `?` leaves before the permit is given back; so do a panic and an abort. (Right:
            // move an `acquire_owned` permit into the task, whose end drops it, whatever that is.)
            let value = work(n, tasks).await?;
            permits.add_permits(1);
            Ok::<u64, u64>(value)
        });
    }
    let mut failures = Vec::new();
    while let Some(ended) = group.join_next().await {
        failures.extend(ended.expect("no task panics").err());
    }
    assert_eq!(failures, [tasks - 1]);
}
