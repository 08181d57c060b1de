//! Wrong: each worker closes the results on its way out, though only the last one may.
//!
//! Checklist: channel ownership. Law: `DoubleClose`. (While another worker is still at work it is
//! `SendAfterClose` too; this caller is careful to read every result before it ends the queue.)

use rt::async_channel::{Receiver, Sender, bounded};
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Works until the queue ends.
async fn worker(jobs: Receiver<u64>, results: Sender<u64>) {
    while let Ok(job) = jobs.recv().await {
        if results.send(job * 10).await.is_err() {
            return;
        }
    }
    // BUG: the second worker to end closes a closed channel. Where a close by hand is an error, as
    // in Go, that is a panic; here it says that no one owns the end of the results.
    results.close();
}

/// Submits `jobs` jobs, reads as many results, then ends the queue.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (submit, queue) = bounded(buffer);
    let (deliver, results) = bounded(buffer);
    let mut pool = JoinSet::new();
    for _ in 0..workers {
        pool.spawn(worker(queue.clone(), deliver.clone()));
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
    drop(producer.await.expect("the producer does not panic"));
    results.recv().await.expect_err("the results end with the queue");
    while let Some(ended) = pool.join_next().await {
        ended.expect("no job panics");
    }
}
