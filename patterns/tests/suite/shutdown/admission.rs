//! Contract 2 and 9: what is accepted, and that it is waited for, counted once.

use super::{Dropped, FOR_EVER, ms, running, within};
use crate::runtimes::{on_every_runtime, on_one_thread, on_several_threads, settle};
use selvedge_patterns::shutdown::{Config, Shutdown};
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

#[test]
fn each_spawn_is_refused_or_counted_when_the_drain_begins_among_them() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let ran = Arc::new(AtomicU64::new(0));
        let callers: Vec<_> = (0..4)
            .map(|caller| {
                let (handle, ran) = (shutdown.handle().clone(), ran.clone());
                tokio::spawn(async move {
                    let mut accepted = 0;
                    for job in 0..20 {
                        if caller == 0 && job == 10 {
                            handle.drain();
                        }
                        let ran = ran.clone();
                        let count = async move {
                            ran.fetch_add(1, SeqCst);
                        };
                        accepted += handle.spawn("job", count).is_ok() as u64;
                        let guard = handle.guard("guard");
                        tokio::task::yield_now().await;
                        accepted += guard.is_some() as u64;
                    }
                    accepted
                })
            })
            .collect();
        let report = running(shutdown).await.unwrap();
        let ran = ran.load(SeqCst);
        let mut accepted = 0;
        for caller in callers {
            accepted += caller.await.unwrap();
        }
        assert_eq!((report.drained, report.accepted()), (accepted, accepted), "{report:?}");
        assert!(ran <= accepted && accepted >= 10, "{ran} tasks ran before the report");
    });
}

#[test]
fn after_drain_returns_the_caller_itself_is_refused() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        handle.drain();
        assert!(handle.guard("late").is_none());
        assert!(handle.spawn("late", async {}).is_err());
        let report = running(shutdown).await.unwrap();
        assert_eq!(report.accepted(), 0);
    });
}

#[test]
fn a_refused_future_comes_back_unpolled_and_can_be_run() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        handle.drain();
        let polled = Arc::new(AtomicBool::new(false));
        let note = polled.clone();
        let refused = handle.spawn("late", async move { note.store(true, SeqCst) }).unwrap_err();
        assert_eq!(refused.to_string(), "the shutdown has begun and accepts no more tasks");
        settle().await;
        assert!(!polled.load(SeqCst));
        refused.into_future().await;
        assert!(polled.load(SeqCst));
    });
}

#[test]
fn tasks_run_before_the_shutdown_is_run() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let (done, wait) = tokio::sync::oneshot::channel();
        shutdown
            .handle()
            .spawn("early", async move {
                let _ = done.send(());
            })
            .unwrap();
        wait.await.unwrap();
        assert_eq!(shutdown.run(ready(()), pending()).await.drained, 1);
    });
}

#[test]
fn the_report_comes_after_the_last_destructor_of_the_last_task() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let live = Arc::new(AtomicU64::new(0));
        for n in 0..5 {
            live.fetch_add(1, SeqCst);
            let gone = live.clone();
            let dropped = Dropped(move || {
                gone.fetch_sub(1, SeqCst);
            });
            let task = async move {
                for _ in 0..n {
                    tokio::task::yield_now().await;
                }
                drop(dropped);
            };
            shutdown.handle().spawn("task", task).unwrap();
        }
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!((report.drained, live.load(SeqCst)), (5, 0));
    });
}

#[test]
fn a_spawn_outside_a_runtime_panics_and_what_it_took_is_listed_once() {
    let shutdown = Shutdown::new(FOR_EVER);
    let handle = shutdown.handle().clone();
    let spawn = || handle.spawn("lost", pending::<()>());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(spawn)).unwrap_err();
    on_one_thread(|| async {
        // It must not be taken for the one that was lost.
        let guard = handle.guard("guard").unwrap();
        let run = running(shutdown);
        settle().await;
        drop(guard);
        handle.drain();
        let report = run.await.unwrap();
        assert_eq!((report.drained, report.aborted), (1, vec!["lost".into()]));
    });
}

#[test]
fn a_guard_is_waited_for_and_one_that_came_back_before_the_drain_is_counted() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        drop(handle.guard("early").unwrap());
        let guard = handle.guard("late").unwrap();
        handle.drain();
        let run = running(shutdown);
        settle().await;
        assert!(!run.is_finished(), "the guard is out");
        drop(guard);
        let report = run.await.unwrap();
        assert_eq!((report.drained, report.is_clean()), (2, true));
    });
}

#[test]
fn a_guard_that_came_back_before_the_abort_is_drained_though_nobody_had_looked() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(within(0, 0));
        let kept = shutdown.handle().guard("kept").unwrap();
        drop(shutdown.handle().guard("back").unwrap());
        let report = shutdown.run(pending(), ready(())).await;
        assert_eq!((report.drained, report.aborted.len()), (1, 0));
        assert_eq!(report.leaked, ["kept"]);
        drop(kept);
    });
}

#[test]
fn a_guard_may_come_back_from_a_thread() {
    // A paused clock does not wait for a thread.
    on_several_threads(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let guard = shutdown.handle().guard("thread").unwrap();
        let thread = std::thread::spawn(move || drop(guard));
        assert_eq!(shutdown.run(ready(()), pending()).await.drained, 1);
        thread.join().unwrap();
    });
}

#[test]
fn tasks_that_ended_long_ago_take_no_memory_and_are_counted() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let kept = Arc::new(());
        for n in 0..1000u64 {
            let kept = kept.clone();
            let fails = async move {
                drop(kept);
                if n % 100 == 0 { Err("now and then") } else { Ok(()) }
            };
            shutdown.handle().spawn("short", fails).unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(Arc::strong_count(&kept), 1);
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!((report.drained, report.failed.len()), (990, 10));
    });
}

#[test]
fn it_runs_until_it_is_told_to_stop_even_with_nothing_to_do() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(Config::default());
        let handle = shutdown.handle().clone();
        let run = running(shutdown);
        tokio::time::sleep(ms(1_000)).await;
        assert!(!run.is_finished());
        handle.drain();
        assert!(run.await.unwrap().ok().is_ok());
    });
}

#[test]
fn a_handle_that_outlives_its_shutdown_refuses() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let _report = shutdown.run(ready(()), pending()).await;
        assert!(handle.spawn("late", async {}).is_err());
        assert!(handle.guard("late").is_none());
    });
}

#[test]
fn dropping_it_aborts_what_it_accepted_and_refuses_what_comes() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let gone = Arc::new(AtomicBool::new(false));
        let note = gone.clone();
        let dropped = Dropped(move || note.store(true, SeqCst));
        let stuck = async move {
            pending::<()>().await;
            drop(dropped);
        };
        handle.spawn("stuck", stuck).unwrap();
        let guard = handle.guard("guard").unwrap();
        settle().await;
        drop(shutdown);
        settle().await;
        assert!(gone.load(SeqCst), "the task is dropped");
        assert!(guard.aborting().is_cancelled(), "the guard knows");
        assert!(handle.guard("late").is_none());
    });
}

#[test]
fn dropping_the_future_of_run_aborts_at_any_point() {
    // Before the trigger, in the drain, and in the wait for the abort.
    for at in [ms(1), ms(15), ms(25)] {
        on_one_thread(|| async {
            let shutdown = Shutdown::new(within(10, 10));
            let handle = shutdown.handle().clone();
            let live = Arc::new(());
            let inside = live.clone();
            let stuck = async move {
                pending::<()>().await;
                drop(inside);
            };
            handle.spawn("stuck", stuck).unwrap();
            let guard = handle.guard("kept").unwrap();
            let run = shutdown.run(tokio::time::sleep(ms(10)), pending());
            assert!(tokio::time::timeout(at, run).await.is_err());
            settle().await;
            assert_eq!(Arc::strong_count(&live), 1, "the task is gone");
            assert!(guard.aborting().is_cancelled());
        });
    }
}

#[test]
fn handles_guards_and_refusals_are_printed_without_what_they_hold() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let guard = handle.guard("guard").unwrap();
        assert_eq!(format!("{handle:?}"), "Handle { .. }");
        assert!(format!("{guard:?}").starts_with("Guard {"));
        handle.drain();
        let refused = handle.spawn("late", async {}).unwrap_err();
        assert_eq!(format!("{refused:?}"), "Refused { .. }");
    });
}
