//! Wrong: the permit is taken first and waited for then; a waiter that is cancelled has burnt it.
//!
//! Checklist: cancellation, resource cleanup. Law: `Panic`, of the caller's own check of the rate.

use super::{INTERVAL, all, assert_limited, due};
use rt::sync::{CancellationToken, Mutex};
use rt::task::JoinSet;
use rt::time::{Duration, Instant, sleep_until};
use selvedge_rt as rt;
use std::sync::Arc;

#[derive(Clone)]
struct Limiter {
    start: Instant,
    slack: Duration,
    used_up: Arc<Mutex<Duration>>,
}

impl Limiter {
    async fn acquire(&self) -> Duration {
        let mut used_up = self.used_up.lock().await;
        let due = self.start.elapsed().max(used_up.saturating_sub(self.slack));
        // BUG: from here on the permit is used, though the caller may be dropped in the sleep. Nobody
        // else gets it: the rate that is left is too low, and with enough cancels it is none.
        *used_up = due.max(*used_up) + INTERVAL;
        sleep_until(self.start + due).await;
        self.start.elapsed()
    }
}

/// Workers take `jobs` permits each; one more waiter is cancelled while it waits. Goes wrong where it
/// waits before another one.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let slack = INTERVAL * (burst as u32 - 1);
    let used_up = Arc::new(Mutex::new(Duration::ZERO));
    let limit = Limiter { start: Instant::now(), slack, used_up };
    let token = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let limit = limit.clone();
        tasks.spawn(async move {
            let mut own = Vec::new();
            for _ in 0..jobs {
                own.push(limit.acquire().await);
            }
            own
        });
    }
    let victim = token.clone();
    tasks.spawn(async move {
        rt::select! {
            biased;
            () = victim.cancelled() => Vec::new(),
            at = limit.acquire() => vec![at],
        }
    });
    let canceller = rt::spawn(async move { token.cancel() });
    let grants = all(tasks).await;
    canceller.await.expect("the canceller does not panic");
    assert_limited(&grants, burst);
    assert_eq!(grants, due(grants.len(), burst), "a permit was burnt");
}
