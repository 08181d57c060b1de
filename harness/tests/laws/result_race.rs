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
