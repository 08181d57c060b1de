//! Wrong: a ticker paces the work, and makes up for every tick that nobody took.
//!
//! Checklist: buffer sizing. Law: `Panic`, of the caller's own check of the rate.

use super::{INTERVAL, all, assert_limited};
use rt::sync::Mutex;
use rt::task::JoinSet;
use rt::time::{Instant, Interval, interval, sleep};
use selvedge_rt as rt;
use std::sync::Arc;

fn ticker() -> Interval {
    // BUG: by default missed ticks come all at once, so idle time is credit without a bound. (Right:
    // `set_missed_tick_behavior(MissedTickBehavior::Delay)`.)
    interval(INTERVAL)
}

/// After a pause, workers take `jobs` permits each. Goes wrong from two permits in all on.
pub async fn scenario(workers: usize, jobs: u64, _: usize) {
    let start = Instant::now();
    let ticks = Arc::new(Mutex::new(ticker()));
    ticks.lock().await.tick().await;
    sleep(INTERVAL * 10).await;
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let ticks = ticks.clone();
        tasks.spawn(async move {
            let mut own = Vec::new();
            for _ in 0..jobs {
                ticks.lock().await.tick().await;
                own.push(start.elapsed());
            }
            own
        });
    }
    let grants = all(tasks).await;
    // A ticker has no burst: one at a time.
    assert_limited(&grants, 1);
}
