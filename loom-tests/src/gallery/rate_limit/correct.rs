//! Correct: one state behind one lock, which is also the queue; wait first, take then.
//!
//! 1. All clones share the state: the time up to which the permits granted so far use up the rate.
//! 2. The lock is held from the look to the take, through the sleep: whoever comes meanwhile queues.
//! 3. Nothing is taken before the sleep, so a waiter that is dropped leaves no trace.

use super::{INTERVAL, all, assert_limited, due};
use rt::sync::{CancellationToken, Mutex};
use rt::task::JoinSet;
use rt::time::{Duration, Instant, sleep_until};
use selvedge_rt as rt;
use std::sync::Arc;

#[derive(Clone)]
struct Limiter {
    start: Instant,
    /// What unused time may save up, less the permit that is asked for.
    slack: Duration,
    used_up: Arc<Mutex<Duration>>,
}

impl Limiter {
    fn new(burst: usize) -> Self {
        let slack = INTERVAL * (burst as u32 - 1);
        Limiter { start: Instant::now(), slack, used_up: Arc::new(Mutex::new(Duration::ZERO)) }
    }

    /// Waits for a permit; returns when it was granted.
    async fn acquire(&self) -> Duration {
        let mut used_up = self.used_up.lock().await;
        sleep_until(self.start + used_up.saturating_sub(self.slack)).await;
        let now = self.start.elapsed();
        *used_up = now.max(*used_up) + INTERVAL;
        now
    }
}

/// Workers take `jobs` permits each; one more waiter is cancelled while it waits.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let (limit, token) = (Limiter::new(burst), CancellationToken::new());
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
    // No hole where the victim would have been.
    assert_eq!(grants, due(grants.len(), burst));
}
