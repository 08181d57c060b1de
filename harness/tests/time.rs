//! Virtual time: deadlines keep their order under both clocks; a timer beats a computation under one.

use rt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use rt::sync::mpsc;
use rt::time::{Duration, Instant, interval, sleep, timeout};
use selvedge::{Check, Clock, Law, Record, Report};
use selvedge_rt as rt;
use std::sync::Arc;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn check(clock: Clock) -> Check {
    Check::new("time").clock(clock)
}

/// Two sleepers, the longer one first, whose sleeps `begin` when each runs or are made by the root. Each
/// notes when it woke; between them they share a cell, so that there is something to interleave.
fn two_sleepers(clock: Clock, made_together: bool, judge: fn(first: u64, last: u64)) -> Report {
    check(clock).explore(move || async move {
        let woke = Record::new("woke");
        let cell = Arc::new(AtomicU64::new(0));
        let start = Instant::now();
        let mut tasks = rt::task::JoinSet::new();
        for length in [10, 1] {
            let made = made_together.then(|| sleep(ms(length)));
            let (woke, cell) = (woke.clone(), cell.clone());
            tasks.spawn(async move {
                cell.fetch_add(1, SeqCst);
                made.unwrap_or_else(|| sleep(ms(length))).await;
                woke.note((start.elapsed().as_millis() as u64, length));
            });
        }
        while tasks.join_next().await.is_some() {}
        let woke = woke.sorted();
        assert_eq!((woke[0].1, woke[1].1), (1, 10), "the shorter one wakes first");
        judge(woke[0].0, woke[1].0);
    })
}

#[test]
fn a_shorter_sleep_ends_first_and_on_time_under_the_idle_clock() {
    let on_time = |first, last| assert_eq!((first, last), (1, 10));
    two_sleepers(Clock::Idle, true, on_time).assert_proved();
    two_sleepers(Clock::Idle, false, on_time).assert_proved();
}

#[test]
fn deadlines_made_together_keep_their_order_under_the_racing_clock_where_one_may_be_late() {
    let in_order = |first, last| assert!((1..=10).contains(&first) && last == 10);
    two_sleepers(Clock::Racing, true, in_order).assert_proved();
    let on_time = |first, _| assert_eq!(first, 1);
    two_sleepers(Clock::Racing, true, on_time).assert_violates(Law::Panic);
}

/// A receiver waits for a millisecond for what another task is about to send.
fn waits_a_moment(clock: Clock, allow_late: bool) -> Report {
    check(clock).waive(Law::LostItem, "a late item is the point").explore(move || async move {
        let (tx, mut rx) = mpsc::channel::<u64>(1);
        let sender = rt::spawn(async move {
            let _ = tx.send(1).await;
        });
        let received = timeout(ms(1), rx.recv()).await;
        assert!(received.is_ok() || allow_late, "the timer was faster");
        sender.await.unwrap();
    })
}

#[test]
fn a_timer_beats_a_computation_under_the_racing_clock_only() {
    waits_a_moment(Clock::Idle, false).assert_proved();
    waits_a_moment(Clock::Racing, false).assert_violates(Law::Panic);
    waits_a_moment(Clock::Racing, true).assert_proved();
}

#[test]
fn the_clock_stands_still_while_anybody_runs_and_moves_by_what_is_slept() {
    let report = check(Clock::Idle).explore(|| async {
        let start = Instant::now();
        let other = rt::spawn(async move {
            for _ in 0..3 {
                rt::task::yield_now().await;
            }
            start.elapsed()
        });
        assert_eq!(other.await.unwrap(), Duration::ZERO);
        sleep(ms(7)).await;
        assert_eq!(start.elapsed(), ms(7));
        sleep(ms(3)).await;
        assert_eq!(start.elapsed(), ms(10));
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn equal_deadlines_expire_together_and_run_in_either_order() {
    let report = check(Clock::Idle).explore(|| async {
        let order = Record::new("order");
        let turn = Arc::new(AtomicU64::new(0));
        let mut tasks = rt::task::JoinSet::new();
        for t in 0..2 {
            let (order, turn) = (order.clone(), turn.clone());
            tasks.spawn(async move {
                sleep(ms(5)).await;
                let nth = turn.fetch_add(1, SeqCst);
                order.note((t, nth));
                assert_eq!(Instant::now().elapsed(), Duration::ZERO);
            });
        }
        while tasks.join_next().await.is_some() {}
    });
    report.assert_proved();
    assert_eq!(report.outcomes.len(), 2, "{report}");
}

#[test]
fn an_interval_ticks_at_multiples_of_its_period() {
    let report = check(Clock::Idle).explore(|| async {
        let start = Instant::now();
        let mut ticks = interval(ms(10));
        for n in 0..4 {
            assert_eq!(ticks.tick().await - start, ms(10 * n));
        }
    });
    report.assert_proved();
}

#[test]
fn a_sleep_that_is_reset_ends_at_its_new_deadline() {
    let report = check(Clock::Idle).explore(|| async {
        let start = Instant::now();
        let mut timer = std::pin::pin!(sleep(ms(5)));
        assert!(timeout(ms(2), &mut timer).await.is_err());
        timer.as_mut().reset(start + ms(20));
        timer.await;
        assert_eq!(start.elapsed(), ms(20));
    });
    report.assert_proved();
}

#[test]
fn a_task_that_only_ticks_after_the_root_returned_is_a_leak() {
    let report = check(Clock::Idle).unjoined().explore(|| async {
        drop(rt::spawn(async {
            let mut ticks = interval(ms(10));
            loop {
                ticks.tick().await;
            }
        }));
    });
    report.assert_violates(Law::TaskLeak);
}

#[test]
fn a_root_that_waits_beside_a_ticker_for_ever_is_reported() {
    let report = check(Clock::Idle).explore(|| async {
        let ticker = rt::spawn(async {
            let mut ticks = interval(ms(10));
            loop {
                ticks.tick().await;
            }
        });
        ticker.await.unwrap();
    });
    assert!(!report.passed(), "{report}");
}
