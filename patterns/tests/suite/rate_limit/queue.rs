//! Contract 3, 4, 5 and 7: who is served when, and what is left of one who does not wait to the end.

use super::{ONE, drained, limiter, ms, nz, since};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::{FutureExt, poll};
use selvedge_patterns::rate_limit::{AcquireError, ExceedsBurst, RateLimiter, TryAcquireError};
use selvedge_rt::sync::CancellationToken;
use selvedge_rt::time::Instant;
use std::pin::pin;
use tokio::time::sleep;

#[test]
fn waiters_are_served_in_the_order_in_which_they_came_whatever_they_want() {
    on_one_thread(|| async {
        let (limit, start) = (drained(10, 3), Instant::now());
        let waiting: Vec<_> = [1, 3, 1, 2]
            .map(|n| {
                let limit = limit.clone();
                tokio::spawn(async move {
                    limit.acquire(nz(n)).await.unwrap();
                    since(start)
                })
            })
            .into_iter()
            .collect();
        let mut times = Vec::new();
        for task in waiting {
            times.push(task.await.unwrap());
        }
        assert_eq!(times, [10, 40, 50, 70]);
    });
}

#[test]
fn try_acquire_is_refused_while_somebody_waits_and_granted_once_nobody_does() {
    on_one_thread(|| async {
        let limit = drained(10, 3);
        {
            let mut large = pin!(limit.acquire(nz(3)));
            assert!(poll!(&mut large).is_pending());
            sleep(ms(20)).await;
            // Two permits are there, and kept for who came first.
            assert_eq!(limit.try_acquire(ONE), Err(TryAcquireError::Queued));
        }
        assert!(limit.try_acquire(nz(2)).is_ok(), "nobody waits any more");
    });
}

#[test]
fn turn_that_was_handed_on_and_not_taken_yet_is_not_taken_by_others() {
    on_one_thread(|| async {
        let limit = drained(10, 2);
        let mut first = Box::pin(limit.acquire(nz(2)));
        let mut second = pin!(limit.acquire(nz(2)));
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
        sleep(ms(20)).await;
        // Everything is due; the second has its turn but has not run.
        drop(first);
        assert_eq!(limit.try_acquire(ONE), Err(TryAcquireError::Queued));
        assert!(second.now_or_never().is_some());
    });
}

#[test]
fn try_acquire_that_comes_too_early_says_when_to_come_again() {
    on_one_thread(|| async {
        let (limit, start) = (drained(10, 2), Instant::now());
        sleep(ms(3)).await;
        let refused = limit.try_acquire(nz(2));
        assert_eq!(refused, Err(TryAcquireError::TooEarly { due: start + ms(20) }));
        sleep(ms(16)).await;
        assert_eq!(limit.try_acquire(nz(2)), refused, "a millisecond before");
        sleep(ms(1)).await;
        assert_eq!(limit.try_acquire(nz(2)), Ok(start + ms(20)));
    });
}

#[test]
fn waiter_that_is_dropped_at_any_time_and_place_consumes_nothing() {
    // Three waiters, due at 10, 20 and 30. One is dropped; the others come as if it had never been.
    for dropped in 0..3 {
        for after_ms in 0..35 {
            on_one_thread(|| async {
                let (limit, start) = (drained(10, 1), Instant::now());
                let mut waiting: Vec<_> = (0..3)
                    .map(|_| {
                        let limit = limit.clone();
                        tokio::spawn(async move {
                            limit.acquire(ONE).await.unwrap();
                            since(start)
                        })
                    })
                    .collect();
                tokio::task::yield_now().await;
                sleep(ms(after_ms)).await;
                let gone = waiting.remove(dropped);
                gone.abort();
                let served = gone.await.is_ok();
                let mut times = Vec::new();
                for task in waiting {
                    times.push(task.await.unwrap());
                }
                let place = dropped as u64 * 10 + 10;
                let all: Vec<_> = match served {
                    true => [10, 20, 30].into_iter().filter(|at| *at != place).collect(),
                    false => vec![10, 20],
                };
                // At the very millisecond it is one or the other.
                assert!(served == (after_ms > place) || after_ms == place, "dropped at {after_ms}");
                assert_eq!(times, all, "waiter {dropped} is dropped at {after_ms}");
            });
        }
    }
}

#[test]
fn waiter_that_is_dropped_when_its_permit_is_due_leaves_it_to_the_next() {
    on_one_thread(|| async {
        let (limit, start) = (drained(10, 1), Instant::now());
        let mut first = Box::pin(limit.acquire(ONE));
        assert!(poll!(&mut first).is_pending());
        sleep(ms(10)).await;
        drop(first);
        assert_eq!(limit.acquire(ONE).await, Ok(start + ms(10)));
    });
}

#[test]
fn acquire_that_was_never_polled_holds_no_place() {
    on_one_thread(|| async {
        let limit = limiter(10, 1);
        let unpolled = limit.acquire(ONE);
        assert!(limit.try_acquire(ONE).is_ok());
        drop(unpolled);
    });
}

#[test]
fn more_than_a_burst_is_an_error_at_once_even_behind_others_and_consumes_nothing() {
    on_one_thread(|| async {
        let (limit, token) = (limiter(10, 2), CancellationToken::new());
        let error = ExceedsBurst { n: nz(3), burst: nz(2) };
        for _ in 0..2 {
            assert_eq!(limit.acquire(nz(3)).now_or_never(), Some(Err(error)));
            let refused = limit.acquire_or(&token, nz(3)).now_or_never();
            assert_eq!(refused, Some(Err(AcquireError::ExceedsBurst(error))));
            assert_eq!(limit.try_acquire(nz(3)), Err(TryAcquireError::ExceedsBurst(error)));
            // The credit is all there; the second time somebody waits, and the token is cancelled.
            assert!(limit.try_acquire(nz(2)).is_ok());
            let waiting = limit.clone();
            drop(tokio::spawn(async move { waiting.acquire(nz(2)).await }));
            token.cancel();
            settle().await;
            assert_eq!(limit.try_acquire(ONE), Err(TryAcquireError::Queued));
            assert_eq!(limit.acquire(nz(3)).now_or_never(), Some(Err(error)));
            sleep(ms(100)).await;
        }
    });
}

#[test]
fn cancel_frees_every_waiter_at_once_and_they_consume_nothing() {
    on_one_thread(|| async {
        let (limit, start, token) = (drained(10, 1), Instant::now(), CancellationToken::new());
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let (limit, token) = (limit.clone(), token.clone());
                tokio::spawn(async move { (limit.acquire_or(&token, ONE).await, since(start)) })
            })
            .collect();
        sleep(ms(15)).await;
        token.cancel();
        let mut ends = Vec::new();
        for task in waiting {
            ends.push(task.await.unwrap());
        }
        let cancelled = Err(AcquireError::Cancelled);
        assert_eq!(ends, [(Ok(start + ms(10)), 10), (cancelled, 15), (cancelled, 15)]);
        assert_eq!(limit.acquire(ONE).await, Ok(start + ms(20)), "no permit was burnt");
    });
}

#[test]
fn acquire_with_a_cancelled_token_takes_nothing_though_there_is_credit() {
    on_one_thread(|| async {
        let (limit, token) = (limiter(10, 1), CancellationToken::new());
        assert!(limit.acquire_or(&token, ONE).await.is_ok());
        sleep(ms(10)).await;
        token.cancel();
        assert_eq!(limit.acquire_or(&token, ONE).await, Err(AcquireError::Cancelled));
        assert!(limit.try_acquire(ONE).is_ok());
    });
}

#[test]
fn permits_are_conserved_on_several_threads_while_waiters_come_and_are_cancelled() {
    on_every_runtime(|| async {
        let limit = limiter(1, 2);
        let tasks: Vec<_> = (0..6)
            .map(|i| {
                let limit = limit.clone();
                tokio::spawn(async move {
                    let token = CancellationToken::new();
                    let cancel = token.clone();
                    let canceller = tokio::spawn(async move {
                        for _ in 0..i {
                            tokio::task::yield_now().await;
                        }
                        cancel.cancel();
                    });
                    let granted = limit.acquire_or(&token, ONE).await.is_ok();
                    canceller.await.unwrap();
                    granted
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        // Whoever held the turn gave it back: the next waiter comes through.
        limit.acquire(nz(2)).await.unwrap();
    });
}

#[test]
fn clones_share_one_quota_and_two_limiters_share_none() {
    on_one_thread(|| async {
        let (one, two) = (limiter(10, 1), limiter(10, 1));
        assert!(one.try_acquire(ONE).is_ok());
        assert!(one.clone().try_acquire(ONE).is_err());
        assert!(two.try_acquire(ONE).is_ok());
    });
}

/// What the documentation warns of. It is so because a place in the queue is worth something; whoever
/// changes that finds this test.
#[test]
fn parked_acquire_makes_others_wait_until_it_is_dropped() {
    on_one_thread(|| async {
        let (limit, start) = (drained(10, 1), Instant::now());
        let mut parked = Box::pin(limit.acquire(ONE));
        assert!(poll!(&mut parked).is_pending());
        let other = tokio::spawn({
            let limit = limit.clone();
            async move { limit.acquire(ONE).await }
        });
        sleep(ms(500)).await;
        assert!(!other.is_finished());
        drop(parked);
        assert_eq!(other.await.unwrap(), Ok(start + ms(500)));
    });
}

#[test]
fn limiter_and_its_futures_can_move_between_threads() {
    fn check<T: Send>(_: &T) {}
    fn check_sync<T: Send + Sync>(_: &T) {}
    let (limit, token): (RateLimiter, _) = (limiter(10, 1), CancellationToken::new());
    check_sync(&limit);
    check(&limit.acquire(ONE));
    check(&limit.acquire_or(&token, ONE));
    assert!(format!("{limit:?}").contains("burst: 1"));
}

#[test]
fn what_a_limiter_refuses_reads_as_its_reason() {
    let exceeds = ExceedsBurst { n: nz(3), burst: nz(2) };
    let text = "3 permits at once exceed the burst of 2";
    assert_eq!(exceeds.to_string(), text);
    assert_eq!(AcquireError::from(exceeds).to_string(), text);
    assert_eq!(TryAcquireError::from(exceeds).to_string(), text);
    let text = "cancelled before the permits were granted";
    assert_eq!(AcquireError::Cancelled.to_string(), text);
    assert_eq!(TryAcquireError::Queued.to_string(), "others wait for permits");
    let early = TryAcquireError::TooEarly { due: Instant::now() };
    assert_eq!(early.to_string(), "the permits are not due yet");
}
