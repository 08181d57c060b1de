//! Every law: the smallest scenario that breaks it, reported under that law and no other, beside a right
//! sibling that is silent. Then the near-misses, which must raise nothing.

#[path = "laws/future_lock.rs"]
mod future_lock;
#[path = "laws/result_race.rs"]
mod result_race;
#[path = "laws/split_state.rs"]
mod split_state;

use rt::sync::{CancellationToken, Mutex, Notify, Semaphore, mpsc};
use rt::time::{Duration, sleep};
use selvedge::{Check, Law, Report};
use selvedge_rt as rt;
use std::pin::pin;
use std::sync::Arc;

type Case = (Law, fn() -> Report, fn() -> Report);

/// The law, a scenario that breaks it, and its right sibling.
const CASES: &[Case] = &[
    (Law::TaskLeak, task_leak::wrong, task_leak::right),
    (Law::Deadlock, deadlock::wrong, deadlock::right),
    (Law::FutureLock, future_lock::wrong, future_lock::right),
    (Law::Unjoined, unjoined::wrong, unjoined::right),
    (Law::DoubleClose, double_close::wrong, double_close::right),
    (Law::SendAfterClose, send_after_close::wrong, send_after_close::right),
    (Law::NeverClosed, never_closed::wrong, never_closed::right),
    (Law::LostItem, lost_in_buffer::wrong, lost_in_buffer::right),
    (Law::LostItem, lost_in_send::wrong, lost_in_send::right),
    (Law::DuplicateItem, duplicate_item::wrong, duplicate_item::right),
    (Law::SwallowedError, swallowed_panic::wrong, swallowed_panic::right),
    (Law::SwallowedError, swallowed_error::wrong, swallowed_error::right),
    (Law::IgnoredCancellation, ignored_cancellation::wrong, ignored_cancellation::right),
    (Law::TimerLeak, timer_leak::wrong, timer_leak::right),
    (Law::PermitLeak, permit_forgotten::wrong, permit_forgotten::right),
    (Law::PermitLeak, permit_leaked::wrong, permit_leaked::right),
    (Law::LockOrder, lock_order::wrong, lock_order::right),
    (Law::ResultRace, result_race::wrong, result_race::right),
    (Law::SplitState, split_state::wrong, split_state::right),
    (Law::IncompleteShutdown, incomplete_shutdown::wrong, incomplete_shutdown::right),
    (Law::UnboundedGrowth, unbounded_growth::wrong, unbounded_growth::right),
    (Law::Livelock, livelock::wrong, livelock::right),
    (Law::Panic, panic::wrong, panic::right),
];

#[test]
fn each_law_reports_its_wrong_scenario_and_no_other_law_does() {
    for (i, (law, wrong, _)) in CASES.iter().enumerate() {
        let report = wrong();
        let found: Vec<Law> = report.violations().iter().map(|v| v.law).collect();
        assert_eq!(found.first(), Some(law), "case {i}:\n{report}");
    }
}

#[test]
fn the_right_sibling_of_each_wrong_scenario_is_silent() {
    for (i, (law, _, right)) in CASES.iter().enumerate() {
        let report = right();
        assert!(report.passed(), "case {i}, {law}:\n{report}");
    }
}

#[test]
fn every_law_has_a_case() {
    for law in Law::ALL {
        let has_case = CASES.iter().any(|case| case.0 == *law);
        assert!(has_case, "{law}");
    }
}

#[test]
fn a_waived_law_is_not_reported_and_its_reason_is() {
    let scenario = || async {
        drop(rt::spawn(async { Notify::new().notified().await }));
    };
    let check = Check::new("waived").unjoined();
    check.explore(scenario).assert_violates(Law::TaskLeak);
    let report = check.waive(Law::TaskLeak, "it is the subject of this test").explore(scenario);
    assert!(report.violations().is_empty(), "{report}");
    assert!(report.to_string().contains("it is the subject of this test"), "{report}");
}

/// Nobody kept the sender that should not: its task waits for a lock.
#[test]
fn a_receiver_whose_sender_waits_for_a_lock_is_a_deadlock() {
    let report = check().explore(|| async {
        let (lock, ready) = (Arc::new(Mutex::new(())), Arc::new(Notify::new()));
        let (tx, mut rx) = mpsc::channel::<u64>(1);
        let (held, heard) = (lock.clone(), ready.clone());
        let holder = rt::spawn(async move {
            let _guard = held.lock().await;
            heard.notified().await;
        });
        let sender = rt::spawn(async move {
            let _guard = lock.lock().await;
            ready.notify_one();
            tx.send(1).await.unwrap();
        });
        rx.recv().await;
        holder.await.unwrap();
        sender.await.unwrap();
    });
    let found: Vec<Law> = report.violations().iter().map(|v| v.law).collect();
    assert_eq!(found, [Law::Deadlock], "{report}");
}

/// How the tasks of a tracker are started.
#[derive(Clone, Copy)]
enum Started {
    ByTracker,
    Tracked,
    /// There is more to them than what is tracked.
    TrackedInside,
}

/// As tokio's documentation shuts down.
fn tracked(started: Started, waits: bool) -> Report {
    check().explore(move || async move {
        let (tracker, token) = (rt::task::TaskTracker::new(), CancellationToken::new());
        for _ in 0..2 {
            let token = token.clone();
            let work = async move { token.cancelled().await };
            match started {
                Started::ByTracker => _ = tracker.spawn(work),
                Started::Tracked => _ = rt::spawn(tracker.track_future(work)),
                Started::TrackedInside => {
                    let work = tracker.track_future(work);
                    rt::spawn(async move {
                        work.await;
                        "and this"
                    });
                }
            }
        }
        token.cancel();
        tracker.close();
        if waits {
            tracker.wait().await;
        }
        selvedge::shutdown_complete();
    })
}

/// The end of the tracker is the end of its tasks.
#[test]
fn who_waits_for_a_tracker_has_joined_its_tasks() {
    for started in [Started::ByTracker, Started::Tracked] {
        tracked(started, true).assert_proved();
    }
    for (started, waits) in [
        (Started::ByTracker, false),
        (Started::Tracked, false),
        (Started::TrackedInside, true),
        (Started::TrackedInside, false),
    ] {
        let report = tracked(started, waits);
        let found: Vec<Law> = report.violations().iter().map(|v| v.law).collect();
        assert_eq!(found, [Law::IncompleteShutdown, Law::Unjoined], "{report}");
    }
}

/// Who took it has ended, and its guard is elsewhere: nobody can be named who holds it.
#[test]
fn report_says_what_is_taken_where_nobody_gives_it_back() {
    let semaphore = check().explore(|| async {
        let permits = Arc::new(rt::sync::Semaphore::new(2));
        let (theirs, both) = (permits.clone(), permits.clone());
        let taken = rt::spawn(async move { theirs.acquire_many_owned(2).await.unwrap() });
        let _permits = taken.await.unwrap();
        let _more = both.acquire().await;
    });
    assert!(
        semaphore.to_string().contains("2 taken, and no other task ever gave any back"),
        "{semaphore}"
    );
    let lock = check().explore(|| async {
        let lock = Arc::<rt::sync::RwLock<()>>::default();
        let (theirs, both) = (lock.clone(), lock.clone());
        let taken = rt::spawn(async move { theirs.write_owned().await });
        let _guard = taken.await.unwrap();
        let _more = both.write().await;
    });
    assert!(
        lock.to_string().contains("it is locked, and no other task ever unlocked it"),
        "{lock}"
    );
    // Made by std's `default`, whose path is of one rustc.
    assert!(lock.to_string().contains("made at std: alloc/src/sync.rs"), "{lock}");
}

fn check() -> Check {
    Check::new("law")
}

mod duplicate_item {
    use super::*;
    use selvedge::Record;

    fn scenario(ids: [u64; 2]) -> Report {
        check().explore(move || async move {
            let seen = Record::distinct("seen");
            let tasks = ids.map(|id| {
                let seen = seen.clone();
                rt::spawn(async move {
                    rt::task::yield_now().await;
                    seen.note(id);
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        })
    }

    pub(super) fn wrong() -> Report {
        scenario([1, 1])
    }

    pub(super) fn right() -> Report {
        scenario([1, 2])
    }
}

mod task_leak {
    use super::*;

    fn scenario(notify_it: bool) -> Report {
        check().unjoined().explore(move || async move {
            let notify = Arc::new(Notify::new());
            let waiting = notify.clone();
            drop(rt::spawn(async move { waiting.notified().await }));
            if notify_it {
                notify.notify_one();
            }
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod deadlock {
    use super::*;

    fn scenario(opposite: bool) -> Report {
        check().explore(move || async move {
            let locks = [Arc::new(Mutex::new(())), Arc::new(Mutex::new(()))];
            let [a, b] = locks.clone();
            let other = rt::spawn(async move {
                let _a = a.lock().await;
                let _b = b.lock().await;
            });
            let [mut first, mut second] = locks;
            if opposite {
                std::mem::swap(&mut first, &mut second);
            }
            {
                let _first = first.lock().await;
                let _second = second.lock().await;
            }
            other.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(true)
    }

    pub(super) fn right() -> Report {
        scenario(false)
    }
}

mod unjoined {
    use super::*;

    fn scenario(join: bool) -> Report {
        check().explore(move || async move {
            let cell = Arc::new(rt::sync::atomic::AtomicU64::new(0));
            let theirs = cell.clone();
            let order = rt::sync::atomic::Ordering::SeqCst;
            let task = rt::spawn(async move { theirs.store(1, order) });
            cell.load(order);
            if join {
                task.await.unwrap();
            }
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod double_close {
    use super::*;

    fn scenario(closers: usize) -> Report {
        check().explore(move || async move {
            let (tx, rx) = rt::async_channel::bounded::<u64>(1);
            let mut tasks = rt::task::JoinSet::new();
            for t in 0..2 {
                let tx = tx.clone();
                tasks.spawn(async move {
                    if t < closers {
                        tx.close();
                    }
                });
            }
            drop(tx);
            assert!(rx.recv().await.is_err());
            while tasks.join_next().await.is_some() {}
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(2)
    }

    pub(super) fn right() -> Report {
        scenario(1)
    }
}

mod send_after_close {
    use super::*;

    fn scenario(wait_for_the_other: bool) -> Report {
        check().explore(move || async move {
            let (tx, rx) = rt::async_channel::bounded::<u64>(2);
            let sender = tx.clone();
            let other = rt::spawn(async move {
                let _ = sender.send(1).await;
            });
            if wait_for_the_other {
                other.await.unwrap();
                tx.close();
            } else {
                tx.close();
                other.await.unwrap();
            }
            while rx.recv().await.is_ok() {}
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod never_closed {
    use super::*;

    fn scenario(keep_sender: bool) -> Report {
        check().explore(move || async move {
            let (tx, mut rx) = mpsc::channel::<u64>(1);
            let consumer = rt::spawn(async move { while rx.recv().await.is_some() {} });
            tx.send(1).await.unwrap();
            let kept = keep_sender.then_some(tx);
            consumer.await.unwrap();
            drop(kept);
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(true)
    }

    pub(super) fn right() -> Report {
        scenario(false)
    }
}

mod lost_in_buffer {
    use super::*;

    fn scenario(drain: bool) -> Report {
        check().explore(move || async move {
            let (tx, mut rx) = mpsc::channel::<u64>(2);
            let producer = rt::spawn(async move {
                let _ = tx.send(1).await;
                let _ = tx.send(2).await;
            });
            let consumer = rt::spawn(async move {
                rx.recv().await;
                if drain {
                    while rx.recv().await.is_some() {}
                }
            });
            producer.await.unwrap();
            consumer.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod lost_in_send {
    use super::*;

    /// The right sibling reserves a slot first, so the item is never inside a future that is dropped.
    fn scenario(reserve: bool) -> Report {
        check().explore(move || async move {
            let (tx, mut rx) = mpsc::channel::<u64>(1);
            let token = CancellationToken::new();
            let cancelled = token.clone();
            let producer = rt::spawn(async move {
                let mut kept = Vec::new();
                for item in [1, 2] {
                    if reserve {
                        rt::select! {
                            slot = tx.reserve() => slot.unwrap().send(item),
                            () = cancelled.cancelled() => kept.push(item),
                        }
                    } else {
                        rt::select! {
                            sent = tx.send(item) => sent.unwrap(),
                            () = cancelled.cancelled() => kept.push(item),
                        }
                    }
                }
                kept.len()
            });
            token.cancel();
            let mut received = 0;
            while rx.recv().await.is_some() {
                received += 1;
            }
            assert_eq!(producer.await.unwrap() + received, 2);
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod swallowed_panic {
    use super::*;

    fn scenario(look: bool) -> Report {
        check().unjoined().explore(move || async move {
            let token = CancellationToken::new();
            let cancel = token.clone();
            let task = rt::spawn(async move {
                let _cancels = cancel.drop_guard();
                panic!("a bug in a task");
            });
            token.cancelled().await;
            if look {
                assert!(task.await.unwrap_err().is_panic());
            }
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod swallowed_error {
    use super::*;

    fn scenario(look: bool) -> Report {
        let check = check().unjoined().watch_errors::<(), String>();
        check.explore(move || async move {
            let notify = Arc::new(Notify::new());
            let waiting = notify.clone();
            let task = rt::spawn(async move {
                waiting.notified().await;
                Err::<(), String>("no space left".into())
            });
            notify.notify_one();
            if look {
                assert!(task.await.unwrap().is_err());
            }
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod ignored_cancellation {
    use super::*;

    fn scenario(listen: bool) -> Report {
        check().explore(move || async move {
            let token = CancellationToken::new();
            let theirs = token.clone();
            let (tx, mut rx) = mpsc::channel::<u64>(1);
            let task = rt::spawn(async move {
                while !theirs.is_cancelled() {
                    if listen {
                        rt::select! {
                            () = theirs.cancelled() => {}
                            _ = rx.recv() => {}
                        }
                    } else {
                        rx.recv().await;
                    }
                }
            });
            token.cancel();
            task.await.unwrap();
            drop(tx);
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod timer_leak {
    use super::*;

    fn scenario(keep_timer: bool) -> Report {
        check().explore(move || async move {
            let task = rt::spawn(async move {
                let mut timer = Box::pin(sleep(Duration::from_secs(60)));
                let notify = Notify::new();
                notify.notify_one();
                rt::select! {
                    biased;
                    () = &mut timer => {}
                    () = notify.notified() => {}
                }
                if keep_timer {
                    // Nobody can stop it any more.
                    std::mem::forget(timer);
                }
            });
            task.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(true)
    }

    pub(super) fn right() -> Report {
        scenario(false)
    }
}

mod permit_forgotten {
    use super::*;

    fn scenario(add_again: bool) -> Report {
        check().explore(move || async move {
            let permits = Arc::new(Semaphore::new(2));
            let theirs = permits.clone();
            let task = rt::spawn(async move {
                theirs.acquire().await.unwrap().forget();
                if add_again {
                    theirs.add_permits(1);
                }
            });
            drop(permits.acquire().await.unwrap());
            task.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod permit_leaked {
    use super::*;

    fn scenario(leak: bool) -> Report {
        check().explore(move || async move {
            let permits = Arc::new(Semaphore::new(2));
            let theirs = permits.clone();
            let task = rt::spawn(async move {
                let permit = theirs.acquire().await.unwrap();
                if leak {
                    std::mem::forget(permit);
                }
            });
            drop(permits.acquire().await.unwrap());
            task.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(true)
    }

    pub(super) fn right() -> Report {
        scenario(false)
    }
}

mod lock_order {
    use super::*;

    /// The second task starts after the first has let go, so that no schedule deadlocks: yet the order
    /// is one that can, once somebody takes that accident away.
    fn scenario(opposite: bool) -> Report {
        check().explore(move || async move {
            let locks = [Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0))];
            let done = Arc::new(Notify::new());
            let ([a, b], first_done) = (locks.clone(), done.clone());
            let first = rt::spawn(async move {
                {
                    let _a = a.lock().await;
                    let _b = b.lock().await;
                }
                first_done.notify_one();
            });
            let second = rt::spawn(async move {
                done.notified().await;
                let [a, b] = locks;
                let (x, y) = if opposite { (b, a) } else { (a, b) };
                let _x = x.lock().await;
                let _y = y.lock().await;
            });
            first.await.unwrap();
            second.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(true)
    }

    pub(super) fn right() -> Report {
        scenario(false)
    }
}

mod incomplete_shutdown {
    use super::*;

    fn scenario(join_first: bool) -> Report {
        check().explore(move || async move {
            let token = CancellationToken::new();
            let theirs = token.clone();
            let task = rt::spawn(async move { theirs.cancelled().await });
            token.cancel();
            if join_first {
                task.await.unwrap();
                selvedge::shutdown_complete();
            } else {
                selvedge::shutdown_complete();
                task.await.unwrap();
            }
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod unbounded_growth {
    use super::*;

    fn scenario(high_water: usize) -> Report {
        check().high_water(high_water).explore(|| async {
            let (tx, mut rx) = mpsc::unbounded_channel::<u64>();
            let producer = rt::spawn(async move {
                for item in 0..3 {
                    tx.send(item).unwrap();
                }
            });
            while rx.recv().await.is_some() {}
            producer.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(2)
    }

    pub(super) fn right() -> Report {
        scenario(3)
    }
}

mod livelock {
    use super::*;
    use rt::sync::atomic::{AtomicBool, Ordering};

    fn scenario(stop: bool) -> Report {
        check().explore(move || async move {
            let go = Arc::new(AtomicBool::new(true));
            let theirs = go.clone();
            let spinner = rt::spawn(async move {
                while theirs.load(Ordering::SeqCst) {
                    rt::task::yield_now().await;
                }
            });
            if stop {
                go.store(false, Ordering::SeqCst);
            }
            spinner.await.unwrap();
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

mod panic {
    use super::*;
    use rt::sync::atomic::{AtomicU64, Ordering};

    /// Two tasks add to a cell; read and write apart, one addition may be lost.
    fn scenario(at_once: bool) -> Report {
        check().explore(move || async move {
            let cell = Arc::new(AtomicU64::new(0));
            let mut tasks = rt::task::JoinSet::new();
            for _ in 0..2 {
                let cell = cell.clone();
                tasks.spawn(async move {
                    if at_once {
                        cell.fetch_add(1, Ordering::SeqCst);
                    } else {
                        let old = cell.load(Ordering::SeqCst);
                        cell.store(old + 1, Ordering::SeqCst);
                    }
                });
            }
            while tasks.join_next().await.is_some() {}
            assert_eq!(cell.load(Ordering::SeqCst), 2);
        })
    }

    pub(super) fn wrong() -> Report {
        scenario(false)
    }

    pub(super) fn right() -> Report {
        scenario(true)
    }
}

#[track_caller]
fn silent<F>(root: impl Fn() -> F + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    check().explore(root).assert_proved();
}

#[test]
fn near_miss_a_daemon_declared_as_such() {
    silent(|| async {
        let notify = Arc::new(Notify::new());
        let theirs = notify.clone();
        drop(rt::spawn(async move {
            selvedge::daemon();
            loop {
                theirs.notified().await;
            }
        }));
        notify.notify_one();
    });
}

#[test]
fn near_miss_a_bounded_queue_that_fills_and_drains() {
    silent(|| async {
        let (tx, mut rx) = mpsc::channel(1);
        let producer = rt::spawn(async move {
            for item in 0..3u64 {
                tx.send(item).await.unwrap();
            }
        });
        let mut sum = 0;
        while let Some(item) = rx.recv().await {
            sum += item;
        }
        assert_eq!(sum, 3);
        producer.await.unwrap();
    });
}

#[test]
fn near_miss_a_cancelled_send_whose_value_came_back() {
    silent(|| async {
        let (tx, mut rx) = mpsc::channel(1);
        let producer = rt::spawn(async move {
            let mut unsent = 0u64;
            for item in 0..2u64 {
                // The receiver may be closed: then the error has the value.
                if let Err(error) = tx.send(item).await {
                    unsent += 1;
                    assert_eq!(error.0, item);
                }
            }
            unsent
        });
        rx.close();
        let mut received = 0;
        while rx.recv().await.is_some() {
            received += 1;
        }
        assert_eq!(producer.await.unwrap() + received, 2);
    });
}

#[test]
fn near_miss_a_consumer_that_stops_early_through_close() {
    silent(|| async {
        let (tx, rx) = rt::async_channel::bounded(2);
        let consumer = rt::spawn(async move {
            rx.recv().await.unwrap();
            rx.close();
            // What was accepted until then is still there.
            while rx.recv().await.is_ok() {}
        });
        let mut item = 0u64;
        while tx.send(item).await.is_ok() {
            item += 1;
            if item == 4 {
                break;
            }
        }
        drop(tx);
        consumer.await.unwrap();
    });
}

#[test]
fn near_miss_two_locks_always_taken_in_one_order() {
    silent(|| async {
        let locks = Arc::new((Mutex::new(0), Mutex::new(0)));
        let mut tasks = rt::task::JoinSet::new();
        for _ in 0..2 {
            let locks = locks.clone();
            tasks.spawn(async move {
                let mut a = locks.0.lock().await;
                let mut b = locks.1.lock().await;
                (*a, *b) = (*a + 1, *b + 1);
            });
        }
        while tasks.join_next().await.is_some() {}
        assert_eq!(*locks.0.lock().await + *locks.1.lock().await, 4);
    });
}

#[test]
fn near_miss_a_timer_reset_in_a_loop_and_dropped() {
    silent(|| async {
        let (tx, mut rx) = mpsc::channel::<u64>(1);
        let watcher = rt::spawn(async move {
            let idle = Duration::from_secs(1);
            let mut timer = pin!(sleep(idle));
            loop {
                rt::select! {
                    item = rx.recv() => match item {
                        Some(_) => timer.as_mut().reset(rt::time::Instant::now() + idle),
                        None => break true,
                    },
                    () = &mut timer => break false,
                }
            }
        });
        for item in 0..2 {
            tx.send(item).await.unwrap();
        }
        drop(tx);
        assert!(watcher.await.unwrap(), "the clock stands still while anybody runs");
    });
}

#[test]
fn near_miss_a_task_aborted_and_joined() {
    silent(|| async {
        let notify = Arc::new(Notify::new());
        let theirs = notify.clone();
        let task = rt::spawn(async move { theirs.notified().await });
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        drop(notify);
    });
}

#[test]
fn near_miss_a_channel_closed_by_dropping_the_last_of_several_senders() {
    silent(|| async {
        let (tx, mut rx) = mpsc::channel(1);
        let mut tasks = rt::task::JoinSet::new();
        for item in 0..2u64 {
            let tx = tx.clone();
            tasks.spawn(async move { tx.send(item).await.unwrap() });
        }
        drop(tx);
        let mut received = 0;
        while rx.recv().await.is_some() {
            received += 1;
        }
        assert_eq!(received, 2);
        while tasks.join_next().await.is_some() {}
    });
}

#[test]
fn near_miss_an_error_ignored_on_purpose_through_a_named_waiver() {
    let scenario = || async {
        let token = CancellationToken::new();
        let theirs = token.clone();
        drop(rt::spawn(async move {
            theirs.cancelled().await;
            Err::<(), String>("the log is full, and nobody needs it any more".into())
        }));
        token.cancel();
    };
    let check = check().unjoined().watch_errors::<(), String>();
    check.explore(scenario).assert_violates(Law::SwallowedError);
    check.waive(Law::SwallowedError, "best effort").explore(scenario).assert_proved();
}
