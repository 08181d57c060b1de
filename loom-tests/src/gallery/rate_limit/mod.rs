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
pub const INTERVAL: Duration = Duration::from_millis(10);

/// When all tasks were granted their permits, sorted.
async fn all(mut tasks: JoinSet<Vec<Duration>>) -> Vec<Duration> {
    let mut grants = Vec::new();
    while let Some(own) = tasks.join_next().await {
        grants.extend(own.expect("no task panics"));
    }
    grants.sort();
    grants
}

/// What a rate limiter promises: in any window, at most the burst and what the rate gives. The error is a
/// window that has more. `grants` are sorted.
pub fn limited(grants: &[Duration], burst: usize) -> Result<(), String> {
    for (i, from) in grants.iter().enumerate() {
        for (j, to) in grants.iter().enumerate().skip(i) {
            let (granted, length) = (j - i + 1, *to - *from);
            let most = burst + (length.as_nanos() / INTERVAL.as_nanos()) as usize;
            if granted > most {
                return Err(format!(
                    "{granted} grants within {length:?}, where {most} are allowed"
                ));
            }
        }
    }
    Ok(())
}

/// Panics where that is not kept.
pub fn assert_limited(grants: &[Duration], burst: usize) {
    limited(grants, burst).unwrap_or_else(|window| panic!("{window}"));
}

/// When so many permits are due, where all want one all the time and none is burnt.
pub fn due(grants: usize, burst: usize) -> Vec<Duration> {
    (1..=grants as u32).map(|k| INTERVAL * k.saturating_sub(burst as u32)).collect()
}
