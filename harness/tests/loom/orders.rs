//! Orders that loom can only find because the engine shows it what depends on what.

use super::shown;
use rt::sync::{Notify, mpsc};
use selvedge::{Check, Law, Record};
use selvedge_rt as rt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Proves a scenario that has so many different ends.
#[track_caller]
fn reaches<F>(
    name: &str,
    outcomes: usize,
    root: impl Fn(Record<u64>) -> F + Send + Sync + Copy + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let check = Check::new(name).waive(Law::LostItem, "not what is looked at");
    let report = shown(check.loom(move || root(Record::new("seen"))));
    report.assert_proved();
    assert_eq!(report.outcomes.len(), outcomes, "{report}");
}

#[test]
fn abort_comes_before_between_and_after_the_polls_of_a_task() {
    reaches("abort", 3, |seen| async move {
        let (notify, started) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (theirs, note) = (notify.clone(), seen.clone());
        let task = rt::spawn(async move {
            started.notify_one();
            note.note(1);
            theirs.notified().await;
            note.note(2);
        });
        notify.notify_one();
        rt::task::yield_now().await;
        task.abort();
        seen.note(if task.await.is_ok() { 10 } else { 20 });
    });
}

#[test]
fn abort_of_a_task_that_only_computes_may_come_too_early() {
    reaches("abort at once", 2, |seen| async move {
        let note = seen.clone();
        let (tx, mut rx) = mpsc::unbounded_channel();
        let task = rt::spawn(async move {
            tx.send(1u64).unwrap();
            note.note(1);
        });
        task.abort();
        let _ = task.await;
        while rx.recv().await.is_some() {}
    });
}

#[test]
fn what_a_panic_drops_is_noticed_before_and_after() {
    // The sender goes while the panic unwinds: part of the operation before it.
    reaches("drops while unwinding", 2, |seen| async move {
        let (tx, mut rx) = mpsc::channel::<u64>(1);
        let ready = Arc::new(Notify::new());
        let theirs = ready.clone();
        let task = rt::spawn(async move {
            let _tx = tx;
            theirs.notify_one();
            panic!("on purpose");
        });
        seen.note(u64::from(rx.try_recv() == Err(mpsc::error::TryRecvError::Disconnected)));
        // Nobody else runs while it unwinds.
        seen.note(10 + u64::from(std::thread::panicking()));
        ready.notified().await;
        assert!(task.await.unwrap_err().is_panic());
    });
}

#[test]
fn value_whose_destructor_operates_is_dropped_inside_an_operation() {
    struct Tells(Arc<Notify>, Arc<AtomicBool>);
    impl Drop for Tells {
        fn drop(&mut self) {
            self.1.store(true, Ordering::Relaxed);
            self.0.notify_one();
            self.1.store(false, Ordering::Relaxed);
        }
    }
    // The real channel drops what is queued when its receiver goes, in the middle of that operation:
    // nobody else may run there.
    reaches("drops in a channel", 1, |seen| async move {
        let (tx, rx) = mpsc::channel::<Tells>(1);
        let (told, sent) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (theirs, inside) = (sent.clone(), Arc::new(AtomicBool::new(false)));
        let task = rt::spawn(async move {
            theirs.notified().await;
            drop(rx);
        });
        tx.send(Tells(told.clone(), inside.clone())).await.ok();
        sent.notify_one();
        for _ in 0..2 {
            told.notify_one();
            seen.note(u64::from(inside.load(Ordering::Relaxed)));
        }
        told.notified().await;
        task.await.unwrap();
    });
}
