//! Contract 1, 2, 6 and 8: how much is granted when, over many quotas and arrivals.

use super::{ONE, limiter, ms, nz, since};
use crate::runtimes::{on_every_runtime, on_one_thread};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use selvedge_patterns::rate_limit::{Quota, QuotaError, RateLimiter, TryAcquireError};
use selvedge_rt::time::{Duration, Instant};
use std::num::NonZeroU32;

/// Permits, and when they were granted.
type Grant = (Instant, u32);

/// The law of windows, over every window that begins and ends with a grant: no other is tighter.
#[track_caller]
fn check_windows(grants: &[Grant], limit: &RateLimiter) {
    let (interval, burst) = (limit.interval().as_nanos(), limit.quota().burst.get());
    for (from, _) in grants {
        for (to, _) in grants.iter().filter(|(to, _)| to >= from) {
            let inside = grants.iter().filter(|(at, _)| (from..=to).contains(&at));
            let granted: u128 = inside.map(|grant| u128::from(grant.1)).sum();
            let most = u128::from(burst) + (*to - *from).as_nanos() / interval;
            assert!(granted <= most, "{granted} > {most} in {:?}: {grants:?}", *to - *from);
        }
    }
}

/// A token bucket, as the quota is often told: another way to the same times.
struct Bucket {
    credit: Duration,
    last: Instant,
}

impl Bucket {
    fn new(limit: &RateLimiter, start: Instant) -> Self {
        Bucket { credit: limit.interval() * limit.quota().burst.get(), last: start }
    }

    /// When permits asked for at `from` are there.
    fn due(&self, limit: &RateLimiter, from: Instant, n: NonZeroU32) -> Instant {
        let from = from.max(self.last);
        let full = limit.interval() * limit.quota().burst.get();
        let credit = full.min(self.credit + (from - self.last));
        from + (limit.interval() * n.get()).saturating_sub(credit)
    }

    /// Takes what was granted at `at`.
    fn take(&mut self, limit: &RateLimiter, at: Instant, n: NonZeroU32) {
        let full = limit.interval() * limit.quota().burst.get();
        self.credit = full.min(self.credit + (at - self.last)) - limit.interval() * n.get();
        self.last = at;
    }
}

#[derive(Clone, Debug)]
struct Ask {
    gap_ms: u64,
    n: NonZeroU32,
}

fn asks(burst: u32) -> impl Strategy<Value = Vec<Ask>> {
    let gap = prop_oneof![3 => Just(0u64), 3 => 1..10u64, 1 => 10..200u64];
    let ask = (gap, 1..=burst).prop_map(|(gap_ms, n)| Ask { gap_ms, n: nz(n) });
    prop::collection::vec(ask, 1..40)
}

/// Asks in the given order, each in a task of its own, and returns when each came and was granted.
async fn run(limit: &RateLimiter, asks: &[Ask]) -> Vec<(Instant, Grant)> {
    let mut waiting = Vec::new();
    for Ask { gap_ms, n } in asks.iter().cloned() {
        tokio::time::sleep(ms(gap_ms)).await;
        let limit = limit.clone();
        waiting.push(tokio::spawn(async move {
            let came = Instant::now();
            let at = limit.acquire(n).await.unwrap();
            assert_eq!(at, Instant::now(), "it returns when it is granted");
            (came, (at, n.get()))
        }));
        tokio::task::yield_now().await;
    }
    let mut grants = Vec::new();
    for task in waiting {
        grants.push(task.await.unwrap());
    }
    grants
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(5), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn each_grant_comes_in_order_at_the_very_time_that_a_token_bucket_gives(
        (per_ms, burst, asks) in (1..20u64, 1..6u32)
            .prop_flat_map(|(per_ms, burst)| (Just(per_ms), Just(burst), asks(burst)))
    ) {
        on_one_thread(|| async {
            let limit = limiter(per_ms, burst);
            let mut bucket = Bucket::new(&limit, Instant::now());
            let grants = run(&limit, &asks).await;
            for (came, (at, n)) in &grants {
                let n = nz(*n);
                assert_eq!(*at, bucket.due(&limit, *came, n), "{grants:?}");
                bucket.take(&limit, *at, n);
            }
            check_windows(&grants.iter().map(|g| g.1).collect::<Vec<_>>(), &limit);
        });
    }

    #[test]
    fn with_any_interval_the_law_holds_and_no_grant_is_later_than_a_timer_can_be(
        (permits, per, burst, asks) in (1..50u32, 1_000..40_000_000u64, 1..6u32)
            .prop_flat_map(|(permits, per, burst)| {
                (Just(permits), Just(per), Just(burst), asks(burst))
            })
    ) {
        on_one_thread(|| async {
            let per = Duration::from_nanos(per);
            let quota = Quota { permits: nz(permits), per, burst: nz(burst) };
            let limit = RateLimiter::new(quota).unwrap();
            let mut bucket = Bucket::new(&limit, Instant::now());
            let grants = run(&limit, &asks).await;
            for (came, (at, n)) in &grants {
                let due = bucket.due(&limit, *came, nz(*n));
                assert!((due..due + ms(1)).contains(at), "due at {due:?}, {grants:?}");
                bucket.take(&limit, *at, nz(*n));
            }
            check_windows(&grants.iter().map(|g| g.1).collect::<Vec<_>>(), &limit);
        });
    }
}

#[test]
fn law_of_windows_holds_for_what_several_threads_are_granted() {
    on_every_runtime(|| async {
        let quota = Quota { permits: nz(3), per: Duration::from_micros(40), burst: nz(30) };
        let limit = RateLimiter::new(quota).unwrap();
        let tasks: Vec<_> = (1..=4)
            .map(|n| {
                let limit = limit.clone();
                tokio::spawn(async move {
                    let mut grants = Vec::new();
                    for _ in 0..20 {
                        if let Ok(at) = limit.try_acquire(ONE) {
                            grants.push((at, 1));
                        }
                        grants.push((limit.acquire(nz(n)).await.unwrap(), n));
                    }
                    grants
                })
            })
            .collect();
        let mut grants = Vec::new();
        for task in tasks {
            grants.extend(task.await.unwrap());
        }
        check_windows(&grants, &limit);
        assert!(grants.len() >= 80);
    });
}

#[test]
fn credit_is_never_refused_because_another_thread_takes_some() {
    on_every_runtime(|| async {
        let limit = limiter(3_600_000, 40);
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let limit = limit.clone();
                tokio::spawn(
                    async move { (0..10).filter(|_| limit.try_acquire(ONE).is_ok()).count() },
                )
            })
            .collect();
        let mut taken = 0;
        for task in tasks {
            taken += task.await.unwrap();
        }
        assert_eq!(taken, 40, "every permit of the burst is there for whoever asks");
        assert!(matches!(limit.try_acquire(ONE), Err(TryAcquireError::TooEarly { .. })));
    });
}

#[test]
fn idle_time_earns_a_burst_and_no_more() {
    on_one_thread(|| async {
        let limit = limiter(10, 3);
        for _ in 0..2 {
            let granted = (0..10).filter(|_| limit.try_acquire(ONE).is_ok()).count();
            assert_eq!(granted, 3);
            tokio::time::sleep(ms(5000)).await;
        }
        limit.try_acquire(nz(3)).unwrap();
        tokio::time::sleep(ms(20)).await;
        assert_eq!((0..10).filter(|_| limit.try_acquire(ONE).is_ok()).count(), 2);
    });
}

#[test]
fn ten_thousand_grants_do_not_drift() {
    on_one_thread(|| async {
        let start = Instant::now();
        // A tenth of a millisecond, a number that no binary fraction meets; the timers are coarser.
        let quota = Quota { permits: nz(10), per: ms(1), burst: nz(20) };
        let limit = RateLimiter::new(quota).unwrap();
        for _ in 0..10_020 {
            limit.acquire(ONE).await.unwrap();
        }
        assert_eq!(since(start), 1000);
    });
}

#[test]
fn quota_that_cannot_be_kept_to_is_rejected() {
    let quota = |permits, per| Quota { permits: nz(permits), per, burst: nz(2) };
    for (quota, error) in [
        (quota(1, Duration::ZERO), QuotaError::TooFast),
        (quota(11, Duration::from_nanos(10)), QuotaError::TooFast),
        (quota(1, Duration::MAX), QuotaError::TooSlow),
    ] {
        let text = match error {
            QuotaError::TooFast => "more than one permit per nanosecond",
            QuotaError::TooSlow => "a full burst takes more than 146 years to come back",
        };
        assert_eq!(error.to_string(), text);
        assert_eq!(RateLimiter::new(quota).unwrap_err(), error);
        assert_eq!(quota.check(), Err(error));
    }
    let fast = quota(10, Duration::from_nanos(10));
    assert_eq!(RateLimiter::new(fast).unwrap().interval(), Duration::from_nanos(1));
    let uneven = RateLimiter::new(quota(3, Duration::from_nanos(10))).unwrap();
    assert_eq!(
        uneven.interval(),
        Duration::from_nanos(4),
        "rounded up: never faster than the quota"
    );
    assert_eq!(uneven.quota(), quota(3, Duration::from_nanos(10)));
}

#[test]
fn starts_are_shaped_and_what_they_start_overlaps() {
    on_one_thread(|| async {
        let (limit, start) = (limiter(10, 1), Instant::now());
        let work: Vec<_> = (0..5)
            .map(|_| {
                let limit = limit.clone();
                tokio::spawn(async move {
                    limit.acquire(ONE).await.unwrap();
                    tokio::time::sleep(ms(100)).await;
                })
            })
            .collect();
        for task in work {
            task.await.unwrap();
        }
        assert_eq!(since(start), 140, "the last starts at 40 and runs for 100");
    });
}
