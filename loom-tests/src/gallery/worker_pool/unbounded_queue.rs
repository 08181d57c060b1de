//! Wrong: the queue has no bound, so a producer that is faster than the workers fills the memory.
//!
//! Checklist: buffer sizing. Law: `UnboundedGrowth`, with a high-water mark below `jobs`.

use rt::async_channel::{Receiver, unbounded};
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

/// Submits `jobs` jobs as fast as it can and reads results until they end.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    // BUG: no send ever waits, so nothing slows the producer down to the workers' pace: all `jobs`
    // jobs may sit in the queue at once. (Right: `bounded(buffer)`.)
    let (submit, queue) = unbounded();
    let (deliver, mut results) = mpsc::channel(buffer);
    let mut pool = JoinSet::new();
    for _ in 0..workers {
        pool.spawn(worker(queue.clone(), deliver.clone()));
    }
    drop((queue, deliver));
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
