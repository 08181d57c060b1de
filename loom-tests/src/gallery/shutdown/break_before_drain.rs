//! Wrong: the workers end with the drain, and leave what was accepted in the queue.
//!
//! Checklist: cancellation. Law: `LostItem`.

use rt::sync::{CancellationToken, Mutex, mpsc};
use rt::task::JoinSet;
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;
use std::sync::Arc;

/// Accepts jobs until the drain begins, or there are no more.
async fn accept(jobs: u64, queue: mpsc::Sender<u64>, drain: CancellationToken) {
    for job in 0..jobs {
        rt::select! {
            biased;
            () = drain.cancelled() => return,
            room = queue.reserve() => match room {
                Ok(room) => room.send(job),
                Err(_) => return,
            },
        }
    }
}

/// Works until the queue ends.
async fn worker(
    jobs: Arc<Mutex<mpsc::Receiver<u64>>>,
    done: Record<u64>,
    drain: CancellationToken,
) {
    loop {
        let job = jobs.lock().await.recv().await;
        let Some(job) = job else { return };
        done.note(job);
        // BUG: there may be more in the queue. (Right: only the end of the queue ends a worker.)
        if drain.is_cancelled() {
            return;
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
        crew.spawn(worker(queue.clone(), done.clone(), drain.clone()));
    }
    // The workers' receiver is the only one: it is gone when they are.
    drop(queue);
    let acceptor = rt::spawn(accept(jobs, submit, drain.clone()));
    let signal = rt::spawn(async move { drain.cancel() });

    acceptor.await.expect("the acceptor does not panic");
    while let Some(ended) = crew.join_next().await {
        ended.expect("no worker panics");
    }
    signal.await.expect("the signal does not panic");
    shutdown_complete();
}
