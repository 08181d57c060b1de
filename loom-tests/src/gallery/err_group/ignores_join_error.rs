//! Wrong: `if let Ok(..)` on what a join gives. A task that panicked looks like one that was never
//! there, and the group succeeds without it.
//!
//! Checklist: error handling. Law: `Panic`: the end was taken, so `SwallowedError` sees somebody look;
//! that nobody acted on it only the scenario's assertion can tell.

use rt::task::{JoinError, JoinSet};
use selvedge_rt as rt;

/// The last task panics.
async fn work(n: u64, tasks: u64) -> u64 {
    rt::task::yield_now().await;
    assert!(n != tasks - 1, "task {n} is broken");
    n
}

/// Waits for the group: the results in any order, or the panic of a task.
async fn wait(mut group: JoinSet<u64>) -> Result<Vec<u64>, JoinError> {
    let mut results = Vec::new();
    while let Some(ended) = group.join_next().await {
        // BUG: the `Err` side is the panic, and it goes nowhere: the caller gets `Ok` and fewer results
        // than tasks. (Right: keep the error, join the rest, and return it.)
        if let Ok(value) = ended {
            results.push(value);
        }
    }
    Ok(results)
}

/// Runs `tasks` tasks, the last of which panics, and waits for all.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let mut group = JoinSet::new();
    for n in 0..tasks {
        group.spawn(work(n, tasks));
    }
    let ended = wait(group).await;
    assert!(ended.is_err(), "a panic is a failure, and yet {ended:?}");
}
