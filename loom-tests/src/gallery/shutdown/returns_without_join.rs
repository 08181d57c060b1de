//! Wrong: the shutdown returns when accepting has ended, and not when the work has.
//!
//! Checklist: resource cleanup, exit paths. Law: `IncompleteShutdown`. The lesson's `os.Exit()`: in a
//! process, `main` returns here, and takes every job in flight with it.

use rt::sync::{CancellationToken, Mutex, mpsc};
use rt::task::JoinSet;
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;
use std::sync::Arc;

/// Accepts jobs until the drain begins, or there are no more. Returns how many.
async fn accept(jobs: u64, queue: mpsc::Sender<u64>, drain: CancellationToken) -> u64 {
    for job in 0..jobs {
        rt::select! {
            biased;
            () = drain.cancelled() => return job,
            room = queue.reserve() => room.expect("the workers end after the queue").send(job),
        }
    }
    jobs
}

/// Works until the queue ends.
async fn worker(jobs: Arc<Mutex<mpsc::Receiver<u64>>>, done: Record<u64>) {
    loop {
        let job = jobs.lock().await.recv().await;
        let Some(job) = job else { return };
        done.note(job);
    }
}

/// Serves at most `jobs` jobs until a signal that may come at any time.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (drain, done) = (CancellationToken::new(), Record::distinct("done"));
    let (submit, queue) = mpsc::channel(buffer);
    let queue = Arc::new(Mutex::new(queue));
    let mut crew = JoinSet::new();
    for _ in 0..workers {
        crew.spawn(worker(queue.clone(), done.clone()));
    }
    let acceptor = rt::spawn(accept(jobs, submit, drain.clone()));
    let signal = rt::spawn(async move { drain.cancel() });

    signal.await.expect("the signal does not panic");
    acceptor.await.expect("the acceptor does not panic");
    // BUG: one line too early. Nothing is accepted any more, but workers may still be busy, or have
    // jobs in the queue.
    shutdown_complete();
    while let Some(ended) = crew.join_next().await {
        ended.expect("no worker panics");
    }
}
