//! Correct: a worker pool whose caller stops after the first result, and loses nothing.
//!
//! 1. Every wait of a worker, on the queue and on the results, ends with the cancel.
//! 2. Only the caller closes the queue, once; the results end with the last worker's sender.
//! 3. Each accepted job comes back once: as a result received, as one that a worker had left, or
//!    from the queue. The caller looks at every worker's end.
//! 4. The clones of the handle number their jobs together: no two have one id.

use rt::async_channel::{Receiver, Sender, bounded};
use rt::sync::atomic::{AtomicU64, Ordering::Relaxed};
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// What a caller submits through.
#[derive(Clone)]
struct Handle {
    submit: Sender<u64>,
    next: Arc<AtomicU64>,
}

impl Handle {
    /// Submits a job; `false` where the queue is closed.
    async fn submit(&self) -> bool {
        let id = self.next.fetch_add(1, Relaxed);
        self.submit.send(id).await.is_ok()
    }
}

/// Works until the queue ends or the pool is cancelled; returns a result that it could not deliver.
async fn worker(
    jobs: Receiver<u64>,
    results: mpsc::Sender<u64>,
    token: CancellationToken,
) -> Option<u64> {
    loop {
        let job = rt::select! {
            biased;
            () = token.cancelled() => return None,
            job = jobs.recv() => job.ok()?,
        };
        let result = job * 10;
        // Waits for room only, and sends then: a cancelled `send` would drop the result.
        rt::select! {
            biased;
            () = token.cancelled() => return Some(result),
            room = results.reserve() => match room {
                Ok(room) => room.send(result),
                Err(_) => return Some(result),
            },
        }
    }
}

/// Submits a job, lets a clone of the handle submit the other `jobs - 1`, stops after one result, and checks
/// that every accepted job comes back.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let token = CancellationToken::new();
    let (submit, queue) = bounded(buffer);
    let (deliver, mut results) = mpsc::channel(buffer);
    let mut pool = JoinSet::new();
    for _ in 0..workers {
        pool.spawn(worker(queue.clone(), deliver.clone(), token.clone()));
    }
    // The workers' own senders are the only ones.
    drop(deliver);
    let handle = Handle { submit, next: Arc::new(AtomicU64::new(0)) };
    let clone = handle.clone();
    assert!(handle.submit().await, "nobody has closed the queue");
    drop(handle);
    let producer = rt::spawn(async move {
        let mut accepted = 1;
        while accepted < jobs && clone.submit().await {
            accepted += 1;
        }
        accepted
    });

    let mut seen = Vec::from_iter(results.recv().await);
    token.cancel();
    queue.close();
    while let Some(ended) = pool.join_next().await {
        seen.extend(ended.expect("no job panics"));
    }
    while let Some(result) = results.recv().await {
        seen.push(result);
    }
    while let Ok(job) = queue.try_recv() {
        seen.push(job * 10);
    }
    let accepted = producer.await.expect("the producer does not panic");
    seen.sort();
    assert_eq!(seen, (0..accepted).map(|job| job * 10).collect::<Vec<_>>());
}
