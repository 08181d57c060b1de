//! What timers announce.

use super::*;

#[test]
fn a_sleep_is_armed_and_fires_at_its_deadline() {
    let (now, log) = run(async {
        sleep(3 * MS).await;
        sleep(Duration::ZERO).await;
        format!("{:?}", Instant::now())
    });
    assert_eq!(now, "Instant(3ms)");
    let expected = ["0 Timer(3000000) pending", "0 Timer(3000000)", "0 Timer(3000000)"];
    assert_eq!(log[..3], expected);
    assert_eq!(log[3..], ["0 Finish"]);
}

#[test]
fn a_timer_dropped_while_armed_is_disarmed() {
    let ((), log) = run(async {
        assert!(timeout(9 * MS, yield_now()).await.is_ok());
        drop(sleep(MS));
        assert_eq!(Instant::now().elapsed(), Duration::ZERO);
    });
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Yield pending", "0 Timer(9000000) pending", "0 Yield", "0 DropTimer", "0 Finish",
    ]);
}

#[test]
fn a_timeout_ends_at_its_deadline() {
    let (took, log) = run(async {
        let start = Instant::now();
        assert!(timeout(9 * MS, pending::<()>()).await.is_err());
        assert_eq!(timeout(Duration::MAX, sleep(MS)).await, Ok(()));
        start.elapsed()
    });
    assert_eq!(took, 10 * MS);
    assert_eq!(log[..2], ["0 Timer(9000000) pending", "0 Timer(9000000)"]);
}

#[test]
fn a_reset_moves_an_armed_timer_and_rearms_one_that_fired() {
    let (times, log) = run(async {
        let start = Instant::now();
        let mut timer = Box::pin(sleep(50 * MS));
        assert!(!timer.is_elapsed());
        select! { biased; _ = timer.as_mut() => unreachable!(), _ = ready(()) => {} }
        // The waker of that poll is still due, earlier now.
        timer.as_mut().reset(start + 2 * MS);
        let woken = Arc::new(Mutex::new(None));
        let seen = woken.clone();
        let mut polls = 0;
        poll_fn(move |_| {
            polls += 1;
            if polls == 1 {
                return Poll::Pending;
            }
            *seen.lock().unwrap() = Some(start.elapsed());
            Poll::Ready(())
        })
        .await;
        assert!(timer.is_elapsed());
        timer.as_mut().await;
        timer.as_mut().reset(start + 5 * MS);
        assert!(!timer.is_elapsed());
        assert_eq!(timer.deadline(), start + 5 * MS);
        timer.await;
        let woken = woken.lock().unwrap().take();
        (woken, start.elapsed())
    });
    assert_eq!(times, (Some(2 * MS), 5 * MS));
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Timer(50000000) pending", "0 Timer(2000000)", "0 Timer(5000000) pending",
        "0 Timer(5000000)", "0 Finish",
    ]);
}

#[test]
fn the_longest_sleep_saturates() {
    let (far, _) = run(async {
        let start = Instant::now();
        sleep(Duration::MAX).await;
        let long = start.elapsed();
        // Past what 64 bits of nanoseconds hold: no overflow, only a sleep cut short.
        sleep(Duration::from_secs(u64::from(u32::MAX) * 8)).await;
        (long, start.elapsed())
    });
    assert_eq!(far.0, Duration::from_secs(30 * 365 * 86_400));
    assert_eq!(far.1, Duration::from_nanos(u64::MAX));
}

#[test]
fn intervals_keep_tokios_ways_with_missed_ticks() {
    use MissedTickBehavior::*;
    #[track_caller]
    fn check(behavior: MissedTickBehavior, pause_ms: u32, expected: &[(u128, u128)]) {
        let ticks = expected.len();
        let (seen, _) = run(async move {
            let start = Instant::now();
            let mut every = interval(10 * MS);
            every.set_missed_tick_behavior(behavior);
            let mut seen = Vec::new();
            for tick in 0..ticks {
                let due = every.tick().await;
                seen.push(((due - start).as_millis(), start.elapsed().as_millis()));
                sleep(if tick == 0 { pause_ms * MS } else { Duration::ZERO }).await;
            }
            seen
        });
        assert_eq!(seen, expected);
    }
    check(Burst, 35, &[(0, 0), (10, 35), (20, 35), (30, 35), (40, 40), (50, 50)]);
    check(Delay, 35, &[(0, 0), (10, 35), (45, 45), (55, 55)]);
    // A little late is not missed.
    check(Delay, 15, &[(0, 0), (10, 15), (20, 20)]);
    check(Skip, 35, &[(0, 0), (10, 35), (40, 40), (50, 50)]);
}

#[test]
fn the_longest_period_is_cut_to_thirty_years() {
    let (took, _) = run(async {
        let mut every = interval(Duration::MAX);
        every.tick().await;
        every.tick().await;
        Instant::now() - every.tick().await + every.period()
    });
    assert_eq!(took, Duration::from_secs(30 * 365 * 86_400));
}

#[test]
fn an_interval_is_one_timer_that_is_set_again() {
    let (took, log) = run(async {
        let start = Instant::now();
        let mut every = interval(10 * MS);
        every.tick().await;
        every.tick().await;
        every.reset_after(MS);
        every.tick().await;
        start.elapsed()
    });
    assert_eq!(took, 11 * MS);
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Timer", "0 Timer(10000000) pending", "0 Timer(10000000)", "0 Timer(11000000) pending",
        "0 Timer(11000000)", "0 Finish",
    ]);
}

#[test]
fn an_instant_shows_and_hashes_its_offset_only() {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    let ((shown, hashes), _) = run(async {
        let hash = |instant| BuildHasherDefault::<DefaultHasher>::new().hash_one(instant);
        let now = Instant::now();
        let offsets: [(bool, Duration); 2] = [(false, 2 * MS), (true, 3 * MS)];
        let instants = [now + 2 * MS, now - 3 * MS];
        let same = (0..2).all(|i| {
            hash(instants[i]) == BuildHasherDefault::<DefaultHasher>::new().hash_one(offsets[i])
        });
        (format!("{instants:?}"), same)
    });
    assert_eq!(shown, "[Instant(2ms), Instant(-3ms)]");
    assert!(hashes, "the hash is that of the offset from the base");
}

#[test]
fn a_deadline_that_is_given_is_the_one_that_is_announced() {
    let ((), log) = run(async {
        let start = Instant::now();
        timeout_at(start + 3 * MS, pending::<()>()).await.unwrap_err();
        let mut every = interval_at(start + 5 * MS, 2 * MS);
        assert_eq!((every.tick().await, every.tick().await), (start + 5 * MS, start + 7 * MS));
    });
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Timer(3000000) pending", "0 Timer(3000000)", "0 Timer(5000000) pending", "0 Timer(5000000)",
        "0 Timer(7000000) pending", "0 Timer(7000000)", "0 Finish",
    ]);
}
