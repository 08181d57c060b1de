//! Wrong: the owner keeps a sender of the queue, so the queue never ends and nor does the drain.
//!
//! Checklist: channel ownership. Law: `NeverClosed`.

use rt::async_channel::{Receiver, Sender, bounded};
use rt::sync::CancellationToken;
use rt::task::JoinSet;
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;

/// Accepts jobs until the drain begins, or there are no more.
async fn accept(jobs: u64, queue: Sender<u64>, drain: CancellationToken) {
    for job in 0..jobs {
        if drain.is_cancelled() || queue.send(job).await.is_err() {
            return;
        }
    }
}

/// Works until the queue ends.
async fn worker(jobs: Receiver<u64>, done: Record<u64>) {
    while let Ok(job) = jobs.recv().await {
        done.note(job);
    }
}

/// Serves at most `jobs` jobs until a signal that may come at any time.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (drain, done) = (CancellationToken::new(), Record::distinct("done"));
    let (submit, queue) = bounded(buffer);
    let mut crew = JoinSet::new();
    for _ in 0..workers {
        crew.spawn(worker(queue.clone(), done.clone()));
    }
    drop(queue);
    // BUG: a clone for the acceptor, where the original belongs. This one lives to the end of the
    // function, which waits for the workers, which wait for it.
    let acceptor = rt::spawn(accept(jobs, submit.clone(), drain.clone()));
    let signal = rt::spawn(async move { drain.cancel() });

    acceptor.await.expect("the acceptor does not panic");
    signal.await.expect("the signal does not panic");
    while let Some(ended) = crew.join_next().await {
        ended.expect("no worker panics");
    }
    shutdown_complete();
}
