//! Wrong: the worker takes what the queue gives it and never asks whether that was the end.
//!
//! Checklist: exit paths. Law: `Livelock`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::mpsc;
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Works; was meant to until the queue ends.
async fn worker(jobs: Receiver<u64>, results: mpsc::Sender<u64>) {
    loop {
        // BUG: at the end of the queue `recv` fails at once, every time, and the loop spins for ever,
        // without a single suspension: on a real runtime it takes its thread with it.
        let Ok(job) = jobs.recv().await else { continue };
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
