//! Wrong: time is counted in floating point. Each refill is rounded, and the errors add up.
//!
//! Checklist: error handling. Law: `Panic`, of the caller's own check of the rate.

use super::{INTERVAL, all, due};
use rt::sync::Mutex;
use rt::task::JoinSet;
use rt::time::{Duration, Instant, sleep_until};
use selvedge_rt as rt;
use std::sync::Arc;

#[derive(Clone)]
struct Limiter {
    start: Instant,
    slack: f32,
    used_up: Arc<Mutex<f32>>,
}

impl Limiter {
    async fn acquire(&self) -> Duration {
        let mut used_up = self.used_up.lock().await;
        let due = Duration::from_secs_f32((*used_up - self.slack).max(0.0));
        sleep_until(self.start + due).await;
        let now = self.start.elapsed();
        // BUG: a hundredth of a second is no binary fraction, and the longer the limiter runs the fewer
        // bits are left for it: the rate drifts, after days by whole intervals.
        *used_up = now.as_secs_f32().max(*used_up) + INTERVAL.as_secs_f32();
        now
    }
}

/// Workers take `jobs` permits each. Goes wrong from the second permit after the burst on.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let slack = INTERVAL.as_secs_f32() * (burst as f32 - 1.0);
    let limit = Limiter { start: Instant::now(), slack, used_up: Arc::new(Mutex::new(0.0)) };
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
    assert_eq!(grants, due(grants.len(), burst), "the rate drifts");
}
