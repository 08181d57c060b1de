//! Wrong: the cancel is wrapped around the worker's whole loop, so it strikes at any await, and what
//! the loop holds at that moment is dropped.
//!
//! Checklist: cancellation. Law: `LostItem`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Works until the queue ends or the pool is cancelled.
async fn worker(jobs: Receiver<u64>, results: mpsc::Sender<u64>, token: CancellationToken) {
    // BUG: a cancel while the send waits for room drops the send with the result inside. The job was
    // accepted and done; it is neither received nor given back.
    let _ = token
        .run_until_cancelled(async {
            while let Ok(job) = jobs.recv().await {
                if results.send(job * 10).await.is_err() {
                    return;
                }
            }
        })
        .await;
}

/// Submits `jobs` jobs, stops after one result, and takes back what is left.
///
/// Goes wrong from `jobs = buffer + 2` on: one result read, the buffer full, and one more.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let token = CancellationToken::new();
    let (submit, queue) = bounded(buffer);
    let (deliver, mut results) = mpsc::channel(buffer);
    let mut pool = JoinSet::new();
    for _ in 0..workers {
        pool.spawn(worker(queue.clone(), deliver.clone(), token.clone()));
    }
    drop(deliver);
    let producer = rt::spawn(async move {
        let mut job = 0;
        while job < jobs && submit.send(job).await.is_ok() {
            job += 1;
        }
    });

    let _first = results.recv().await;
    token.cancel();
    queue.close();
    while let Some(ended) = pool.join_next().await {
        ended.expect("no job panics");
    }
    while results.recv().await.is_some() {}
    while queue.try_recv().is_ok() {}
    producer.await.expect("the producer does not panic");
}
