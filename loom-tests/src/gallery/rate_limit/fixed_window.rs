//! Wrong: so many permits in each window of a fixed grid; around the edge of two, twice as many.
//!
//! Checklist: buffer sizing. Law: `Panic`, of the caller's own check of the rate.

use super::{INTERVAL, all, assert_limited};
use rt::sync::Mutex;
use rt::task::JoinSet;
use rt::time::{Duration, Instant, sleep, sleep_until};
use selvedge_rt as rt;
use std::sync::Arc;

struct Window {
    begin: Duration,
    used: usize,
}

#[derive(Clone)]
struct Limiter {
    start: Instant,
    burst: usize,
    window: Arc<Mutex<Window>>,
}

impl Limiter {
    fn length(&self) -> Duration {
        INTERVAL * self.burst as u32
    }

    async fn acquire(&self) -> Duration {
        let mut window = self.window.lock().await;
        if window.used == self.burst {
            sleep_until(self.start + window.begin + self.length()).await;
        }
        let now = self.start.elapsed();
        if now >= window.begin + self.length() {
            // BUG: the new window knows nothing of what was granted right before it began.
            window.used = 0;
            window.begin = self.length() * (now.as_nanos() / self.length().as_nanos()) as u32;
        }
        window.used += 1;
        now
    }
}

/// From shortly before the end of a window, workers take `jobs` permits each. Goes wrong with more
/// than `burst` permits in all.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let window = Arc::new(Mutex::new(Window { begin: Duration::ZERO, used: 0 }));
    let limit = Limiter { start: Instant::now(), burst, window };
    sleep(limit.length() - Duration::from_millis(1)).await;
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
