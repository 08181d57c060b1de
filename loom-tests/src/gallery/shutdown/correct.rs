//! Correct: a server that stops accepting, drains, and aborts what is left at its deadline.
//!
//! 1. The acceptor hears the drain wherever it waits, and holds no job while it waits for room.
//! 2. Only the acceptor has a sender, so the queue ends with it, and the workers with the queue: they
//!    need not hear of the drain at all.
//! 3. The shutdown returns after every task, however it ended, and accounts for each accepted job.

use rt::sync::{CancellationToken, Mutex, Notify, mpsc};
use rt::task::JoinSet;
use rt::time::{Duration, timeout};
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;
use std::sync::Arc;

const GRACE: Duration = Duration::from_millis(10);

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

    let accepted = acceptor.await.expect("the acceptor does not panic");
    let drained = timeout(GRACE, async {
        while let Some(ended) = crew.join_next().await {
            ended.expect("no worker panics");
        }
    });
    let mut aborted = 0;
    if drained.await.is_err() {
        crew.abort_all();
        while let Some(ended) = crew.join_next().await {
            aborted += ended.is_err_and(|error| error.is_cancelled()) as u64;
        }
    }
    let mut unstarted = 0;
    while queue.lock().await.recv().await.is_some() {
        unstarted += 1;
    }
    signal.await.expect("the signal does not panic");
    shutdown_complete();
    assert!(aborted <= 1, "only the first job is stuck");
    assert_eq!(done.sorted().len() as u64 + aborted + unstarted, accepted);
}
