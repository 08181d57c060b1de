//! `cancel_everywhere`: where it drops, what that shows, and what it leaves alone.

use rt::sync::{Mutex, Notify, Semaphore, mpsc};
use selvedge::{Check, Law, Problem, Report, Sampling, Verdict, cancel_everywhere};
use selvedge_rt as rt;
use std::sync::Arc;

/// Lines of this file at which the future was dropped while it waited.
fn dropped_at(report: &Report) -> Vec<u32> {
    let line = |place: &selvedge::Place| {
        let (file, line) = place.0.rsplit_once(':').unwrap();
        assert!(file.ends_with("tests/cancel.rs"), "{report}");
        line.parse().unwrap()
    };
    report.observed.cancelled_at.iter().map(line).collect()
}

#[track_caller]
fn proved<F>(root: impl Fn() -> F + Send + Sync + Copy + 'static) -> Report
where
    F: Future<Output = ()> + Send + 'static,
{
    let report = Check::new("cancelled").explore(root);
    report.assert_proved();
    Check::new("cancelled").sample(Sampling::random(1).cases(50), root).assert_passed();
    Check::new("cancelled").tokio_multi_thread(2, 20, root).assert_passed();
    report
}

#[test]
fn a_future_is_dropped_at_each_of_its_awaits_and_may_also_come_to_its_end() {
    let line = line!();
    let report = Check::new("each await").explore(move || async move {
        let ended = selvedge::Record::new("ended");
        let (a, b) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (a2, b2) = (a.clone(), b.clone());
        let waits = rt::spawn(async move {
            let twice = async {
                a2.notified().await;
                b2.notified().await;
            };
            cancel_everywhere(twice).await
        });
        a.notify_one();
        b.notify_one();
        ended.note(match waits.await.unwrap() {
            Some(()) => "done",
            None => "dropped",
        });
    });
    report.assert_proved();
    let lines = dropped_at(&report);
    assert_eq!(lines, [line + 7, line + 8], "{report}");
    assert_eq!(report.coverage.outcomes, 2, "done and dropped: {report}");
}

#[test]
fn a_waiter_that_was_woken_and_is_dropped_must_hand_its_permit_on() {
    // Tokio's own semaphore does: whoever is next gets it.
    proved(|| async {
        let permits = Arc::new(Semaphore::new(1));
        let held = permits.clone().acquire_owned().await.unwrap();
        let theirs = permits.clone();
        let waits = rt::spawn(async move {
            cancel_everywhere(async { drop(theirs.acquire().await.unwrap()) }).await;
        });
        let next = permits.clone();
        let next = rt::spawn(async move { drop(next.acquire().await.unwrap()) });
        drop(held);
        waits.await.unwrap();
        next.await.unwrap();
    });
}

/// Takes a number, waits, and puts it back one larger: what is dropped in between is gone.
async fn take_and_put_back(slot: &Mutex<Option<u32>>, pause: &Notify) {
    let number = slot.lock().await.take();
    pause.notified().await;
    *slot.lock().await = number.map(|n| n + 1);
}

#[test]
fn what_is_gone_with_a_dropped_future_is_found() {
    let report = Check::new("taken").explore(|| async {
        let slot = Arc::new((Mutex::new(Some(1)), Notify::new()));
        let theirs = slot.clone();
        let waits = rt::spawn(async move {
            cancel_everywhere(take_and_put_back(&theirs.0, &theirs.1)).await;
        });
        slot.1.notify_one();
        waits.await.unwrap();
        assert!(slot.0.lock().await.is_some(), "the number is gone");
    });
    report.assert_violates(Law::Panic);
    let token = report.replay.as_ref().expect("a token");
    assert!(!token.is_empty());
}

#[test]
fn a_send_that_is_dropped_loses_its_item_and_a_reserved_slot_does_not() {
    let send = |reserve: bool| {
        move || async move {
            let (tx, mut rx) = mpsc::channel(1);
            tx.send(1).await.unwrap();
            let reader = rt::spawn(async move { while rx.recv().await.is_some() {} });
            if reserve {
                let slot = cancel_everywhere(tx.reserve()).await;
                if let Some(slot) = slot {
                    slot.unwrap().send(2);
                }
            } else {
                cancel_everywhere(tx.send(2)).await;
            }
            drop(tx);
            reader.await.unwrap();
        }
    };
    Check::new("send").explore(send(false)).assert_violates(Law::LostItem);
    proved(send(true));
}

#[test]
fn a_future_that_never_waits_is_no_evidence() {
    let report = Check::new("never waits").explore(|| async {
        let number = Mutex::new(0);
        cancel_everywhere(async { *number.lock().await += 1 }).await;
    });
    assert_eq!(report.verdict, Verdict::Failed(Problem::NeverCancelled), "{report}");
}

#[cfg(feature = "loom")]
#[test]
fn loom_drops_at_the_same_awaits() {
    let scenario = || async {
        let notify = Arc::new(Notify::new());
        let theirs = notify.clone();
        let waits = rt::spawn(async move { cancel_everywhere(theirs.notified()).await.is_some() });
        notify.notify_one();
        waits.await.unwrap();
    };
    let explored = Check::new("loom").explore(scenario);
    let loom = Check::new("loom").loom(scenario);
    explored.assert_proved();
    loom.assert_proved();
    assert_eq!(dropped_at(&explored), dropped_at(&loom));
}
