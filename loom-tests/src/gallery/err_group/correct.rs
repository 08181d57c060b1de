//! Right: the group that the variants get wrong.
//!
//! 1. A task that fails records that first and cancels then, so no reaction is ever recorded before it.
//! 2. The owner takes a permit before it spawns, or hears the cancel; the task holds the permit, and drops
//!    it however it ends.
//! 3. Each outcome carries its task's index. The outcomes end with the last task's sender.
//! 4. The owner joins every task, and looks at every end.

use rt::blocking::Mutex;
use rt::sync::{CancellationToken, Semaphore, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// What a task that was told to stop returns.
const REACTION: u64 = u64::MAX;

/// Task 0 succeeds, task 1 fails, the others wait for the cancel.
async fn work(n: u64, token: &CancellationToken) -> Result<u64, u64> {
    match n {
        0 => Ok(0),
        1 => Err(1),
        _ => {
            token.cancelled().await;
            Err(REACTION)
        }
    }
}

/// Starts up to `tasks` tasks, the second of which fails, and waits for all. Needs two tasks.
pub async fn scenario(limit: usize, tasks: u64, _: usize) {
    let token = CancellationToken::new();
    let cause = Arc::new(Mutex::new(None));
    let permits = Arc::new(Semaphore::new(limit));
    // Room for every outcome: nobody reads before the last task is started.
    let (report, mut outcomes) = mpsc::channel(tasks as usize);
    let mut group = JoinSet::new();
    for n in 0..tasks {
        let permit = rt::select! {
            biased;
            () = token.cancelled() => break,
            permit = permits.clone().acquire_owned() => permit.expect("it is never closed"),
        };
        let (token, cause, report) = (token.clone(), cause.clone(), report.clone());
        group.spawn(async move {
            let _permit = permit;
            let ended = work(n, &token).await;
            if let Err(error) = ended {
                cause.lock().expect("no panic").get_or_insert(error);
                token.cancel();
            }
            report.send((n, ended)).await.expect("the owner reads to the end");
        });
    }
    // The tasks' own senders are the only ones.
    drop(report);

    let started = group.len();
    let (mut results, mut failed) = (Vec::new(), 0);
    while let Some((n, ended)) = outcomes.recv().await {
        match ended {
            Ok(value) => results.push((n, value)),
            Err(_) => failed += 1,
        }
    }
    while let Some(ended) = group.join_next().await {
        ended.expect("no task panics");
    }
    let cause = *cause.lock().expect("no panic");
    assert_eq!(cause, Some(1), "the task that failed by itself");
    assert_eq!((results, failed), (vec![(0, 0)], started - 1));
}
