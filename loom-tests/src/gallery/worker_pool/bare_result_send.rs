//! Wrong: the worker hears the cancel while it waits for a job, but not while it delivers a result.
//!
//! Checklist: exit paths, cancellation. Law: `IgnoredCancellation`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Works until the queue ends or the pool is cancelled.
async fn worker(jobs: Receiver<u64>, results: mpsc::Sender<u64>, token: CancellationToken) {
    loop {
        let job = rt::select! {
            biased;
            () = token.cancelled() => return,
            job = jobs.recv() => match job {
                Ok(job) => job,
                Err(_) => return,
            },
        };
        // BUG: with the results full and nobody reading, it waits here through the cancel for ever.
        if results.send(job * 10).await.is_err() {
            return;
        }
    }
}

/// Submits `jobs` jobs, stops after one result, and joins the workers before it reads the rest.
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
