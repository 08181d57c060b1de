//! Right: the group that the variants get wrong.
//!
//! 1. A task that fails records that first and cancels then, so no reaction is ever recorded before it.
//! 2. The owner takes a permit before it spawns; the task holds it, and drops it however it ends.
//! 3. Each result carries its task's index. The owner joins every task, and looks at every end.

use rt::blocking::Mutex;
use rt::sync::{CancellationToken, Semaphore};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// What a task that was told to stop returns.
const REACTION: u64 = u64::MAX;

/// Task 0 succeeds, the last one fails, the others wait for the cancel.
async fn work(n: u64, tasks: u64, token: &CancellationToken) -> Result<u64, u64> {
    match n {
        0 => Ok(0),
        _ if n == tasks - 1 => Err(n),
        _ => {
            token.cancelled().await;
            Err(REACTION)
        }
    }
}

/// Runs `tasks` tasks, the last of which fails, and waits for all. Needs `limit >= tasks - 1`.
pub async fn scenario(limit: usize, tasks: u64, _: usize) {
    let token = CancellationToken::new();
    let cause = Arc::new(Mutex::new(None));
    let permits = Arc::new(Semaphore::new(limit));
    let mut group = JoinSet::new();
    for n in 0..tasks {
        let permit = permits.clone().acquire_owned().await.expect("it is never closed");
        let (token, cause) = (token.clone(), cause.clone());
        group.spawn(async move {
            let _permit = permit;
            let ended = work(n, tasks, &token).await;
            if let Err(error) = ended {
                cause.lock().expect("no panic").get_or_insert(error);
                token.cancel();
            }
            (n, ended)
        });
    }

    let mut results = Vec::new();
    let mut failed = 0;
    while let Some(ended) = group.join_next().await {
        match ended.expect("no task panics") {
            (n, Ok(value)) => results.push((n, value)),
            (_, Err(_)) => failed += 1,
        }
    }
    let cause = *cause.lock().expect("no panic");
    assert_eq!(cause, Some(tasks - 1), "the task that failed by itself");
    assert_eq!((results, failed), (vec![(0, 0)], tasks - 1));
}
