//! Wrong: the first worker that finds the queue at its end closes the results, while another has a job in hand.
//!
//! Checklist: channel ownership. Law: `SendAfterClose`: the other's result is sent into a closed channel.

use rt::async_channel::{Receiver, Sender, bounded};
use rt::sync::atomic::{AtomicBool, Ordering::SeqCst};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

async fn worker(queue: Receiver<u64>, results: Sender<u64>, closed: Arc<AtomicBool>) {
    while let Ok(job) = queue.recv().await {
        // Nobody looks: as long as the results are open it cannot fail.
        let _ = results.send(job * job).await;
    }
    // BUG: closed once, and too early: the end of the queue is not the end of the work. Whoever waits for
    // the last worker may close.
    if !closed.swap(true, SeqCst) {
        results.close();
    }
}

/// Goes wrong with two workers.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (submit, queue) = bounded(buffer);
    let (deliver, results) = bounded(buffer);
    let closed = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(worker(queue.clone(), deliver.clone(), closed.clone()));
    }
    drop((queue, deliver));
    let producer = rt::spawn(async move {
        for job in 0..jobs {
            submit.send(job).await.expect("the workers read to the end");
        }
    });
    while results.recv().await.is_ok() {}
    producer.await.expect("the producer does not panic");
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no worker panics");
    }
}
