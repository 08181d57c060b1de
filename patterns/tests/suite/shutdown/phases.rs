//! Contract 1, 4, 5 and 8: how a shutdown goes forward, by time and by signals.

use super::{FOR_EVER, ms, running, signal, sorted, within};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::shutdown::{Config, Phase, Shutdown};
use std::future::{pending, ready};
use std::sync::mpsc;
use std::time::Duration;

#[test]
fn phases_go_forward_and_asking_for_an_earlier_one_does_nothing() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        assert_eq!(handle.phase(), Phase::Running);
        handle.drain();
        handle.drain();
        assert_eq!(handle.phase(), Phase::Draining);
        handle.abort();
        handle.drain();
        assert_eq!(handle.phase(), Phase::Aborting);
        let _report = running(shutdown).await.unwrap();
        handle.drain();
        handle.abort();
        assert_eq!(handle.phase(), Phase::Done);
        assert!(Phase::Running < Phase::Draining && Phase::Aborting < Phase::Done);
    });
}

#[test]
fn tokens_tell_the_phase_and_cancelling_one_does_nothing_to_the_shutdown() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let guard = handle.guard("guard").unwrap();
        let (draining, aborting) = (handle.draining(), handle.aborting());
        handle.draining().cancel();
        handle.aborting().cancel();
        guard.aborting().cancel();
        assert_eq!(handle.phase(), Phase::Running);
        handle.drain();
        assert_eq!((draining.is_cancelled(), aborting.is_cancelled()), (true, false));
        handle.abort();
        assert!(aborting.is_cancelled() && guard.aborting().is_cancelled());
    });
}

#[test]
fn who_waits_for_the_abort_is_freed_by_a_clean_stop_too() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let aborting = handle.aborting();
        assert!(shutdown.run(ready(()), pending()).await.is_clean());
        assert_eq!(handle.phase(), Phase::Done);
        assert!(aborting.is_cancelled());
    });
}

#[test]
fn work_that_ends_within_the_grace_is_drained_and_nothing_waits_longer() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(within(100, 100));
        shutdown.handle().spawn("quick", tokio::time::sleep(ms(40))).unwrap();
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!((report.drained, report.elapsed), (1, ms(40)));
        assert!(report.ok().is_ok());
    });
}

#[test]
fn work_that_does_not_is_aborted_when_the_grace_is_over() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(within(100, 50));
        shutdown.handle().spawn("quick", tokio::time::sleep(ms(99))).unwrap();
        for name in ["b", "a"] {
            shutdown.handle().spawn(name, pending::<()>()).unwrap();
        }
        let report = shutdown.run(tokio::time::sleep(ms(500)), pending()).await;
        assert_eq!((report.drained, report.elapsed), (1, ms(100)));
        assert_eq!(sorted(report.aborted.clone()), ["a", "b"]);
        assert!(!report.is_clean());
    });
}

#[test]
fn a_guard_that_is_kept_through_the_abort_is_leaked_and_nobody_waits_for_ever() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(within(100, 50));
        let kept = shutdown.handle().guard("kept").unwrap();
        let listens = shutdown.handle().guard("listens").unwrap();
        tokio::spawn(async move { listens.aborting().cancelled_owned().await });
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!(report.elapsed, ms(150));
        assert_eq!(report.leaked, ["kept"]);
        assert_eq!(report.aborted, ["listens"]);
        let text = report.ok().unwrap_err().to_string();
        assert_eq!(text, "shutdown was not clean: listens was aborted; kept still runs");
        drop(kept);
    });
}

#[test]
fn a_task_that_blocks_its_thread_is_leaked_and_one_beside_it_is_aborted() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_time()
        .build()
        .unwrap();
    let (release, blocked) = mpsc::channel::<()>();
    let (started, starts) = tokio::sync::oneshot::channel();
    let report = runtime.block_on(async {
        let shutdown = Shutdown::new(within(10, 1_000));
        let blocks = async move {
            started.send(()).unwrap();
            let _ = blocked.recv();
        };
        shutdown.handle().spawn("blocks", blocks).unwrap();
        shutdown.handle().spawn("waits", pending::<()>()).unwrap();
        let started = async { starts.await.unwrap() };
        shutdown.run(started, pending()).await
    });
    assert_eq!((report.drained, report.accepted()), (0, 2));
    assert_eq!(report.leaked, ["blocks"]);
    assert_eq!(report.aborted, ["waits"]);
    release.send(()).unwrap();
}

#[test]
fn no_grace_at_all_aborts_what_is_not_done_and_drains_what_is() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(within(0, 0));
        shutdown.handle().spawn("done", async {}).unwrap();
        shutdown.handle().spawn("stuck", pending::<()>()).unwrap();
        settle().await;
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!((report.drained, report.accepted()), (1, 2));
        assert_eq!(report.elapsed, Duration::ZERO);
    });
}

#[test]
fn for_ever_is_for_ever() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let day = Duration::from_secs(86_400);
        shutdown.handle().spawn("slow", async move { tokio::time::sleep(day).await }).unwrap();
        let run = running_triggered(shutdown);
        // The paused clock jumps to wherever the next timer is.
        tokio::time::sleep(ms(20_000)).await;
        assert!(!run.is_finished());
        run.abort();
    });
}

fn running_triggered(shutdown: Shutdown) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move { drop(shutdown.run(ready(()), pending()).await) })
}

#[test]
fn the_second_signal_skips_to_the_abort() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        shutdown.handle().spawn("stuck", pending::<()>()).unwrap();
        let handle = shutdown.handle().clone();
        let ((first, stop), (second, stop_now)) = (signal(), signal());
        let run = tokio::spawn(shutdown.run(stop, stop_now));
        first.send(()).unwrap();
        handle.draining().cancelled().await;
        assert_eq!(handle.phase(), Phase::Draining);
        second.send(()).unwrap();
        let report = run.await.unwrap();
        assert_eq!(report.aborted, ["stuck"]);
    });
}

#[test]
fn both_signals_at_once_or_the_second_alone_skip_to_the_abort() {
    for with_first in [true, false] {
        on_every_runtime(|| async {
            let shutdown = Shutdown::new(FOR_EVER);
            shutdown.handle().spawn("stuck", pending::<()>()).unwrap();
            let ((first, stop), (second, stop_now)) = (signal(), signal());
            second.send(()).unwrap();
            let kept = if with_first {
                let _ = first.send(());
                None
            } else {
                Some(first)
            };
            let report = shutdown.run(stop, stop_now).await;
            assert_eq!(report.aborted, ["stuck"]);
            drop(kept);
        });
    }
}

#[test]
fn abort_by_a_handle_is_as_good_as_the_second_signal() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let aborts = handle.clone();
        handle.spawn("stuck", pending::<()>()).unwrap();
        handle.spawn("aborts", async move { aborts.abort() }).unwrap();
        let report = running(shutdown).await.unwrap();
        assert_eq!((report.drained, report.accepted()), (1, 2));
        assert_eq!(report.aborted, ["stuck"]);
    });
}

#[test]
fn a_task_that_returns_while_it_is_aborted_is_drained() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        // It has ended when the abort comes, and nobody has looked.
        shutdown.handle().spawn("done", async {}).unwrap();
        settle().await;
        let report = shutdown.run(pending(), ready(())).await;
        assert_eq!((report.drained, report.aborted.len()), (1, 0));
    });
}

#[test]
fn a_clean_stop_is_ok_and_a_failed_task_is_not() {
    on_every_runtime(|| async {
        let clean = Shutdown::new(Config::default());
        clean.handle().spawn("fine", async { Ok::<_, &str>(()) }).unwrap();
        assert_eq!(clean.run(ready(()), pending()).await.ok().unwrap().drained, 1);

        let unclean = Shutdown::new(Config::default());
        unclean.handle().spawn("fine", async {}).unwrap();
        unclean.handle().spawn(String::from("broken"), async { Err("no disk") }).unwrap();
        let unclean = unclean.run(ready(()), pending()).await.ok().unwrap_err();
        assert_eq!(unclean.to_string(), "shutdown was not clean: broken failed: no disk");
        let report = unclean.into_report();
        assert_eq!((report.drained, report.failed[0].0.as_ref()), (1, "broken"));
    });
}
