//! Wrong: the workers' handles are dropped, so the pool counts as closed while they still run.
//!
//! Checklist: resource cleanup. Law: `Unjoined`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::mpsc;
use selvedge_rt as rt;

/// Works until the queue ends.
async fn worker(jobs: Receiver<u64>, results: mpsc::Sender<u64>) {
    while let Ok(job) = jobs.recv().await {
        if results.send(job * 10).await.is_err() {
            return;
        }
    }
}

/// Submits `jobs` jobs, reads as many results, and closes the pool.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (submit, queue) = bounded(buffer);
    let (deliver, mut results) = mpsc::channel(buffer);
    for _ in 0..workers {
        // BUG: nothing can wait for this task any more.
        drop(rt::spawn(worker(queue.clone(), deliver.clone())));
    }
    drop((queue, deliver));
    let producer = rt::spawn(async move {
        for job in 0..jobs {
            submit.send(job).await.expect("the workers end after the queue");
        }
        submit
    });

    for _ in 0..jobs {
        results.recv().await.expect("every job has a result");
    }
    // The close: it tells the workers to end, and returns while they still do.
    drop(producer.await.expect("the producer does not panic"));
}
