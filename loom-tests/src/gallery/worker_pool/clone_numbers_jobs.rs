//! Wrong: the handle of the pool numbers the jobs, and its counter is a plain field: each clone counts for
//! itself.
//!
//! Checklist: copy safety. Law: `DuplicateItem`: who files results by id finds two under one.

use rt::async_channel::{Receiver, Sender, bounded};
use rt::task::JoinSet;
use selvedge::Record;
use selvedge_rt as rt;

/// What a caller submits through.
#[derive(Clone)]
struct Handle {
    submit: Sender<u64>,
    // BUG: a clone takes a copy along and goes on from there, so two jobs get one id. (Right: an
    // `Arc<AtomicU64>`, which the clones share.)
    next: u64,
}

impl Handle {
    /// Submits a job.
    async fn submit(&mut self) {
        let id = self.next;
        self.next += 1;
        self.submit.send(id).await.expect("the workers end after the queue");
    }
}

/// Works until the queue ends.
async fn worker(jobs: Receiver<u64>, done: Record<u64>) {
    while let Ok(id) = jobs.recv().await {
        done.note(id);
    }
}

/// Submits a job, and lets a clone of the handle submit the other `jobs - 1`. Needs two jobs.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (submit, queue) = bounded(buffer);
    let done = Record::distinct("done");
    let mut pool = JoinSet::new();
    for _ in 0..workers {
        pool.spawn(worker(queue.clone(), done.clone()));
    }
    drop(queue);
    let mut handle = Handle { submit, next: 0 };
    let mut clone = handle.clone();
    let producer = rt::spawn(async move {
        for _ in 1..jobs {
            clone.submit().await;
        }
    });

    handle.submit().await;
    drop(handle);
    producer.await.expect("the producer does not panic");
    while let Some(ended) = pool.join_next().await {
        ended.expect("no job panics");
    }
    assert_eq!(done.sorted(), (0..jobs).collect::<Vec<_>>());
}
