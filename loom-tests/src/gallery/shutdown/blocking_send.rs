//! Wrong: the acceptor looks at the drain between two jobs, but not while it waits for room.
//!
//! Checklist: cancellation. Law: `IgnoredCancellation`.

use rt::sync::{CancellationToken, Mutex, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// Accepts jobs until the drain begins, or there are no more.
async fn accept(jobs: u64, queue: mpsc::Sender<u64>, drain: CancellationToken) {
    for job in 0..jobs {
        if drain.is_cancelled() {
            return;
        }
        // BUG: with the queue full and the workers gone, it waits here through the drain for ever.
        queue.send(job).await.expect("the queue is open");
    }
}

/// Works until the queue ends or the drain begins.
async fn worker(jobs: Arc<Mutex<mpsc::Receiver<u64>>>, drain: CancellationToken) {
    let next = async || jobs.lock().await.recv().await;
    while let Some(Some(_job)) = drain.run_until_cancelled(next()).await {}
}

/// Serves at most `jobs` jobs until a signal that may come at any time; then takes back what is queued.
///
/// Goes wrong from `jobs = buffer + 1` on.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let drain = CancellationToken::new();
    let (submit, queue) = mpsc::channel(buffer);
    let queue = Arc::new(Mutex::new(queue));
    let mut crew = JoinSet::new();
    for _ in 0..workers {
        crew.spawn(worker(queue.clone(), drain.clone()));
    }
    let acceptor = rt::spawn(accept(jobs, submit, drain.clone()));

    drain.cancel();
    while let Some(ended) = crew.join_next().await {
        ended.expect("no worker panics");
    }
    acceptor.await.expect("the acceptor does not panic");
    while queue.lock().await.recv().await.is_some() {}
}
