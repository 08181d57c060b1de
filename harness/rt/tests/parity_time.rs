//! Time, one body against both sides of the facade, on a real runtime whose clock is paused and with no
//! engine.

use selvedge_rt::time::{
    Duration, Instant, Interval, MissedTickBehavior, Sleep, Timeout, error, interval, interval_at,
    sleep, sleep_until, timeout, timeout_at,
};
use selvedge_rt::tokio_stream::wrappers::IntervalStream;
use std::collections::HashSet;
use std::future::{Future, pending, ready};
use std::task::{Context, Poll, Waker};

/// Runs a body on a real current-thread runtime whose clock moves only when all is idle.
#[track_caller]
fn check<T>(body: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().expect("a runtime").block_on(body)
}

const MS: Duration = Duration::from_millis(1);

/// Milliseconds that `future` takes.
async fn takes_ms<F: Future>(future: F) -> (u128, F::Output) {
    let start = Instant::now();
    let output = future.await;
    (start.elapsed().as_millis(), output)
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

mod instants {
    use super::*;

    #[test]
    fn arithmetic_saturates_or_is_checked() {
        check(async {
            let early = Instant::now();
            let late = early + 5 * MS;
            assert_eq!(late - early, 5 * MS);
            assert_eq!(early - late, Duration::ZERO);
            assert_eq!(late - 5 * MS, early);
            assert_eq!(late.duration_since(early), 5 * MS);
            assert_eq!(early.duration_since(late), Duration::ZERO);
            assert_eq!(late.checked_duration_since(early), Some(5 * MS));
            assert_eq!(early.checked_duration_since(late), None);
            assert_eq!(early.saturating_duration_since(late), Duration::ZERO);
            assert_eq!(early.checked_add(5 * MS), Some(late));
            assert_eq!(early.checked_add(Duration::MAX), None);
            assert_eq!(late.checked_sub(5 * MS), Some(early));
            let mut moved = early;
            moved += 7 * MS;
            moved -= 2 * MS;
            assert_eq!(moved, late);
            sleep(3 * MS).await;
            assert_eq!(early.elapsed(), 3 * MS);
            assert_eq!((early + 9 * MS).elapsed(), Duration::ZERO);
        });
    }

    #[test]
    fn instants_are_ordered_and_hashed_by_time() {
        check(async {
            let now = Instant::now();
            let set = HashSet::from([now, now + MS, now + 2 * MS - MS]);
            assert_eq!(set.len(), 2);
            assert!(now < now + MS && now > now - MS);
            let copy = now;
            assert_eq!(now.max(copy), copy);
            assert!(!format!("{now:?}").is_empty());
        });
    }
}

mod sleeps {
    use super::*;

    #[test]
    fn a_sleep_takes_its_time() {
        check(async {
            assert_eq!(takes_ms(sleep(7 * MS)).await, (7, ()));
            let deadline = Instant::now() + 4 * MS;
            assert_eq!(takes_ms(sleep_until(deadline)).await, (4, ()));
        });
    }

    #[test]
    fn a_sleep_whose_time_is_past_is_ready_at_once() {
        check(async {
            let start = Instant::now();
            sleep(20 * MS).await;
            assert!(poll_once(Box::pin(sleep(Duration::ZERO)).as_mut()).is_ready());
            assert!(poll_once(Box::pin(sleep_until(start)).as_mut()).is_ready());
            assert!(poll_once(Box::pin(sleep(MS)).as_mut()).is_pending());
        });
    }

    #[test]
    fn the_longest_sleep_is_far_away_and_no_overflow() {
        check(async {
            let years = |n: u32| n * 365 * Duration::from_secs(86_400);
            let mut long = Box::pin(sleep(Duration::MAX));
            let far = long.deadline() - Instant::now();
            assert!(far > years(29) && far < years(31), "{far:?}");
            assert!(poll_once(long.as_mut()).is_pending());
        });
    }

    #[test]
    fn a_sleep_is_elapsed_once_it_was_polled_and_its_time_is_past() {
        check(async {
            let mut timer = Box::pin(sleep(5 * MS));
            assert!(!timer.is_elapsed());
            assert!(poll_once(timer.as_mut()).is_pending());
            assert!(!timer.is_elapsed());
            sleep(6 * MS).await;
            assert!(timer.is_elapsed());
            timer.as_mut().await;
            assert!(timer.is_elapsed());
        });
    }

    #[test]
    fn a_reset_moves_the_deadline_both_ways_and_after_the_end() {
        check(async {
            let start = Instant::now();
            let mut timer: std::pin::Pin<Box<Sleep>> = Box::pin(sleep(50 * MS));
            assert_eq!(timer.deadline(), start + 50 * MS);
            assert!(poll_once(timer.as_mut()).is_pending());
            timer.as_mut().reset(start + 10 * MS);
            assert_eq!(timer.deadline(), start + 10 * MS);
            assert_eq!(takes_ms(timer.as_mut()).await.0, 10);
            timer.as_mut().reset(start + 30 * MS);
            assert!(!timer.is_elapsed());
            assert_eq!(takes_ms(timer.as_mut()).await.0, 20);
            assert!(format!("{timer:?}").contains("Sleep"));
        });
    }

    #[test]
    fn timers_end_in_the_order_of_their_deadlines() {
        let order = check(async {
            let order = std::cell::RefCell::new(Vec::new());
            let step = async |ms: u32| {
                sleep(ms * MS).await;
                order.borrow_mut().push(ms);
            };
            selvedge_rt::join!(step(30), step(10), step(20));
            order.into_inner()
        });
        assert_eq!(order, [10, 20, 30]);
    }
}

mod timeouts {
    use super::*;

    #[test]
    fn a_future_in_time_gives_its_output() {
        check(async {
            let slow = async {
                sleep(5 * MS).await;
                1
            };
            assert_eq!(takes_ms(timeout(9 * MS, slow)).await, (5, Ok(1)));
        });
    }

    #[test]
    fn a_future_too_late_is_elapsed() {
        check(async {
            let (ms, output) = takes_ms(timeout(9 * MS, pending::<()>())).await;
            let elapsed: error::Elapsed = output.unwrap_err();
            assert_eq!((ms, elapsed.to_string()), (9, "deadline has elapsed".to_owned()));
            assert_eq!(format!("{elapsed:>21}|"), " deadline has elapsed|");
            let error = std::io::Error::from(elapsed);
            assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        });
    }

    #[test]
    fn a_deadline_is_as_good_as_a_duration() {
        check(async {
            let start = Instant::now();
            assert_eq!(timeout_at(start + 9 * MS, sleep(5 * MS)).await, Ok(()));
            let (ms, output) = takes_ms(timeout_at(start + 9 * MS, pending::<()>())).await;
            assert!(ms == 4 && output.is_err(), "{ms} {output:?}");
            // Past already: the future still has its first poll.
            assert_eq!(timeout_at(start, ready(1)).await, Ok(1));
            let (ms, output) = takes_ms(timeout_at(start, pending::<()>())).await;
            assert!(ms == 0 && output.is_err(), "{ms} {output:?}");
        });
    }

    #[test]
    fn the_future_is_polled_first_and_wins_a_draw() {
        check(async {
            assert_eq!(timeout(Duration::ZERO, ready(1)).await, Ok(1));
            assert_eq!(timeout(5 * MS, sleep(5 * MS)).await, Ok(()));
        });
    }

    #[test]
    fn a_timeout_that_overflows_the_clock_never_ends() {
        check(async {
            let slow = sleep(Duration::from_secs(1 << 30));
            assert_eq!(timeout(Duration::MAX, slow).await, Ok(()));
        });
    }

    #[test]
    fn the_future_can_be_reached_and_taken_back() {
        check(async {
            let mut limited: Timeout<std::future::Ready<i32>> = timeout(MS, ready(3));
            assert_eq!(limited.get_ref().clone().into_inner(), 3);
            *limited.get_mut() = ready(4);
            assert_eq!(limited.into_inner().into_inner(), 4);
        });
    }

    #[test]
    fn a_future_that_spends_the_whole_budget_cannot_stop_the_timer() {
        let ended = check(async {
            let greedy = async {
                for _ in 0..100_000 {
                    tokio::task::coop::consume_budget().await;
                }
            };
            let clock = async {
                // The clock is paused and never idle here: move it by hand.
                tokio::time::advance(5 * MS).await;
                pending::<()>().await
            };
            selvedge_rt::select! {
                ended = timeout(2 * MS, greedy) => ended,
                _ = clock => unreachable!(),
            }
        });
        assert!(ended.is_err());
    }
}

mod intervals {
    use super::*;

    /// Milliseconds from the start at which ticks return, with pauses in between.
    fn ticks(behavior: MissedTickBehavior, pauses_ms: &[u32]) -> Vec<(u128, u128)> {
        check(async {
            let start = Instant::now();
            let mut every = interval(10 * MS);
            every.set_missed_tick_behavior(behavior);
            assert_eq!(every.missed_tick_behavior(), behavior);
            let mut seen = Vec::new();
            for pause in pauses_ms {
                let due = every.tick().await;
                seen.push(((due - start).as_millis(), start.elapsed().as_millis()));
                sleep(*pause * MS).await;
            }
            seen
        })
    }

    #[test]
    fn the_first_tick_is_at_once_and_the_rest_a_period_apart() {
        for behavior in
            [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip]
        {
            assert_eq!(ticks(behavior, &[3, 0, 9, 0]), [(0, 0), (10, 10), (20, 20), (30, 30)]);
        }
    }

    #[test]
    fn the_first_tick_may_come_later_or_be_past() {
        check(async {
            let start = Instant::now();
            let mut every = interval_at(start + 4 * MS, 10 * MS);
            assert_eq!((takes_ms(every.tick()).await.0, takes_ms(every.tick()).await.0), (4, 10));
            let mut every = interval_at(start, 10 * MS);
            every.set_missed_tick_behavior(MissedTickBehavior::Skip);
            assert_eq!(takes_ms(every.tick()).await, (0, start));
            assert_eq!(takes_ms(every.tick()).await, (6, start + 20 * MS));
        });
    }

    #[test]
    fn ticks_are_a_stream() {
        use futures_core::Stream;
        check(async {
            let mut ticks = IntervalStream::new(interval(10 * MS));
            let mut next = async || {
                std::future::poll_fn(|cx| std::pin::Pin::new(&mut ticks).poll_next(cx)).await
            };
            let (first, second) = (next().await.unwrap(), next().await.unwrap());
            assert_eq!(second - first, 10 * MS);
            assert_eq!(ticks.into_inner().period(), 10 * MS);
        });
    }

    #[test]
    fn missed_ticks_come_in_a_burst() {
        let seen = ticks(MissedTickBehavior::Burst, &[35, 0, 0, 0, 0]);
        assert_eq!(seen, [(0, 0), (10, 35), (20, 35), (30, 35), (40, 40)]);
    }

    #[test]
    fn missed_ticks_delay_those_that_follow() {
        let seen = ticks(MissedTickBehavior::Delay, &[35, 0, 0]);
        assert_eq!(seen, [(0, 0), (10, 35), (45, 45)]);
    }

    #[test]
    fn missed_ticks_are_skipped() {
        let seen = ticks(MissedTickBehavior::Skip, &[35, 0, 0]);
        assert_eq!(seen, [(0, 0), (10, 35), (40, 40)]);
    }

    #[test]
    fn a_tick_that_is_a_little_late_is_not_missed() {
        let seen = ticks(MissedTickBehavior::Delay, &[15, 0, 0]);
        assert_eq!(seen, [(0, 0), (10, 15), (20, 20)]);
    }

    #[test]
    fn a_reset_sets_the_next_tick() {
        check(async {
            let mut every = interval(10 * MS);
            assert_eq!(every.period(), 10 * MS);
            every.tick().await;
            sleep(4 * MS).await;
            every.reset();
            assert_eq!(takes_ms(every.tick()).await.0, 10);
            every.reset_immediately();
            assert_eq!(takes_ms(every.tick()).await.0, 0);
            every.reset_after(3 * MS);
            assert_eq!(takes_ms(every.tick()).await.0, 3);
            every.reset_at(Instant::now() + 6 * MS);
            assert_eq!(takes_ms(every.tick()).await.0, 6);
            assert_eq!(takes_ms(every.tick()).await.0, 10);
        });
    }

    #[test]
    fn a_tick_that_was_dropped_is_not_lost() {
        check(async {
            let mut every: Interval = interval(10 * MS);
            let start = Instant::now();
            every.tick().await;
            assert!(timeout(4 * MS, every.tick()).await.is_err());
            assert_eq!(every.tick().await - start, 10 * MS);
            let cx = &mut Context::from_waker(Waker::noop());
            assert!(every.poll_tick(cx).is_pending());
            sleep(11 * MS).await;
            assert_eq!(every.poll_tick(cx), Poll::Ready(start + 20 * MS));
            assert!(format!("{every:?}").contains("Interval"));
        });
    }

    #[test]
    #[should_panic(expected = "`period` must be non-zero.")]
    fn a_period_of_zero_is_a_panic() {
        check(async { interval(Duration::ZERO) });
    }

    #[test]
    fn the_longest_period_is_cut_to_thirty_years() {
        check(async {
            let mut every = interval(Duration::MAX);
            every.tick().await;
            let years = every.period().as_secs() / (365 * 86_400);
            assert_eq!(years, 30);
        });
    }
}

#[test]
fn futures_of_timers_can_be_sent() {
    fn is_send<T: Send>(_: &T) {}
    check(async {
        is_send(&sleep(MS));
        is_send(&timeout(MS, ready(1)));
        is_send(&interval(MS).tick());
    });
}
