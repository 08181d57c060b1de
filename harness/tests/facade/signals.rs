//! Barriers and notifications.

use super::check;
use rt::sync::{Barrier, Notify};
use selvedge::{Check, Law};
use selvedge_rt as rt;
use std::sync::Arc;

#[test]
fn exactly_one_of_a_crowd_leads_and_it_may_be_any() {
    check(&[1, 10, 100], |seen| async move {
        let barrier = Arc::new(Barrier::new(3));
        let tasks = [1, 10, 100].map(|who| {
            let barrier = barrier.clone();
            rt::spawn(async move { who * u64::from(barrier.wait().await.is_leader()) })
        });
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        seen.note(sum);
    });
}

#[test]
fn barrier_that_one_never_comes_to_is_a_deadlock_that_names_it() {
    let report = Check::new("one is missing").explore(|| async {
        let barrier = Arc::new(Barrier::new(3));
        let theirs = barrier.clone();
        let task = rt::spawn(async move {
            theirs.wait().await;
        });
        barrier.wait().await;
        task.await.unwrap();
    });
    report.assert_violates(Law::Deadlock);
    assert!(report.to_string().contains("the others at the barrier of 3"), "{report}");
}

#[test]
fn last_to_wait_may_be_the_one_that_is_woken() {
    // Who is woken first by `notify_last`: of two that wait, the one that came last.
    check(&[12, 21], |seen| async move {
        let notify = Arc::new(Notify::new());
        let order = Arc::new(rt::sync::Mutex::new(Vec::new()));
        let tasks = [1, 2].map(|who| {
            let (notified, order) = (notify.clone().notified_owned(), order.clone());
            let notify = notify.clone();
            rt::spawn(async move {
                notified.await;
                order.lock().await.push(who);
                notify.notify_last();
            })
        });
        notify.notify_last();
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.lock().await;
        seen.note(order[0] * 10 + order[1]);
    });
}

#[test]
fn cell_is_set_once_by_any_of_those_who_may() {
    // The first initialiser gives up half-way: the other's value, or its own.
    check(&[1, 2, 3], |seen| async move {
        let cell = Arc::new(rt::sync::OnceCell::new());
        let tasks = [1, 2].map(|who| {
            let cell = cell.clone();
            rt::spawn(async move {
                let init = || async move { if who == 1 { Err(()) } else { Ok(who) } };
                cell.get_or_try_init(init).await.map_or(1, |value| *value)
            })
        });
        let set = cell.set(3).is_ok();
        let [fails, succeeds] = tasks;
        let (failed, value) = (fails.await.unwrap(), succeeds.await.unwrap());
        assert_eq!(value, if set { 3 } else { 2 });
        seen.note(failed);
    });
}
