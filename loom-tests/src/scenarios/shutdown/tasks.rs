//! Tasks and guards: what is admitted, drained, aborted and leaked, and when.

use super::{FOR_EVER, at_any_time, drained, joined};
use crate::scenario::{Root, Shape};
use rt::sync::{Notify, oneshot};
use rt::task::{JoinHandle, JoinSet};
use rt::time::{Duration, sleep};
use selvedge::{Record, shares, shutdown_complete};
use selvedge_patterns::shutdown::{Config, Phase, Report, Shutdown};
use selvedge_rt as rt;
use std::future::{pending, ready};
use std::sync::Arc;

/// Runs a shutdown that begins to drain at any time, and gives the task that lets it.
async fn run_and_drain(shutdown: Shutdown) -> (Report, JoinHandle<()>) {
    let begins = shutdown.handle().clone();
    let trigger = at_any_time(move || begins.drain());
    (shutdown.run(pending(), pending()).await, trigger)
}

/// What all callers say together.
async fn sum(mut callers: JoinSet<u64>) -> u64 {
    let mut sum = 0;
    while let Some(caller) = callers.join_next().await {
        sum += caller.expect("no caller panics");
    }
    sum
}

pub(super) fn phases(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let (drains, aborts) = (handle.clone(), handle.clone());
        let movers = [
            at_any_time(move || {
                drains.drain();
                drains.drain();
                assert!(drains.phase() >= Phase::Draining);
            }),
            at_any_time(move || {
                aborts.abort();
                aborts.drain();
                assert!(aborts.phase() >= Phase::Aborting, "a drain does not go back");
            }),
        ];
        let observers: Vec<_> = (0..s.workers)
            .map(|_| {
                let handle = handle.clone();
                rt::spawn(async move {
                    let mut last = Phase::Running;
                    for _ in 0..s.jobs {
                        let phase = handle.phase();
                        assert!(phase >= last, "{phase:?} came after {last:?}");
                        last = phase;
                    }
                    handle.draining().cancelled().await;
                    assert!(handle.phase() >= Phase::Draining);
                    handle.aborting().cancelled().await;
                    assert!(handle.phase() >= Phase::Aborting);
                })
            })
            .collect();
        let report = shutdown.run(pending(), pending()).await;
        assert_eq!(handle.phase(), Phase::Done);
        drained(&report, 0);
        for task in movers.into_iter().chain(observers) {
            joined(task).await;
        }
        handle.abort();
        assert_eq!(handle.phase(), Phase::Done);
    })
}

pub(super) fn admission(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let ran = Record::distinct("ran");
        let mut callers = JoinSet::new();
        for caller in 0..s.workers as u64 {
            let (handle, ran) = (shutdown.handle().clone(), ran.clone());
            callers.spawn(async move {
                let mut accepted = 0;
                for job in 0..s.jobs {
                    let ran = ran.clone();
                    let task = async move { ran.note((caller, job)) };
                    accepted += handle.spawn("job", task).is_ok() as u64;
                }
                accepted
            });
        }
        let (report, trigger) = run_and_drain(shutdown).await;
        // Before anybody else is waited for: what was accepted is what ran.
        assert_eq!(report.drained, ran.sorted().len() as u64, "{report:?}");
        let accepted = sum(callers).await;
        joined(trigger).await;
        shutdown_complete();
        drained(&report, accepted);
    })
}

pub(super) fn one_shutdown(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let mut callers = JoinSet::new();
        for _ in 0..s.workers {
            let handle = shutdown.handle().clone();
            let other = handle.clone();
            callers.spawn(async move {
                let one = async { handle.guard("one") };
                let another = async { other.guard("another") };
                let (one, another) = shares("Handle", one, another).await;
                assert!(one.is_some() || another.is_none(), "what one clone refuses, all refuse");
                u64::from(one.is_some()) + u64::from(another.is_some())
            });
        }
        let (report, trigger) = run_and_drain(shutdown).await;
        let accepted = sum(callers).await;
        joined(trigger).await;
        shutdown_complete();
        drained(&report, accepted);
    })
}

pub(super) fn guards(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let (held, back) = (Record::distinct("held"), Record::distinct("back"));
        let mut callers = JoinSet::new();
        for caller in 0..s.workers as u64 {
            let handle = shutdown.handle().clone();
            let (held, back) = (held.clone(), back.clone());
            callers.spawn(async move {
                for job in 0..s.jobs {
                    let Some(guard) = handle.guard("caller") else { return };
                    held.note((caller, job));
                    rt::task::yield_now().await;
                    back.note((caller, job));
                    drop(guard);
                }
            });
        }
        let (report, trigger) = run_and_drain(shutdown).await;
        assert_eq!(report.drained, back.sorted().len() as u64, "none is out any more: {report:?}");
        while let Some(caller) = callers.join_next().await {
            caller.expect("no caller panics");
        }
        joined(trigger).await;
        drained(&report, held.sorted().len() as u64);
    })
}

pub(super) fn signals_at_any_time(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let ended = Record::distinct("ended");
        for task in 0..s.workers as u64 {
            let ended = ended.clone();
            let task = async move {
                rt::task::yield_now().await;
                ended.note(task);
            };
            shutdown.handle().spawn("task", task).expect("it has not begun");
        }
        let (first, stop) = oneshot::channel::<()>();
        let (second, stop_now) = oneshot::channel::<()>();
        let signals = at_any_time(move || {
            let _ = first.send(());
            let _ = second.send(());
        });
        let report = shutdown.run(async { drop(stop.await) }, async { drop(stop_now.await) }).await;
        let ended = ended.sorted().len() as u64;
        joined(signals).await;
        shutdown_complete();
        assert_eq!(report.drained, ended, "{report:?}");
        assert_eq!(report.accepted(), s.workers as u64);
        assert_eq!(report.aborted.len() as u64, s.workers as u64 - ended);
    })
}

const GRACE: Duration = Duration::from_millis(10);
const ABORT_WAIT: Duration = Duration::from_millis(4);

pub(super) fn deadlines(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(Config { grace: GRACE, abort_wait: ABORT_WAIT });
        let kept = shutdown.handle().guard("kept").expect("it has not begun");
        let over = Arc::new(Notify::new());
        let wait = over.clone();
        // A guard that does not listen: nothing can end it but its holder.
        let keeper = rt::spawn(async move {
            wait.notified().await;
            drop(kept);
        });
        for _ in 0..s.workers {
            let handle = shutdown.handle();
            handle.spawn("quick", sleep(GRACE / 2)).expect("it has not begun");
            handle.spawn("stuck", pending::<()>()).expect("it has not begun");
        }
        let report = shutdown.run(ready(()), pending()).await;
        over.notify_one();
        joined(keeper).await;
        shutdown_complete();
        assert_eq!(report.accepted(), 2 * s.workers as u64 + 1, "{report:?}");
        assert!(report.elapsed >= GRACE + ABORT_WAIT, "{report:?}");
        // On a real clock a busy machine may be late with any of them.
        if rt::check::engine::current().is_some() {
            assert_eq!(report.drained, s.workers as u64, "{report:?}");
            assert_eq!(report.aborted, vec!["stuck"; s.workers]);
            assert_eq!(report.leaked, ["kept"]);
            assert_eq!(report.elapsed, GRACE + ABORT_WAIT);
        }
    })
}

pub(super) fn racing_deadlines(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(Config { grace: GRACE, abort_wait: ABORT_WAIT });
        let ended = Record::distinct("ended");
        for task in 0..s.workers as u64 {
            let ended = ended.clone();
            let task = async move {
                rt::task::yield_now().await;
                ended.note(task);
            };
            shutdown.handle().spawn("task", task).expect("it has not begun");
        }
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!(report.accepted(), s.workers as u64, "each is listed once: {report:?}");
        assert!(report.drained <= ended.sorted().len() as u64, "{report:?}");
    })
}

pub(super) fn second_signal(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        for _ in 0..s.workers {
            shutdown.handle().spawn("stuck", pending::<()>()).expect("it has not begun");
        }
        let (first, stop) = oneshot::channel::<()>();
        let (second, stop_now) = oneshot::channel::<()>();
        let signals = at_any_time(move || {
            first.send(()).expect("it listens");
            second.send(()).expect("it listens on, with nothing drained");
        });
        let report = shutdown.run(async { drop(stop.await) }, async { drop(stop_now.await) }).await;
        joined(signals).await;
        shutdown_complete();
        assert_eq!(report.aborted, vec!["stuck"; s.workers]);
    })
}

async fn broken() {
    panic!("on purpose")
}

pub(super) fn panicking_tasks(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let ended = Record::distinct("ended");
        shutdown.handle().spawn("broken", broken()).expect("not begun");
        for task in 0..s.workers as u64 {
            let ended = ended.clone();
            let task = async move {
                rt::task::yield_now().await;
                ended.note(task);
            };
            shutdown.handle().spawn("task", task).expect("it has not begun");
        }
        let report = shutdown.run(ready(()), pending()).await;
        shutdown_complete();
        assert_eq!(report.drained, s.workers as u64, "{report:?}");
        assert_eq!(ended.sorted().len(), s.workers);
        assert_eq!(report.panicked, [("broken".into(), "on purpose".to_owned())]);
        let unclean = report.ok().expect_err("a panic is not clean");
        assert_eq!(unclean.to_string(), "shutdown was not clean: broken panicked: on purpose");
    })
}

pub(super) fn panicking_destructor(s: Shape) -> Root {
    /// Panics when dropped.
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        for _ in 0..s.workers {
            let (bomb, handle) = (Bomb, shutdown.handle());
            let armed = async move {
                pending::<()>().await;
                drop(bomb);
            };
            handle.spawn("armed", armed).expect("it has not begun");
            handle.spawn("stuck", pending::<()>()).expect("it has not begun");
        }
        let aborts = shutdown.handle().clone();
        let signal = at_any_time(move || aborts.abort());
        let report = shutdown.run(pending(), pending()).await;
        joined(signal).await;
        shutdown_complete();
        let armed = vec![("armed".into(), "dropped".to_owned()); s.workers];
        assert_eq!(report.panicked, armed);
        assert_eq!(report.aborted, vec!["stuck"; s.workers]);
        assert_eq!(report.accepted(), 2 * s.workers as u64);
    })
}

pub(super) fn clean(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        for _ in 0..s.workers {
            let draining = shutdown.handle().draining();
            let task = async move { draining.cancelled().await };
            shutdown.handle().spawn("task", task).expect("it has not begun");
        }
        let (report, trigger) = run_and_drain(shutdown).await;
        joined(trigger).await;
        shutdown_complete();
        let report = report.ok().expect("a clean stop is ok");
        drained(&report, s.workers as u64);
    })
}

pub(super) fn unclean(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        for task in 0..=s.workers as u64 {
            let fails = async move { if task == 0 { Err("no") } else { Ok(()) } };
            shutdown.handle().spawn("task", fails).expect("it has not begun");
        }
        let report = shutdown.run(ready(()), pending()).await;
        shutdown_complete();
        assert_eq!((report.drained, report.failed.len()), (s.workers as u64, 1));
        report.ok().expect_err("a failure is not clean");
    })
}

pub(super) fn dropped(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        for _ in 0..s.workers {
            handle.spawn("stuck", pending::<()>()).expect("it has not begun");
        }
        let guard = handle.guard("guard").expect("it has not begun");
        rt::task::yield_now().await;
        drop(shutdown);
        assert_eq!(handle.phase(), Phase::Aborting);
        assert!(guard.aborting().is_cancelled());
        assert!(handle.guard("late").is_none());
        handle.spawn("late", async {}).expect_err("it is over");
    })
}
