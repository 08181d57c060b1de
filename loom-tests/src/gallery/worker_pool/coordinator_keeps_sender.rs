//! Wrong: the coordinator clones its result sender into each worker and keeps the original, so the
//! results never end.
//!
//! Checklist: channel ownership. Law: `NeverClosed`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::mpsc;
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Works until the queue ends.
async fn worker(jobs: Receiver<u64>, results: mpsc::Sender<u64>) {
    while let Ok(job) = jobs.recv().await {
        if results.send(job * 10).await.is_err() {
            return;
        }
    }
}

/// Submits `jobs` jobs and reads results until they end.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (submit, queue) = bounded(buffer);
    let (deliver, mut results) = mpsc::channel(buffer);
    let mut pool = JoinSet::new();
    for _ in 0..workers {
        // BUG: `deliver` itself lives on to the end of this function, and with it the channel: the
        // loop below receives every result and then waits for ever.
        pool.spawn(worker(queue.clone(), deliver.clone()));
    }
    drop(queue);
    let producer = rt::spawn(async move {
        for job in 0..jobs {
            submit.send(job).await.expect("the workers end after the queue");
        }
    });

    while results.recv().await.is_some() {}
    while let Some(ended) = pool.join_next().await {
        ended.expect("no job panics");
    }
    producer.await.expect("the producer does not panic");
}
