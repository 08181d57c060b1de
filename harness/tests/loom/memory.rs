//! Weak memory: litmus tests with known answers.

use super::loom;
use rt::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use selvedge::{Check, Law, Record, Report};
use selvedge_rt as rt;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Runs two tasks with two cells each and gives all pairs of results.
#[track_caller]
fn results<A, B>(
    name: &str,
    a: impl Fn(Arc<[AtomicU32; 2]>) -> A + Copy + Send + Sync + 'static,
    b: impl Fn(Arc<[AtomicU32; 2]>) -> B + Copy + Send + Sync + 'static,
) -> (BTreeSet<(u32, u32)>, Report)
where
    A: Future<Output = u32> + Send + 'static,
    B: Future<Output = u32> + Send + 'static,
{
    let all = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = all.clone();
    let report = loom(name, move || {
        let seen = seen.clone();
        async move {
            let cells = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
            let record = Record::new("results");
            let (a, b) = (rt::spawn(a(cells.clone())), rt::spawn(b(cells)));
            let both = (a.await.unwrap(), b.await.unwrap());
            record.note(both);
            seen.lock().unwrap().insert(both);
        }
    });
    report.assert_proved();
    let all = all.lock().unwrap().clone();
    assert_eq!(all.len(), report.outcomes.len());
    (all, report)
}

#[test]
fn store_buffering_lets_both_loads_miss_both_stores_only_in_the_weak_model() {
    async fn side(cells: Arc<[AtomicU32; 2]>, mine: usize) -> u32 {
        cells[mine].store(1, Ordering::Relaxed);
        cells[1 - mine].load(Ordering::Relaxed)
    }
    let (all, _) = results("store buffering", |c| side(c, 0), |c| side(c, 1));
    assert_eq!(all, BTreeSet::from([(0, 0), (0, 1), (1, 0), (1, 1)]));
    // The explorer interleaves; it has no weak memory.
    let explored = Check::new("store buffering, interleaved").explore(|| async {
        let cells = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let (a, b) = (rt::spawn(side(cells.clone(), 0)), rt::spawn(side(cells, 1)));
        let both = (a.await.unwrap(), b.await.unwrap());
        assert_ne!(both, (0, 0));
    });
    explored.assert_proved();
}

/// A message under a flag, published with one order and looked at with another.
fn message(publish: Ordering, look: Ordering) -> Report {
    loom("message passing", move || async move {
        let shared = Arc::new((AtomicU32::new(0), AtomicBool::new(false)));
        let theirs = shared.clone();
        let task = rt::spawn(async move {
            theirs.0.store(42, Ordering::Relaxed);
            theirs.1.store(true, publish);
        });
        if shared.1.load(look) {
            assert_eq!(shared.0.load(Ordering::Relaxed), 42, "published, and not there");
        }
        task.await.unwrap();
    })
}

#[test]
fn message_is_there_with_release_and_acquire_and_may_be_missed_with_less() {
    message(Ordering::Release, Ordering::Acquire).assert_proved();
    message(Ordering::Relaxed, Ordering::Relaxed).assert_violates(Law::Panic);
    message(Ordering::Relaxed, Ordering::Acquire).assert_violates(Law::Panic);
    message(Ordering::Release, Ordering::Relaxed).assert_violates(Law::Panic);
}

#[test]
fn message_through_a_channel_is_there() {
    loom("message through a channel", || async {
        let (cell, (tx, rx)) = (Arc::new(AtomicU32::new(0)), rt::sync::oneshot::channel());
        let theirs = cell.clone();
        let task = rt::spawn(async move {
            theirs.store(42, Ordering::Relaxed);
            tx.send(()).unwrap();
        });
        rx.await.unwrap();
        assert_eq!(cell.load(Ordering::Relaxed), 42);
        task.await.unwrap();
    })
    .assert_proved();
}

#[test]
fn read_modify_writes_are_atomic_in_every_form() {
    async fn form(cells: Arc<[AtomicU32; 2]>, how: usize) -> u32 {
        let cell = &cells[0];
        let relaxed = Ordering::Relaxed;
        match how {
            0 => cell.fetch_add(1, relaxed),
            1 => cell.fetch_update(relaxed, relaxed, |v| Some(v + 1)).unwrap(),
            _ => loop {
                let seen = cell.load(relaxed);
                if cell.compare_exchange(seen, seen + 1, relaxed, relaxed).is_ok() {
                    return seen;
                }
                rt::task::yield_now().await;
            },
        }
    }
    // Whatever the form, one sees 0 and the other 1.
    let expected = BTreeSet::from([(0, 1), (1, 0)]);
    assert_eq!(results("add, add", |c| form(c, 0), |c| form(c, 0)).0, expected);
    assert_eq!(results("add, update", |c| form(c, 0), |c| form(c, 1)).0, expected);
    assert_eq!(results("exchange, update", |c| form(c, 2), |c| form(c, 1)).0, expected);
}

#[test]
fn exchange_that_fails_reads_the_newest_value() {
    let relaxed = Ordering::Relaxed;
    let (all, _) = results(
        "one of two exchanges wins",
        move |c| async move { c[0].compare_exchange(0, 1, relaxed, relaxed).unwrap_or_else(|v| v) },
        move |c| async move { c[0].compare_exchange(0, 2, relaxed, relaxed).unwrap_or_else(|v| v) },
    );
    assert_eq!(all, BTreeSet::from([(0, 1), (2, 0)]));
}
