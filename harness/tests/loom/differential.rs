//! The outcomes under loom are the explorer's: no order that matters is missed, and none is made up.

use super::shown;
use rt::sync::{Mutex, Notify, Semaphore, oneshot};
use selvedge::{Check, Law, Record, Report};
use selvedge_rt as rt;
use std::sync::Arc;

/// Both engines on one scenario; gives loom's report.
#[track_caller]
fn equal<F>(
    name: &str,
    outcomes: usize,
    root: impl Fn(Record<u64>) -> F + Send + Sync + Copy + 'static,
) -> Report
where
    F: Future<Output = ()> + Send + 'static,
{
    let scenario = move || root(Record::new("seen"));
    let check = Check::new(name).waive(Law::LostItem, "not what is looked at");
    let explored = check.explore(scenario);
    let loomed = shown(check.loom(scenario));
    explored.assert_proved();
    loomed.assert_proved();
    assert_eq!(loomed.outcomes, explored.outcomes, "loom:\n{loomed}\nexplored:\n{explored}");
    assert_eq!(loomed.outcomes.len(), outcomes, "{loomed}");
    loomed
}

/// A pool of one worker and one job, both channels of one, with a fair or biased `select!`.
async fn pool(seen: Record<u64>, cancel: bool, fair: bool) {
    let (jobs, todo) = rt::async_channel::bounded::<u64>(1);
    let (results, done) = rt::async_channel::bounded::<u64>(1);
    let token = rt::sync::CancellationToken::new();
    let theirs = token.clone();
    let worker = rt::spawn(async move {
        loop {
            let job = if fair {
                rt::select! {
                    _ = theirs.cancelled() => return,
                    job = todo.recv() => job,
                }
            } else {
                rt::select! { biased;
                    _ = theirs.cancelled() => return,
                    job = todo.recv() => job,
                }
            };
            let Ok(job) = job else { return };
            rt::select! { biased;
                _ = theirs.cancelled() => return,
                sent = results.send(job * job) => if sent.is_err() { return },
            }
        }
    });
    jobs.send(7).await.unwrap();
    if cancel {
        token.cancel();
    }
    drop(jobs);
    while let Ok(result) = done.recv().await {
        seen.note(result);
    }
    worker.await.unwrap();
}

#[test]
fn pool_of_one_worker() {
    let report = equal("pool, 1 x 1", 1, |seen| pool(seen, false, false));
    assert!(report.coverage.executions <= 1_426, "{report}");
    equal("pool, 1 x 1, cancelled", 2, |seen| pool(seen, true, false));
    equal("pool, 1 x 1, cancelled, fair", 2, |seen| pool(seen, true, true));
}

#[test]
fn every_combination_of_choices_is_reached() {
    // Two tasks that choose among three ready branches, twice each.
    equal("choices", 81, |seen| async move {
        let choose = |seen: Record<u64>, base: u64| async move {
            let mut number = base;
            for place in [1, 3] {
                let one = rt::select! { _ = async {} => 0, _ = async {} => 1, _ = async {} => 2 };
                number += one * place;
            }
            seen.note(number);
        };
        let (a, b) = (rt::spawn(choose(seen.clone(), 100)), rt::spawn(choose(seen, 200)));
        a.await.unwrap();
        b.await.unwrap();
    });
}

#[test]
fn lock_sections_come_in_every_order() {
    equal("lock sections", 6, |seen| async move {
        let log = Arc::new(Mutex::new(0u64));
        let tasks = [1, 2].map(|who| {
            let log = log.clone();
            rt::spawn(async move {
                for _ in 0..2 {
                    let mut log = log.lock().await;
                    *log = *log * 10 + who;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        seen.note(*log.lock().await);
    });
}

#[test]
fn sections_of_a_blocking_lock_come_in_every_order() {
    equal("blocking lock sections", 6, |seen| async move {
        let log = Arc::new(rt::blocking::Mutex::new(0u64));
        let tasks = [1, 2].map(|who| {
            let log = log.clone();
            rt::spawn(async move {
                for _ in 0..2 {
                    let mut log = log.lock().unwrap();
                    *log = *log * 10 + who;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        seen.note(*log.lock().unwrap());
    });
}

#[test]
fn blocking_lock_held_over_an_operation_blocks_others_and_not_the_process() {
    equal("held over an operation", 2, |seen| async move {
        let log = Arc::new(rt::blocking::Mutex::new(0u64));
        let (notify, theirs) = (Arc::new(Notify::new()), log.clone());
        let signal = notify.clone();
        let task = rt::spawn(async move {
            let mut log = theirs.lock().unwrap();
            signal.notify_one();
            *log = *log * 10 + 1;
        });
        {
            let mut log = log.lock().unwrap();
            notify.notify_one();
            *log = *log * 10 + 2;
        }
        task.await.unwrap();
        seen.note(*log.lock().unwrap());
    });
}

#[test]
fn permit_goes_to_either_and_a_closed_semaphore_to_none() {
    equal("semaphore", 3, |seen| async move {
        let semaphore = Arc::new(Semaphore::new(1));
        let tasks = [0, 1].map(|_| {
            let (semaphore, seen) = (semaphore.clone(), seen.clone());
            rt::spawn(async move {
                let got = semaphore.acquire().await.is_ok();
                seen.note(u64::from(got));
            })
        });
        semaphore.close();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn reply_may_come_too_late() {
    equal("oneshot", 2, |seen| async move {
        let (tx, mut rx) = oneshot::channel::<u64>();
        let task = rt::spawn(async move {
            let _ = tx.send(1);
        });
        seen.note(rx.try_recv().unwrap_or(0));
        task.await.unwrap();
    });
}
