//! Wrong: the wait for a permit knows nothing of the cancel, which has stopped the ticker that would end
//! it.
//!
//! Checklist: cancellation. Law: `IgnoredCancellation`.

use super::INTERVAL;
use rt::async_channel::{Receiver, Sender, bounded};
use rt::sync::CancellationToken;
use rt::task::JoinSet;
use rt::time::interval;
use selvedge_rt as rt;

/// A bucket of permits.
#[derive(Clone)]
struct Limiter {
    fill: Sender<()>,
    permits: Receiver<()>,
}

impl Limiter {
    /// Fills the bucket, one permit an interval, until the cancel.
    async fn refill(self, token: CancellationToken) {
        let mut ticks = interval(INTERVAL);
        loop {
            rt::select! {
                biased;
                () = token.cancelled() => return,
                _ = ticks.tick() => {
                    // A full bucket stays as it is.
                    let _ = self.fill.try_send(());
                }
            }
        }
    }
}

/// Starts jobs until the cancel.
async fn worker(limit: Limiter, token: CancellationToken) {
    while !token.is_cancelled() {
        // BUG: cancelled here, it waits for a permit that nobody makes any more. (Right: a `select!`
        // with `token.cancelled()`.)
        limit.permits.recv().await.expect("the bucket is never closed");
    }
}

/// Workers start jobs for `jobs` intervals, and are cancelled.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let token = CancellationToken::new();
    let (fill, permits) = bounded(burst);
    let limit = Limiter { fill, permits };
    let mut tasks = JoinSet::new();
    tasks.spawn(limit.clone().refill(token.clone()));
    for _ in 0..workers {
        tasks.spawn(worker(limit.clone(), token.clone()));
    }
    rt::time::sleep(INTERVAL * jobs as u32).await;
    token.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no task panics");
    }
}
