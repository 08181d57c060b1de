//! Seeded bugs that bare loom passes, and the correct code beside them.

use super::{loom, shown};
use rt::sync::{Mutex, Notify, mpsc};
use selvedge::{Check, Law, shutdown_complete};
use selvedge_rt as rt;
use std::sync::Arc;

/// Two tasks that each add one to a shared number, with one lock section or, wrongly, two.
async fn add_twice(sections: usize) {
    let number = Arc::new(Mutex::new(0));
    let add = |number: Arc<Mutex<i32>>| async move {
        if sections == 1 {
            *number.lock().await += 1;
        } else {
            let seen = *number.lock().await;
            *number.lock().await = seen + 1;
        }
    };
    let tasks = [0, 1].map(|_| rt::spawn(add(number.clone())));
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*number.lock().await, 2, "an update was lost");
}

#[test]
fn update_behind_one_lock_section_is_proved_behind_two_it_is_lost() {
    loom("one section", || add_twice(1)).assert_proved();
    let report = loom("two sections", || add_twice(2));
    report.assert_violates(Law::Panic);
    assert!(report.violations()[0].what.contains("an update was lost"), "{report}");
}

#[test]
fn two_tasks_with_two_lock_sections_each_are_proved() {
    loom("2 x 2 sections", || async {
        let number = Arc::new(Mutex::new(0));
        let tasks = [0, 1].map(|_| {
            let number = number.clone();
            rt::spawn(async move {
                for _ in 0..2 {
                    *number.lock().await += 1;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
    })
    .assert_proved();
}

/// A waiter that is told of a flag by `Notify`; `late` registers after it looked at the flag.
async fn wait_for_flag(late: bool) {
    let state = Arc::new((Notify::new(), Mutex::new(false)));
    let theirs = state.clone();
    let setter = rt::spawn(async move {
        *theirs.1.lock().await = true;
        theirs.0.notify_waiters();
    });
    let (notify, flag) = &*state;
    if late {
        if !*flag.lock().await {
            notify.notified().await;
        }
    } else {
        let notified = notify.notified();
        if !*flag.lock().await {
            notified.await;
        }
    }
    setter.await.unwrap();
}

#[test]
fn wakeup_is_lost_where_the_waiter_registers_after_it_looked() {
    loom("registers first", || wait_for_flag(false)).assert_proved();
    loom("registers late", || wait_for_flag(true)).assert_violates(Law::Deadlock);
}

async fn two_locks(same_order: bool) {
    let locks = Arc::new((Mutex::new(()), Mutex::new(())));
    let theirs = locks.clone();
    let task = rt::spawn(async move {
        let _a = theirs.0.lock().await;
        let _b = theirs.1.lock().await;
    });
    if same_order {
        let _a = locks.0.lock().await;
        let _b = locks.1.lock().await;
    } else {
        let _b = locks.1.lock().await;
        let _a = locks.0.lock().await;
    }
    task.await.unwrap();
}

#[test]
fn opposite_lock_orders_deadlock() {
    loom("same order", || two_locks(true)).assert_proved();
    loom("opposite order", || two_locks(false)).assert_violates(Law::Deadlock);
}

#[test]
fn opposite_orders_of_blocking_locks_deadlock_and_do_not_hang() {
    let run = |same_order| async move {
        let locks = Arc::new((rt::blocking::Mutex::new(()), rt::blocking::Mutex::new(())));
        let theirs = locks.clone();
        let task = rt::spawn(async move {
            let _a = theirs.0.lock().unwrap();
            let _b = theirs.1.lock().unwrap();
        });
        {
            let (first, second) =
                if same_order { (&locks.0, &locks.1) } else { (&locks.1, &locks.0) };
            let _first = first.lock().unwrap();
            let _second = second.lock().unwrap();
        }
        task.await.unwrap();
    };
    loom("blocking, same order", move || run(true)).assert_proved();
    loom("blocking, opposite order", move || run(false)).assert_violates(Law::Deadlock);
}

#[test]
fn order_of_locks_is_judged_over_all_schedules_where_none_deadlocks() {
    let report = loom("one after the other", || async {
        let locks = Arc::new((Mutex::new(()), Mutex::new(())));
        let (one, two) = (locks.clone(), locks.clone());
        let first = rt::spawn(async move {
            let _a = one.0.lock().await;
            let _b = one.1.lock().await;
        });
        first.await.unwrap();
        let second = rt::spawn(async move {
            let _b = two.1.lock().await;
            let _a = two.0.lock().await;
        });
        second.await.unwrap();
    });
    report.assert_violates(Law::LockOrder);
}

#[test]
fn receiver_whose_senders_are_kept_is_told_apart_from_a_leak() {
    let report = loom("kept sender", || async {
        let (tx, mut rx) = mpsc::channel::<u32>(1);
        let theirs = tx.clone();
        let task = rt::spawn(async move { theirs.send(1).await.unwrap() });
        while rx.recv().await.is_some() {}
        task.await.unwrap();
        drop(tx);
    });
    report.assert_violates(Law::NeverClosed);
}

#[test]
fn root_that_returns_on_a_signal_is_found_to_leave_its_task_behind() {
    // Nothing that the root does depends on the end of the task, but for the law that looks at it.
    let report = loom("signalled, not joined", || async {
        let notify = Arc::new(Notify::new());
        let theirs = notify.clone();
        drop(rt::spawn(async move { theirs.notify_one() }));
        notify.notified().await;
    });
    report.assert_violates(Law::Unjoined);
}

#[test]
fn shutdown_that_does_not_wait_for_its_tracker_is_found_and_one_that_does_is_not() {
    let scenario = |waits: bool| {
        move || async move {
            let tracker = rt::task::TaskTracker::new();
            tracker.spawn(async {});
            tracker.close();
            if waits {
                tracker.wait().await;
            }
            shutdown_complete();
        }
    };
    loom("not waited for", scenario(false)).assert_violates(Law::IncompleteShutdown);
    loom("waited for", scenario(true)).assert_proved();
}

#[test]
fn shutdown_that_is_complete_too_early_is_found() {
    let report = loom("complete on a signal", || async {
        let notify = Arc::new(Notify::new());
        let theirs = notify.clone();
        let task = rt::spawn(async move { theirs.notify_one() });
        notify.notified().await;
        shutdown_complete();
        task.await.unwrap();
    });
    report.assert_violates(Law::IncompleteShutdown);
}

#[test]
fn task_that_waits_for_ever_is_a_leak_unless_it_is_a_daemon() {
    let check = || Check::new("stays").unjoined();
    let stays = |daemon: bool| {
        move || async move {
            let (started, never) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let theirs = started.clone();
            drop(rt::spawn(async move {
                if daemon {
                    selvedge::daemon();
                }
                theirs.notify_one();
                never.notified().await;
            }));
            started.notified().await;
        }
    };
    shown(check().loom(stays(false))).assert_violates(Law::TaskLeak);
    shown(check().loom(stays(true))).assert_proved();
}

#[test]
fn panic_of_a_task_is_data_and_swallowed_where_nobody_looks() {
    let report = loom("panics unseen", || async {
        let (tx, mut rx) = mpsc::channel::<u32>(1);
        drop(rt::spawn(async move {
            let _tx = tx;
            panic!("a bug");
        }));
        rx.recv().await;
    });
    assert!(
        report.violations().iter().any(|v| matches!(v.law, Law::SwallowedError | Law::Unjoined)),
        "{report}"
    );
    loom("panics and is joined", || async {
        let task = rt::spawn(async { panic!("a bug") });
        assert!(task.await.unwrap_err().is_panic());
        rt::spawn(async {}).await.unwrap();
    })
    .assert_proved();
}

#[test]
fn panic_of_the_root_is_a_violation_with_its_message() {
    let report = loom("root panics", || async {
        let task = rt::spawn(async {});
        task.await.unwrap();
        panic!("an assertion of the scenario");
    });
    report.assert_violates(Law::Panic);
    assert!(report.violations()[0].what.contains("an assertion of the scenario"), "{report}");
}
