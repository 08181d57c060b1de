//! A rate limiter by hand: the small correct one, and fourteen ways to get it wrong.
//!
//! Each file is a whole limiter with its caller. Read [`correct`] and [`correct_sources`] first, then any
//! variant beside them: the difference is the lesson, and the line marked `BUG` says what it costs.
//!
//! Every `scenario(workers, jobs, burst)` is the body of a root task. Where the bug is not in the way it
//! ends by itself, with every task joined. Most variants break no law of a lifecycle but the limiter's
//! own, so their callers assert that one, and the law that catches them is `Panic`.

pub mod acquire_ignores_cancel;
pub mod bare_result_send;
pub mod burst_after_idle;
pub mod check_then_wait;
pub mod clone_copies_state;
pub mod commit_before_sleep;
pub mod correct;
pub mod correct_sources;
pub mod every_source_closes;
pub mod fixed_window;
pub mod float_refill;
pub mod parked_acquire;
pub mod sleep_per_worker;
pub mod timer_kept;
pub mod timer_not_stopped;
pub mod two_limits_crossed;

use rt::task::JoinSet;
use rt::time::Duration;
use selvedge_rt as rt;

/// One permit every so often, in all variants.
const INTERVAL: Duration = Duration::from_millis(10);

/// When all tasks were granted their permits, sorted.
async fn all(mut tasks: JoinSet<Vec<Duration>>) -> Vec<Duration> {
    let mut grants = Vec::new();
    while let Some(own) = tasks.join_next().await {
        grants.extend(own.expect("no task panics"));
    }
    grants.sort();
    grants
}

/// What a rate limiter promises: in any window, at most the burst and what the rate gives.
fn assert_limited(grants: &[Duration], burst: usize) {
    for (i, from) in grants.iter().enumerate() {
        for (j, to) in grants.iter().enumerate().skip(i) {
            let most = burst + ((*to - *from).as_nanos() / INTERVAL.as_nanos()) as usize;
            let granted = j - i + 1;
            let length = *to - *from;
            assert!(
                granted <= most,
                "{granted} grants within {length:?}, where {most} are allowed"
            );
        }
    }
}
