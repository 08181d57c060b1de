//! Wrong: the drain waits as long as the slowest job, so one that is stuck holds the process for ever.
//!
//! Checklist: exit paths. Law: `Deadlock`.

use rt::sync::{CancellationToken, Mutex, Notify, mpsc};
use rt::task::JoinSet;
use selvedge::Record;
use selvedge_rt as rt;
use std::sync::Arc;

/// Accepts jobs until the drain begins, or there are no more.
async fn accept(jobs: u64, queue: mpsc::Sender<u64>, drain: CancellationToken) {
    for job in 0..jobs {
        rt::select! {
            biased;
            () = drain.cancelled() => return,
            room = queue.reserve() => room.expect("the workers end after the queue").send(job),
        }
    }
}

/// Works until the queue ends. The first job never does.
async fn worker(jobs: Arc<Mutex<mpsc::Receiver<u64>>>, done: Record<u64>) {
    loop {
        let job = jobs.lock().await.recv().await;
        match job {
            Some(0) => Notify::new().notified().await,
            Some(job) => done.note(job),
            None => return,
        }
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

    acceptor.await.expect("the acceptor does not panic");
    signal.await.expect("the signal does not panic");
    // BUG: no timeout around it, and no `abort_all()` after that.
    while let Some(ended) = crew.join_next().await {
        assert!(ended.is_ok() || ended.is_err_and(|error| error.is_cancelled()));
    }
    while queue.lock().await.recv().await.is_some() {}
}
