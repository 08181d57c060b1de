//! Wrong: each worker sleeps between its own jobs. That limits the worker, and not the whole.
//!
//! Checklist: copy safety. Law: `Panic`, of the caller's own check of the rate.

use super::{INTERVAL, all, assert_limited};
use rt::task::JoinSet;
use rt::time::{Instant, sleep};
use selvedge_rt as rt;

/// Workers do `jobs` jobs each. Goes wrong with more workers than `burst`.
pub async fn scenario(workers: usize, jobs: u64, burst: usize) {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(async move {
            let mut own = Vec::new();
            for _ in 0..jobs {
                own.push(start.elapsed());
                // BUG: nobody shares this pause, so the rate is multiplied by the number of workers.
                sleep(INTERVAL).await;
            }
            own
        });
    }
    let grants = all(tasks).await;
    assert_limited(&grants, burst);
}
