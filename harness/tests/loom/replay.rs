//! What loom finds is told, and replayed from the token; wakes for nothing.

use super::locks::opposite_in_turn;
use super::{loom, shown};
use rt::sync::atomic::{AtomicUsize, Ordering};
use rt::sync::{Mutex, mpsc};
use selvedge::{Check, Engine, Law, Problem, Report, Verdict};
use selvedge_rt as rt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The token of a failing report, which tells its story.
#[track_caller]
fn token(report: &Report) -> String {
    assert!(report.story.is_some(), "no story: {report}");
    report.replay.clone().unwrap_or_else(|| panic!("no token: {report}"))
}

#[track_caller]
fn token_problem(report: &Report) -> String {
    match &report.verdict {
        Verdict::Failed(Problem::Token(text)) => text.clone(),
        _ => panic!("a problem with the token was expected: {report}"),
    }
}

/// A lost update that the first execution does not show.
async fn lost_update() {
    let number = Arc::new(Mutex::new(0));
    let tasks = [0, 1].map(|_| {
        let number = number.clone();
        rt::spawn(async move {
            let seen = *number.lock().await;
            *number.lock().await = seen + 1;
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*number.lock().await, 2, "an update was lost");
}

/// A relaxed flag that says too early that a number is there.
async fn too_early() {
    let cells = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let theirs = cells.clone();
    let writer = rt::spawn(async move {
        theirs.0.store(1, Ordering::Relaxed);
        theirs.1.store(1, Ordering::Relaxed);
    });
    if cells.1.load(Ordering::Relaxed) == 1 {
        assert_eq!(cells.0.load(Ordering::Relaxed), 1, "the number is not there");
    }
    writer.await.unwrap();
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A failure replays from its token, to the same violation and the same story.
#[track_caller]
fn replays(check: Check, law: Law, root: fn() -> Boxed) -> Report {
    let found = shown(check.loom(root));
    found.assert_violates(law);
    let again = check.replay(&token(&found), root);
    assert_eq!(again.engine, Engine::Loom);
    assert_eq!(again.verdict, found.verdict);
    assert_eq!((&again.story, &again.replay), (&found.story, &found.replay));
    found
}

#[test]
fn failure_is_told_and_replayed_from_its_token() {
    let report = replays(Check::new("replayed"), Law::Panic, || Box::pin(lost_update()));
    assert!(report.coverage.executions > 1, "the first execution shows it: {report}");
    let story = report.story.unwrap();
    assert!(story.contains("lost_update") && story.contains("M1"), "{story}");
}

#[test]
fn what_only_a_weak_load_shows_is_replayed_too() {
    replays(Check::new("replayed"), Law::Panic, || Box::pin(too_early()));
}

#[test]
fn cycle_of_locks_is_told_and_replayed_from_its_token() {
    let report = replays(Check::new("replayed"), Law::LockOrder, || Box::pin(opposite_in_turn()));
    assert!(report.story.unwrap().contains("M2"), "both locks are in the story");
}

#[test]
fn token_of_another_check_or_scenario_says_what_to_do() {
    let token = token(&loom("locks", lost_update));
    let replay = |check: Check| token_problem(&check.replay(&token, lost_update));
    assert!(replay(Check::new("other")).contains("belongs to another scenario"));
    assert!(replay(Check::new("locks").preemptions(2)).contains("belongs to another scenario"));
    assert!(replay(Check::new("locks").spurious()).contains("belongs to another scenario"));
    let changed = token_problem(&Check::new("locks").replay(&token, || async {}));
    assert!(changed.contains("does not fit `locks` any more from execution"), "{changed}");
}

#[test]
fn execution_that_breaks_nothing_any_more_is_no_failure() {
    let found = loom("fixed", lost_update);
    let waived = Check::new("fixed").waive(Law::Panic, "an update may be lost here");
    let again = waived.replay(&token(&found), lost_update);
    assert_eq!(again.verdict, Verdict::Sampled(1));
    assert_eq!(again.coverage.executions, found.coverage.executions);
}

/// Is ready on its second poll, whoever asked for it.
struct Impatient(bool);

impl Future for Impatient {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.0, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// Takes any wake for an item.
async fn impatient() {
    let (tx, mut rx) = mpsc::channel(1);
    let reader = rt::spawn(async move {
        rt::select! {
            biased;
            item = rx.recv() => assert_eq!(item, Some(1)),
            () = Impatient(false) => panic!("woken for nothing"),
        }
    });
    tx.send(1).await.unwrap();
    reader.await.unwrap();
}

#[test]
fn future_that_does_not_bear_a_wake_for_nothing_is_found_only_where_there_are_some() {
    loom("impatient", impatient).assert_proved();
    replays(Check::new("impatient").spurious(), Law::Panic, || Box::pin(impatient()));
}

#[test]
fn what_bears_wakes_for_nothing_is_proved_with_them_in_more_executions() {
    async fn patient() {
        let (tx, mut rx) = mpsc::channel(1);
        let reader = rt::spawn(async move { while rx.recv().await.is_some() {} });
        tx.send(1).await.unwrap();
        drop(tx);
        reader.await.unwrap();
    }
    let plain = loom("patient", patient);
    let spurious = shown(Check::new("patient").spurious().loom(patient));
    plain.assert_proved();
    spurious.assert_proved();
    assert!(spurious.coverage.executions > plain.coverage.executions);
}
