//! `spawn_blocking`: a thread of its own at every grain, and no abort once it has begun.

use super::{Seen, check, check_at};
use rt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use rt::task::{JoinSet, TaskTracker, spawn_blocking};
use selvedge::Grain;
use selvedge_rt as rt;
use std::sync::Arc;

/// Two looks at a number, in one poll, while a blocking task sets it to 1 and then to 2.
async fn two_looks(seen: Seen) {
    let number = Arc::new(AtomicU64::new(0));
    let theirs = number.clone();
    let task = spawn_blocking(move || {
        theirs.store(1, SeqCst);
        theirs.store(2, SeqCst);
    });
    let (first, second) = (number.load(SeqCst), number.load(SeqCst));
    seen.note(first * 10 + second);
    task.await.unwrap();
}

#[test]
fn closure_interleaves_with_the_polls_of_others_at_every_grain() {
    let every_pair = [0, 1, 2, 11, 12, 22];
    check(&every_pair, two_looks);
    check_at(Grain::Poll, &every_pair, two_looks);
}

/// An async task sets a number to 1 and looks at it; another sets it to 5; a closure runs beside them.
async fn beside_two_polls(seen: Seen) {
    let number = Arc::new(AtomicU64::new(0));
    let (ours, theirs, other) = (number.clone(), number, Arc::new(AtomicU64::new(0)));
    let look = rt::spawn(async move {
        ours.store(1, SeqCst);
        seen.note(ours.load(SeqCst));
    });
    let set = rt::spawn(async move { theirs.store(5, SeqCst) });
    let beside = spawn_blocking(move || other.store(1, SeqCst));
    look.await.unwrap();
    set.await.unwrap();
    beside.await.unwrap();
}

#[test]
fn polls_of_async_tasks_share_one_thread_at_the_grain_of_a_poll_whatever_runs_beside() {
    check_at(Grain::Operation, &[1, 5], beside_two_polls);
    check_at(Grain::Poll, &[1], beside_two_polls);
}

const ABORTED: u64 = 100;

/// What is left of a closure that sets a number to 1 and then to 2, and is aborted meanwhile.
async fn aborted(seen: Seen) {
    let number = Arc::new(AtomicU64::new(0));
    let theirs = number.clone();
    let task = spawn_blocking(move || {
        theirs.store(1, SeqCst);
        theirs.store(2, SeqCst);
    });
    task.abort();
    let aborted = task.await.is_err_and(|e| e.is_cancelled());
    seen.note(number.load(SeqCst) + ABORTED * u64::from(aborted));
}

#[test]
fn closure_is_aborted_before_it_begins_or_not_at_all() {
    check(&[ABORTED, 2], aborted);
    check_at(Grain::Poll, &[ABORTED, 2], aborted);
}

#[test]
fn closure_sends_without_waiting_and_takes_blocking_locks() {
    check(&[4, 6], |seen| async move {
        let (tx, mut rx) = rt::sync::mpsc::unbounded_channel();
        let total = Arc::new(rt::blocking::Mutex::new(1));
        let theirs = total.clone();
        let task = spawn_blocking(move || {
            *theirs.lock().unwrap() += 2;
            tx.send(7).unwrap();
        });
        *total.lock().unwrap() *= 2;
        assert_eq!(rx.recv().await, Some(7));
        task.await.unwrap();
        // Twice one and two more, or twice three.
        seen.note(*total.lock().unwrap());
    });
}

#[test]
fn blocking_lock_taken_twice_by_one_task_is_a_deadlock_and_no_hang() {
    let report = selvedge::Check::new("locked twice").explore(|| async {
        let lock = rt::blocking::Mutex::new(0);
        let first = lock.lock().unwrap();
        drop((lock.lock().unwrap(), first));
    });
    report.assert_violates(selvedge::Law::Deadlock);
}

#[test]
fn members_of_a_set_and_of_a_tracker_may_block() {
    check(&[12, 21], |seen| async move {
        let tracker = TaskTracker::new();
        let mut set = JoinSet::new();
        set.spawn_blocking(|| 1);
        set.spawn(async { 2 });
        let task = tracker.spawn_blocking(|| ());
        tracker.close();
        tracker.wait().await;
        let mut order = 0;
        while let Some(ended) = set.join_next().await {
            order = order * 10 + ended.unwrap();
        }
        seen.note(order);
        task.await.unwrap();
    });
}

#[test]
fn panic_of_a_closure_is_an_error_of_its_task() {
    check(&[7], |seen| async move {
        let error = spawn_blocking(|| std::panic::panic_any(7_u64)).await.unwrap_err();
        seen.note(*error.into_panic().downcast().unwrap());
    });
}

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn closure_that_never_began_and_panics_as_it_goes_says_so() {
    const PANICKED: u64 = 1;
    const ENDED: u64 = 2;
    check(&[PANICKED, ENDED], |seen| async move {
        let bomb = Bomb;
        let task = spawn_blocking(move || std::mem::forget(bomb));
        task.abort();
        seen.note(match task.await {
            Ok(()) => ENDED,
            Err(error) => u64::from(error.is_panic()),
        });
    });
}
