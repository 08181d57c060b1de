//! Futures that are put aside with something that their task then waits for.

use rt::sync::{Mutex, Semaphore, mpsc};
use selvedge::{Check, Law, Report};
use selvedge_rt as rt;
use std::pin::pin;
use std::sync::Arc;

#[track_caller]
fn check<F>(law: Option<Law>, root: impl Fn() -> F + Send + Sync + Copy + 'static) -> Report
where
    F: Future<Output = ()> + Send + 'static,
{
    let report = Check::new("put aside").explore(root);
    match law {
        Some(law) => report.assert_violates(law),
        None => report.assert_proved(),
    };
    #[cfg(feature = "loom")]
    {
        let found = Check::new("put aside").loom(root);
        assert_eq!(found.violations().first().map(|v| v.law), law, "{found}");
    }
    report
}

pub(super) fn wrong() -> Report {
    Check::new("law").explore(|| asks_twice(false))
}

pub(super) fn right() -> Report {
    Check::new("law").explore(|| asks_twice(true))
}

/// Waits for a lock beside a message, by reference, and then asks for the lock again.
async fn asks_twice(drops_the_first: bool) {
    let lock = Arc::new(Mutex::new(()));
    let guard = lock.clone().lock_owned().await;
    let (tx, mut rx) = mpsc::channel(1);
    let theirs = lock.clone();
    let task = rt::spawn(async move {
        {
            let mut first = pin!(theirs.lock());
            rt::select! {
                biased;
                _ = &mut first => return,
                _ = rx.recv() => {
                    if !drops_the_first {
                        // `first` is still in the queue, and nobody polls it.
                        drop(theirs.lock().await);
                    }
                }
            }
        }
        if drops_the_first {
            drop(theirs.lock().await);
        }
    });
    tx.send(()).await.unwrap();
    drop(guard);
    task.await.unwrap();
}

#[test]
fn a_lock_that_is_handed_to_a_future_put_aside_is_told_from_a_deadlock() {
    let report = check(Some(Law::FutureLock), || asks_twice(false));
    let helpers = report.violations()[0].helpers.join("\n");
    assert!(
        helpers.contains("was handed to a future of `laws::future_lock::asks_twice#1`"),
        "{report}"
    );
    assert!(helpers.contains("is no longer polled"), "{report}");
    check(None, || asks_twice(true));
}

/// A future takes a lock and then waits for a permit; its task leaves it alone and wants the lock.
async fn holds_and_waits(polled: bool) {
    let both = Arc::new((Mutex::new(()), Semaphore::new(0)));
    let (tx, mut rx) = mpsc::channel(1);
    let theirs = both.clone();
    let task = rt::spawn(async move {
        let mut inner = pin!(async {
            let _guard = theirs.0.lock().await;
            theirs.1.acquire().await.unwrap().forget();
        });
        rt::select! {
            biased;
            () = &mut inner => return,
            _ = rx.recv() => {}
        }
        if polled {
            inner.await;
        }
        drop(theirs.0.lock().await);
    });
    tx.send(()).await.unwrap();
    both.1.add_permits(1);
    task.await.unwrap();
}

#[test]
fn a_lock_that_a_future_put_aside_holds_is_told_from_a_deadlock() {
    let check = Check::new("holds").waive(Law::PermitLeak, "the permit is a message");
    let report = check.explore(|| holds_and_waits(false));
    report.assert_violates(Law::FutureLock);
    let helpers = report.violations()[0].helpers.join("\n");
    assert!(helpers.contains("is held since harness/tests/laws/future_lock.rs:"), "{report}");
    check.explore(|| holds_and_waits(true)).assert_proved();
}

#[test]
fn a_task_that_locks_twice_in_a_row_is_a_deadlock_of_its_own() {
    check(Some(Law::Deadlock), || async {
        let lock = Mutex::new(());
        let task = rt::spawn(async {});
        let _guard = lock.lock().await;
        task.await.unwrap();
        let _again = lock.lock().await;
    });
}
