//! Wrong: look, wait, take, and the lock is held for the look and for the take, but not in between.
//!
//! Checklist: copy safety. Law: `ResultRace`: what one takes rests on a look that another's
//! take has overtaken. What each looked at is a
//! copy when it takes.

use super::{INTERVAL, all, assert_limited};
use rt::sync::Mutex;
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
        // BUG: the guard is gone at the end of this line, so all who look before the first one takes are
        // promised the same permit.
        let due = self.used_up.lock().await.saturating_sub(self.slack);
        sleep_until(self.start + due).await;
        let mut used_up = self.used_up.lock().await;
        let now = self.start.elapsed();
        *used_up = now.max(*used_up) + INTERVAL;
        now
    }
}

/// Workers take `jobs` permits each. Goes wrong with two workers.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let slack = INTERVAL * (burst as u32 - 1);
    let used_up = Arc::new(Mutex::new(Duration::ZERO));
    let limit = Limiter { start: Instant::now(), slack, used_up };
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
    let grants = all(tasks).await;
    assert_limited(&grants, burst);
}
