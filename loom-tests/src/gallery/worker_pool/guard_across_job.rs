//! Wrong: the workers share one receiver behind a mutex, and the guard lives as long as the job.
//!
//! Checklist: lock ordering. Law: `Deadlock`. Where no job waits for another, the pool only becomes
//! serial: four workers, the speed of one.

use rt::sync::{Mutex, Notify, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// Runs one job: job 0 needs something that job 1 makes.
async fn run(job: u64, made: &Notify) -> u64 {
    match job {
        0 => made.notified().await,
        1 => made.notify_one(),
        _ => {}
    }
    job * 10
}

/// Works until the queue ends.
async fn worker(
    jobs: Arc<Mutex<mpsc::Receiver<u64>>>,
    results: mpsc::Sender<u64>,
    made: Arc<Notify>,
) {
    // BUG: the guard is a temporary of the whole `while let`, so it is held through the body. No
    // other worker gets a job meanwhile, and job 0 waits for one that cannot start. (Right: receive
    // in a statement of its own, `let job = jobs.lock().await.recv().await;`.)
    while let Some(job) = jobs.lock().await.recv().await {
        if results.send(run(job, &made).await).await.is_err() {
            return;
        }
    }
}

/// Submits `jobs` jobs, joins the workers, then reads the results. Needs two workers and two jobs.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (submit, queue) = mpsc::channel(buffer);
    // Room for every result: nobody reads before the workers have ended.
    let (deliver, mut results) = mpsc::channel(jobs as usize);
    let (queue, made) = (Arc::new(Mutex::new(queue)), Arc::new(Notify::new()));
    let mut pool = JoinSet::new();
    for _ in 0..workers {
        pool.spawn(worker(queue.clone(), deliver.clone(), made.clone()));
    }
    drop(deliver);
    let producer = rt::spawn(async move {
        for job in 0..jobs {
            submit.send(job).await.expect("the workers end after the queue");
        }
    });

    while let Some(ended) = pool.join_next().await {
        ended.expect("no job panics");
    }
    while results.recv().await.is_some() {}
    producer.await.expect("the producer does not panic");
}
