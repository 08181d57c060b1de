//! `ResultRace`: a write that rests on a look which another write has overtaken.

use rt::sync::atomic::{AtomicU32, Ordering};
use rt::sync::{Mutex, OnceCell, RwLock};
use selvedge::{Check, Law, Report, Sampling};
use selvedge_rt as rt;
use std::sync::Arc;

/// Two tasks do `add` to one value.
async fn twice<T: Send + Sync + 'static, F>(value: T, add: impl Fn(Arc<T>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let value = Arc::new(value);
    for task in [0, 1].map(|_| rt::spawn(add(value.clone()))) {
        task.await.unwrap();
    }
}

#[track_caller]
fn check<F>(lost: bool, root: impl Fn() -> F + Send + Sync + Copy + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let check = Check::new("two updates").lost_updates();
    let mut reports = vec![check.explore(root)];
    reports.push(check.sample(Sampling::random(1).cases(200), root));
    #[cfg(feature = "loom")]
    reports.push(check.loom(root));
    for report in reports {
        match lost {
            true => drop(report.assert_violates(Law::ResultRace)),
            false => drop(report.assert_passed()),
        }
    }
    // Only where it is asked for.
    Check::new("unasked").explore(root).assert_proved();
}

async fn two_sections() {
    twice(Mutex::new(0), |n| async move {
        let seen = *n.lock().await;
        *n.lock().await = seen + 1;
    })
    .await;
}

async fn one_section() {
    twice(Mutex::new(0), |n| async move { *n.lock().await += 1 }).await;
}

pub(super) fn wrong() -> Report {
    Check::new("law").lost_updates().explore(two_sections)
}

pub(super) fn right() -> Report {
    Check::new("law").lost_updates().explore(one_section)
}

#[test]
fn two_sections_lose_an_update_and_one_does_not() {
    check(true, two_sections);
    check(false, one_section);
}

#[test]
fn two_results_for_one_cell_are_one_too_many() {
    check(true, || {
        twice(OnceCell::new(), |cell| async move {
            // Whoever comes second is turned away, and does not look.
            let _ = cell.set(1);
        })
    });
    check(false, || {
        twice(OnceCell::new(), |cell| async move {
            cell.get_or_init(|| async { 1 }).await;
        })
    });
}

#[test]
fn a_shared_look_may_be_overtaken_too() {
    check(true, || {
        twice(RwLock::new(0), |n| async move {
            let seen = *n.read().await;
            *n.write().await = seen + 1;
        })
    });
    check(false, || twice(RwLock::new(0), |n| async move { drop(n.read().await) }));
}

#[test]
fn a_load_and_a_store_lose_an_update_and_one_operation_does_not() {
    check(true, || {
        twice(AtomicU32::new(0), |n| async move {
            n.store(n.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
        })
    });
    check(false, || {
        twice(AtomicU32::new(0), |n| async move {
            let _ = n.load(Ordering::SeqCst);
            n.fetch_add(1, Ordering::SeqCst);
        })
    });
}

#[test]
fn a_blocking_lock_is_judged_alike() {
    check(true, || {
        twice(rt::blocking::Mutex::new(0), |n| async move {
            let seen = *n.lock().unwrap();
            *n.lock().unwrap() = seen + 1;
        })
    });
}

#[test]
fn who_writes_again_and_again_without_a_look_loses_nothing() {
    check(false, || {
        twice(Mutex::new(0), |n| async move {
            *n.lock().await += 1;
            *n.lock().await += 1;
        })
    });
}

/// A result that one task leaves and another reads, with a flag between them.
struct Slot {
    value: rt::cell::UnsafeCell<u64>,
    ready: AtomicU32,
}

// SAFETY: of the two tasks that have it, one reads only after it saw the flag that the other sets after its
// write. (Where a test orders them by less, the engine still runs one at a time.)
unsafe impl Sync for Slot {}

impl Slot {
    fn shared() -> Arc<Self> {
        Arc::new(Slot { value: 0.into(), ready: AtomicU32::new(0) })
    }

    fn leave(&self, value: u64) {
        // SAFETY: see `Sync`.
        self.value.with_mut(|slot| unsafe { *slot = value });
    }

    fn read(&self) -> u64 {
        // SAFETY: see `Sync`.
        self.value.with(|slot| unsafe { *slot })
    }
}

/// A result behind a flag that is set and looked at with these orders.
async fn published((set, look): (Ordering, Ordering)) {
    let slot = Slot::shared();
    let theirs = slot.clone();
    let task = rt::spawn(async move {
        theirs.leave(7);
        theirs.ready.store(1, set);
    });
    if slot.ready.load(look) == 1 {
        assert_eq!(slot.read(), 7);
    }
    task.await.unwrap();
    assert_eq!(slot.read(), 7);
}

#[test]
fn cell_behind_a_flag_is_ordered_and_loom_sees_where_the_flag_is_too_weak() {
    use Ordering::{Acquire, Relaxed, Release};
    let check = Check::new("published");
    check.explore(|| published((Release, Acquire))).assert_proved();
    // In one order of all operations nothing is wrong with it.
    check.explore(|| published((Relaxed, Relaxed))).assert_proved();
    #[cfg(feature = "loom")]
    {
        check.loom(|| published((Release, Acquire))).assert_proved();
        for weak in [(Relaxed, Acquire), (Release, Relaxed)] {
            let report = check.loom(move || published(weak));
            report.assert_violates(Law::ResultRace);
            assert!(report.to_string().contains("nothing says who is first"), "{report}");
        }
    }
}

/// Two tasks at one cell.
async fn at_one_cell(first_writes: bool, second_writes: bool, one_after_the_other: bool) {
    let slot = Slot::shared();
    let at = |slot: Arc<Slot>, writes| async move {
        match writes {
            true => slot.leave(1),
            false => drop(slot.read()),
        }
    };
    let first = rt::spawn(at(slot.clone(), first_writes));
    if one_after_the_other {
        first.await.unwrap();
        rt::spawn(at(slot, second_writes)).await.unwrap();
    } else {
        let second = rt::spawn(at(slot, second_writes));
        first.await.unwrap();
        second.await.unwrap();
    }
}

#[test]
fn cell_is_raced_for_where_one_writes_and_nothing_orders_them() {
    let check = Check::new("at one cell");
    for (first, second, ordered) in
        [(true, true, false), (true, false, false), (false, false, false), (true, true, true)]
    {
        let root = move || at_one_cell(first, second, ordered);
        let mut reports = vec![check.explore(root)];
        reports.push(check.sample(Sampling::random(1).cases(200), root));
        #[cfg(feature = "loom")]
        reports.push(check.loom(root));
        for report in reports {
            match (first || second) && !ordered {
                true => drop(report.assert_violates(Law::ResultRace)),
                false => drop(report.assert_passed()),
            }
        }
    }
}

#[test]
fn report_of_a_race_names_both_places() {
    let report = Check::new("law").explore(|| at_one_cell(true, false, false)).to_string();
    assert!(report.contains("writes a cell that"), "{report}");
    assert!(report.contains("is about to read at harness/tests/laws/result_race.rs:"), "{report}");
}

#[test]
fn cell_that_is_read_and_then_written_loses_an_update_as_a_lock_does() {
    check(true, || async {
        let slot = Slot::shared();
        let turn = Arc::new(Mutex::new(()));
        let add = |slot: Arc<Slot>, turn: Arc<Mutex<()>>| async move {
            // Each access alone is under the lock, so none races.
            let seen = {
                let _turn = turn.lock().await;
                slot.read()
            };
            let _turn = turn.lock().await;
            slot.leave(seen + 1);
        };
        let tasks = [0, 1].map(|_| rt::spawn(add(slot.clone(), turn.clone())));
        for task in tasks {
            task.await.unwrap();
        }
    });
}
