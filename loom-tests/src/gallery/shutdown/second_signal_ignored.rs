//! Wrong: a worker hears the first signal, and nobody hears the second one: a stuck job goes on.
//!
//! Checklist: cancellation. Law: `IgnoredCancellation`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, Notify};
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Runs one job: the first is stuck.
async fn run(job: u64) {
    if job == 0 {
        Notify::new().notified().await
    }
}

/// Works until the first signal and the end of its job, or until the second.
async fn worker(jobs: Receiver<u64>, drain: CancellationToken, abort: CancellationToken) {
    loop {
        let job = rt::select! {
            biased;
            () = abort.cancelled() => return,
            () = drain.cancelled() => return,
            job = jobs.recv() => job,
        };
        let Ok(job) = job else { return };
        // BUG: where the job is, nobody listens. (Right: `abort.run_until_cancelled(run(job)).await;`)
        run(job).await;
    }
}

/// Starts `jobs` jobs; both signals come at any time.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
    let (submit, queue) = bounded(buffer);
    let mut crew = JoinSet::new();
    for _ in 0..workers {
        crew.spawn(worker(queue.clone(), drain.clone(), abort.clone()));
    }
    let signals = rt::spawn(async move {
        drain.cancel();
        abort.cancel();
    });
    // Never waits: what finds no room is refused.
    for job in 0..jobs {
        let _ = submit.try_send(job);
    }
    drop(submit);

    signals.await.expect("the signals do not panic");
    while let Some(ended) = crew.join_next().await {
        ended.expect("no worker panics");
    }
    while queue.try_recv().is_ok() {}
}
