//! Wrong: a queue of a hundred, because that has always been enough. What it hides is a send that waits
//! where nobody receives; the hundred and first job shows it.
//!
//! Checklist: buffer sizing. Law: `Deadlock`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::CancellationToken;
use rt::task::JoinSet;
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;

/// Works until the queue ends, and notes each job from `from` on.
async fn worker(jobs: Receiver<u64>, done: Record<u64>, from: u64) {
    while let Ok(job) = jobs.recv().await {
        if job >= from {
            done.note(job);
        }
    }
}

/// Takes up the `jobs` jobs that the last shutdown left, then starts the workers; a signal may come at any
/// time.
///
/// Goes wrong from `jobs = 101` on.
pub async fn scenario(workers: usize, jobs: u64, _buffer: usize) {
    let (drain, done) = (CancellationToken::new(), Record::distinct("done"));
    // BUG: the size has no reason. (Right: as many as are left over, `jobs as usize`; or start the workers
    // first, and any size will do.)
    let (submit, queue) = bounded(100);
    let cancel = drain.clone();
    let signal = rt::spawn(async move { cancel.cancel() });
    for job in 0..jobs {
        submit.send(job).await.expect("the queue is open");
    }
    let mut crew = JoinSet::new();
    for _ in 0..workers {
        crew.spawn(worker(queue.clone(), done.clone(), jobs - 1));
    }
    drop(queue);

    drain.cancelled().await;
    drop(submit);
    while let Some(ended) = crew.join_next().await {
        ended.expect("no worker panics");
    }
    signal.await.expect("the signal does not panic");
    shutdown_complete();
    assert_eq!(done.sorted(), [jobs - 1]);
}
