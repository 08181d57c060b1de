//! Wrong: a job that panics takes its worker with it, and nobody looks until the end. The pool
//! shrinks in silence; with its last worker gone, submitting waits for ever.
//!
//! Checklist: error handling, exit paths. Laws: `Deadlock`, and `SwallowedError` with it.

use rt::async_channel::{Receiver, bounded};
use rt::sync::mpsc;
use selvedge_rt as rt;

/// Runs one job; the first `bad` of them panic.
async fn run(job: u64, bad: u64) -> u64 {
    assert!(job >= bad, "job {job} is broken");
    job * 10
}

/// Works until the queue ends.
async fn worker(jobs: Receiver<u64>, results: mpsc::Sender<u64>, bad: u64) {
    while let Ok(job) = jobs.recv().await {
        // BUG: no `catch_unwind` here. The panic ends this loop, not only the job.
        let result = run(job, bad).await;
        if results.send(result).await.is_err() {
            return;
        }
    }
}

/// Submits `jobs` jobs, the first of which panic, one per worker; then reads the results.
///
/// Goes wrong from `jobs = workers + buffer + 1` on: nobody takes a job that makes room.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (submit, queue) = bounded(buffer);
    // Room for every result: nobody reads before every job is submitted.
    let (deliver, mut results) = mpsc::channel(jobs as usize);
    let pool: Vec<_> = (0..workers)
        .map(|_| rt::spawn(worker(queue.clone(), deliver.clone(), workers as u64)))
        .collect();
    drop(deliver);

    for job in 0..jobs {
        submit.send(job).await.expect("the caller holds the queue too");
    }
    drop(submit);
    while results.recv().await.is_some() {}
    for worker in pool {
        worker.await.expect("no job takes a worker with it");
    }
    while queue.try_recv().is_ok() {}
}
