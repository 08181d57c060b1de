//! The rate limiter: in no window more than the burst and the rate, whoever asks for how many, waits,
//! gives up or is refused.

use super::{Ends, check, workers};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rt::sync::CancellationToken;
use rt::task::JoinSet;
use rt::time::{Duration, Instant, sleep};
use selvedge::{Check, shutdown_complete};
use selvedge_patterns::rate_limit::{AcquireError, Quota, RateLimiter, TryAcquireError};
use selvedge_rt as rt;
use std::num::NonZeroU32;

/// What a task does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire(u32),
    Try(u32),
    /// Milliseconds.
    Pause(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..=8u32).prop_map(Step::Acquire),
        1 => (1..=80u32).prop_map(Step::Acquire),
        2 => (1..=8u32).prop_map(Step::Try),
        1 => (1..=20u64).prop_map(Step::Pause),
    ]
}

#[derive(Clone, Debug)]
struct Input {
    permits: u32,
    per: Duration,
    burst: u32,
    tasks: Vec<Vec<Step>>,
    /// Cancels all that wait, so many milliseconds after the start.
    cancel: Option<u64>,
}

fn inputs() -> impl Strategy<Value = Input> {
    // 200 between them, at most.
    let tasks = workers().prop_flat_map(|n| vec(vec(step(), 0..=200 / n), n));
    let cancel = option::of(0..=50u64);
    (1..=20u32, 1..=10u64, 1..=64u32, tasks, cancel).prop_map(
        |(permits, per, burst, tasks, cancel)| {
            let per = Duration::from_millis(per);
            Input { permits, per, burst, tasks, cancel }
        },
    )
}

/// When so many permits were granted.
type Grant = (Duration, u64);

async fn limit(input: Input, ends: Ends) {
    let n = |n: u32| NonZeroU32::new(n).expect("at least one");
    let quota = Quota { permits: n(input.permits), per: input.per, burst: n(input.burst) };
    let limit = RateLimiter::new(quota).expect("a quota that can be kept to");
    let (start, token) = (Instant::now(), CancellationToken::new());
    let mut tasks = JoinSet::new();
    for steps in input.tasks {
        let (limit, token, ends) = (limit.clone(), token.clone(), ends.clone());
        tasks.spawn(async move {
            let mut grants: Vec<Grant> = Vec::new();
            for step in steps {
                let (asked, granted) = match step {
                    Step::Pause(ms) => {
                        sleep(Duration::from_millis(ms)).await;
                        continue;
                    }
                    Step::Acquire(asked) => {
                        let granted = limit.acquire_or(&token, n(asked)).await;
                        match &granted {
                            Err(AcquireError::ExceedsBurst(_)) => {
                                assert!(asked > input.burst, "{asked} are no more than a burst");
                                ends.reached("too many");
                            }
                            Err(AcquireError::Cancelled) => {
                                assert!(token.is_cancelled(), "nobody cancelled");
                                ends.reached("cancelled");
                            }
                            Ok(_) => ends.reached("granted"),
                        }
                        (asked, granted.ok())
                    }
                    Step::Try(asked) => {
                        let granted = limit.try_acquire(n(asked));
                        match &granted {
                            Err(TryAcquireError::Queued) => ends.reached("queued"),
                            Err(TryAcquireError::TooEarly { .. }) => ends.reached("too early"),
                            _ => {}
                        }
                        (asked, granted.ok())
                    }
                };
                grants.extend(granted.map(|at| (at - start, asked.into())));
            }
            grants
        });
    }
    if let Some(ms) = input.cancel {
        sleep(Duration::from_millis(ms)).await;
        token.cancel();
    }
    let mut grants = Vec::new();
    while let Some(own) = tasks.join_next().await {
        grants.extend(own.expect("no task panics"));
    }
    shutdown_complete();
    grants.sort();
    for (i, (from, _)) in grants.iter().enumerate() {
        let mut sum = 0;
        for (to, permits) in &grants[i..] {
            sum += *permits as u128;
            // Of the quota, and not of the interval that the limiter made of it.
            let permits = (*to - *from).as_nanos() * u128::from(input.permits);
            let most = u128::from(input.burst) + permits / input.per.as_nanos();
            assert!(sum <= most, "{sum} > {most} from {from:?} to {to:?} in {grants:?}");
        }
    }
}

#[test]
fn a_limiter_keeps_its_contract_on_generated_inputs_and_schedules() {
    let ends = ["granted", "cancelled", "too many", "queued", "too early"];
    let ends = ends.map(|end| format!("{end:?}"));
    let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
    check(Check::new("rate limit, generated"), 200, inputs(), &ends, limit);
}
