//! Contract 7: a panic is listed, and stops nothing.

use super::{Dropped, FOR_EVER, running};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::shutdown::{BoxError, Phase, Shutdown};
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

#[test]
fn a_task_that_panics_is_listed_with_its_message_and_the_others_are_drained() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let ended = Arc::new(AtomicU64::new(0));
        for n in 0..4u64 {
            let ended = ended.clone();
            let task = async move {
                tokio::task::yield_now().await;
                assert!(n != 2, "number {n} is broken");
                ended.fetch_add(1, SeqCst);
            };
            shutdown.handle().spawn(format!("task {n}"), task).unwrap();
        }
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!((report.drained, ended.load(SeqCst)), (3, 3));
        assert_eq!(report.panicked, [("task 2".into(), "number 2 is broken".to_owned())]);
    });
}

#[test]
fn a_panic_before_the_drain_does_not_begin_it_and_is_in_the_report() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        handle.spawn("broken", async { assert!(handle_less(), "early") }).unwrap();
        let run = running(shutdown);
        settle().await;
        assert_eq!(handle.phase(), Phase::Running);
        // Another admission takes notice of it.
        handle.spawn("fine", async {}).unwrap();
        handle.drain();
        let report = run.await.unwrap();
        assert_eq!(report.panicked, [("broken".into(), "early".to_owned())]);
        assert_eq!(report.accepted(), 2);
    });
}

/// False, and the compiler does not know.
fn handle_less() -> bool {
    std::hint::black_box(false)
}

/// A task that is stuck with something that panics when dropped.
fn armed(message: &'static str) -> impl Future<Output = ()> + Send {
    let bomb = Dropped(move || panic!("{message}"));
    async move {
        pending::<()>().await;
        drop(bomb);
    }
}

#[test]
fn a_destructor_that_panics_in_the_abort_is_listed_under_its_name() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        for (name, message) in [("a", "first"), ("b", "second")] {
            shutdown.handle().spawn(name, armed(message)).unwrap();
            shutdown.handle().spawn("stuck", pending::<()>()).unwrap();
        }
        tokio::task::yield_now().await;
        let mut report = shutdown.run(pending(), ready(())).await;
        report.panicked.sort();
        let both = [("a".into(), "first".to_owned()), ("b".into(), "second".to_owned())];
        assert_eq!(report.panicked, both);
        assert_eq!(report.aborted, ["stuck", "stuck"]);
        assert_eq!(report.accepted(), 4);
    });
}

#[test]
fn a_destructor_that_panics_after_the_task_returned_is_that_tasks_panic() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let bomb = Dropped(|| panic!("on the way out"));
        let task = async move {
            let _bomb = bomb;
        };
        shutdown.handle().spawn("task", task).unwrap();
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!(report.panicked, [("task".into(), "on the way out".to_owned())]);
    });
}

#[test]
fn an_error_that_panics_when_it_is_converted_is_that_tasks_panic() {
    struct Rude;
    impl From<Rude> for BoxError {
        fn from(_: Rude) -> Self {
            panic!("no error for you")
        }
    }
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        shutdown.handle().spawn("rude", async { Err(Rude) }).unwrap();
        let report = shutdown.run(ready(()), pending()).await;
        assert_eq!(report.panicked, [("rude".into(), "no error for you".to_owned())]);
    });
}

#[test]
fn a_trigger_that_panics_aborts_as_dropping_does() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let live = Arc::new(());
        let inside = live.clone();
        let stuck = async move {
            pending::<()>().await;
            drop(inside);
        };
        handle.spawn("stuck", stuck).unwrap();
        let trigger = async { assert!(handle_less(), "no signal") };
        let ended = tokio::spawn(async move { drop(shutdown.run(trigger, pending()).await) }).await;
        assert!(ended.unwrap_err().is_panic());
        settle().await;
        assert_eq!((Arc::strong_count(&live), handle.phase()), (1, Phase::Aborting));
    });
}

#[test]
fn a_guard_comes_back_from_a_task_that_panics() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let guard = shutdown.handle().guard("request").unwrap();
        let task = tokio::spawn(async move {
            let _guard = guard;
            assert!(handle_less(), "broken");
        });
        assert_eq!(shutdown.run(ready(()), pending()).await.drained, 1);
        assert!(task.await.unwrap_err().is_panic());
    });
}
