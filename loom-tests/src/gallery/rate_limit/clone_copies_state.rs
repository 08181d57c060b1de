//! Wrong: the limiter is `Clone`, and its state is a plain field: each clone counts for itself.
//!
//! Checklist: copy safety. Law: `SplitState`: what a clone does touches nothing of the
//! original.

use super::{INTERVAL, all, assert_limited};
use rt::task::JoinSet;
use rt::time::{Duration, Instant, sleep_until};
use selvedge_rt as rt;

#[derive(Clone)]
struct Limiter {
    start: Instant,
    slack: Duration,
    // BUG: a clone takes a copy along, and from then on neither sees what the other granted.
    used_up: Duration,
}

impl Limiter {
    async fn acquire(&mut self) -> Duration {
        sleep_until(self.start + self.used_up.saturating_sub(self.slack)).await;
        let now = self.start.elapsed();
        self.used_up = now.max(self.used_up) + INTERVAL;
        now
    }
}

/// A clone is compared with its original; then workers take `jobs` permits each.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let slack = INTERVAL * (burst as u32 - 1);
    let mut limit = Limiter { start: Instant::now(), slack, used_up: Duration::ZERO };
    let mut copy = limit.clone();
    selvedge::shares("Limiter", limit.acquire(), copy.acquire()).await;
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let mut limit = limit.clone();
        tasks.spawn(async move {
            let mut own = Vec::new();
            for _ in 0..jobs {
                own.push(limit.acquire().await);
            }
            own
        });
    }
    let grants = all(tasks).await;
    assert_limited(&grants, burst);
}
