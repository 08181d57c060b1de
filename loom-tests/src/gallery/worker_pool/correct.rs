//! Correct: a worker pool whose caller stops after the first result, and loses nothing.
//!
//! 1. Every wait of a worker, on the queue and on the results, ends with the cancel.
//! 2. Only the caller closes the queue, once; the results end with the last worker's sender.
//! 3. Each accepted job comes back once: as a result received, as one that a worker had left, or
//!    from the queue. The caller looks at every worker's end.

use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;

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

/// Submits `jobs` jobs, stops after one result, and checks that every accepted job comes back.
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
    let producer = rt::spawn(async move {
        let mut accepted = 0;
        while accepted < jobs && submit.send(accepted).await.is_ok() {
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
