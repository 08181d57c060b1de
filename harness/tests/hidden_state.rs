//! State that the facade does not see, and scenarios that cannot be checked: each is an error that says so.

use rt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use rt::sync::{Notify, mpsc, oneshot};
use selvedge::{Check, Law, Limits, Problem, Record, Reductions, Report, Verdict};
use selvedge_rt as rt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn check() -> Check {
    Check::new("hidden")
}

#[track_caller]
fn problem(report: &Report) -> &Problem {
    match &report.verdict {
        Verdict::Failed(problem) => problem,
        _ => panic!("a problem was expected:\n{report}"),
    }
}

#[track_caller]
fn assert_hidden(report: &Report) {
    assert!(matches!(problem(report), Problem::HiddenState { .. }), "{report}");
}

/// Two tasks meet in `hidden`, which the explorer does not see, after a step that it does see and that
/// tells them nothing; then each goes on as it found that.
async fn race_behind_the_scenes(
    meet: fn(&AtomicU64),
    go_on: fn(&AtomicU64, &AtomicU64, first: bool),
) {
    let hidden = Arc::new(Mutex::new(false));
    let (seen, other) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut tasks = rt::task::JoinSet::new();
    for _ in 0..2 {
        let (hidden, seen, other) = (hidden.clone(), seen.clone(), other.clone());
        tasks.spawn(async move {
            meet(&seen);
            let first = !std::mem::replace(&mut *hidden.lock().unwrap(), true);
            go_on(&seen, &other, first);
        });
    }
    while tasks.join_next().await.is_some() {}
}

#[test]
fn hidden_state_that_decides_what_is_done_next_is_found_at_once() {
    let report = check().explore(|| {
        race_behind_the_scenes(
            |seen| seen.store(1, SeqCst),
            |seen, other, first| {
                let cell = if first { seen } else { other };
                cell.store(1, SeqCst);
            },
        )
    });
    assert_hidden(&report);
    assert!(report.to_string().contains("race_behind_the_scenes"), "it names the task: {report}");
}

#[test]
fn hidden_state_that_shows_only_much_later_is_found_by_the_audit() {
    // Both go on with the same operations at first, so that the announcements are equal where the states
    // are merged.
    let report = check().explore(|| {
        race_behind_the_scenes(
            |seen| seen.store(1, SeqCst),
            |seen, other, first| {
                for _ in 0..3 {
                    seen.load(SeqCst);
                }
                if first {
                    other.store(1, SeqCst);
                }
            },
        )
    });
    assert_hidden(&report);
}

#[test]
fn hidden_state_behind_steps_that_commute_is_found_by_the_audit() {
    // Two loads: only one order of them is explored, but a sample of such pairs is tried both ways.
    let report = check().explore(|| {
        race_behind_the_scenes(
            |seen| _ = seen.load(SeqCst),
            |seen, other, first| {
                let cell = if first { seen } else { other };
                cell.store(1, SeqCst);
            },
        )
    });
    assert_hidden(&report);
}

#[test]
fn the_same_state_in_a_facade_type_is_no_problem() {
    let report = check().explore(|| async {
        let first = Arc::new(AtomicU64::new(0));
        let other = Arc::new(AtomicU64::new(0));
        let mut tasks = rt::task::JoinSet::new();
        for _ in 0..2 {
            let (first, other) = (first.clone(), other.clone());
            tasks.spawn(async move {
                if first.swap(1, SeqCst) == 0 {
                    other.store(1, SeqCst);
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    });
    report.assert_proved();
}

#[test]
fn without_merging_state_behind_the_scenes_does_no_harm() {
    let report = check().reductions(Reductions::NONE).explore(|| {
        race_behind_the_scenes(
            |seen| seen.store(1, SeqCst),
            |seen, other, first| {
                let cell = if first { seen } else { other };
                cell.store(1, SeqCst);
            },
        )
    });
    report.assert_proved();
}

#[test]
fn a_static_that_counts_executions_is_not_deterministic() {
    static RUNS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let report = check().reductions(Reductions::NONE).explore(|| async {
        let run = RUNS.fetch_add(1, SeqCst);
        let cell = Arc::new(AtomicU64::new(0));
        let theirs = cell.clone();
        let task = rt::spawn(async move { theirs.store(1, SeqCst) });
        if run.is_multiple_of(2) {
            cell.load(SeqCst);
        }
        task.await.unwrap();
    });
    assert!(matches!(problem(&report), Problem::Nondeterminism { .. }), "{report}");
}

#[test]
fn the_order_of_a_hash_map_is_not_deterministic() {
    let report = check().reductions(Reductions::NONE).explore(|| async {
        let (tx, mut rx) = mpsc::unbounded_channel();
        // A new seed for each map: eight keys come in the same order once in 40,320 times.
        let jobs: std::collections::HashMap<u64, ()> = (0..8).map(|i| (i, ())).collect();
        let mut tasks = rt::task::JoinSet::new();
        for (job, ()) in jobs {
            let tx = tx.clone();
            // The order shows in what each task does.
            tasks.spawn(async move {
                if job % 2 == 0 {
                    tx.send(job).unwrap();
                }
            });
        }
        drop(tx);
        while rx.recv().await.is_some() {}
        while tasks.join_next().await.is_some() {}
    });
    assert!(matches!(problem(&report), Problem::Nondeterminism { .. }), "{report}");
}

#[test]
fn an_object_that_outlives_its_execution_is_named() {
    static KEPT: Mutex<Option<Arc<Notify>>> = Mutex::new(None);
    let report = check().explore(|| async {
        let notify = KEPT.lock().unwrap().get_or_insert_with(|| Arc::new(Notify::new())).clone();
        let task = rt::spawn(async move { notify.notify_one() });
        task.await.unwrap();
        let cell = AtomicU64::new(0);
        cell.store(1, SeqCst);
    });
    match problem(&report) {
        Problem::Outlives { at } => assert!(at.0.contains("hidden_state.rs"), "{at}"),
        _ => panic!("{report}"),
    }
}

#[test]
fn a_wait_for_another_thread_is_foreign() {
    let report = check().explore(|| async {
        let (tx, rx) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            let _ = tx.send(());
        });
        let task = rt::spawn(async move {
            let _ = rx.await;
        });
        task.await.unwrap();
        let _ = thread.join();
    });
    match problem(&report) {
        Problem::Foreign { task } => assert!(task.contains('#'), "{task}"),
        _ => panic!("{report}"),
    }
}

#[test]
fn a_timer_of_tokio_itself_says_that_it_needs_a_runtime() {
    let report = check().explore(|| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
    });
    report.assert_violates(Law::Panic);
    assert!(report.to_string().contains("there is no reactor running"), "{report}");
}

#[test]
fn a_task_that_waits_for_nothing_at_all_is_foreign() {
    let report = check().explore(|| async {
        rt::spawn(std::future::pending::<()>()).await.unwrap();
    });
    assert!(matches!(problem(&report), Problem::Foreign { .. }), "{report}");
}

#[test]
fn tasks_that_share_nothing_are_vacuous() {
    let report = check().explore(|| async {
        let (tx, rx) = oneshot::channel();
        tx.send(1).unwrap();
        assert_eq!(rx.await, Ok(1));
        let idle = rt::spawn(async {
            rt::time::sleep(Duration::from_millis(1)).await;
        });
        idle.await.unwrap();
    });
    assert!(matches!(problem(&report), Problem::Vacuous { tasks: 2 }), "{report}");
}

#[test]
fn a_limit_of_no_execution_is_an_error() {
    let limits = Limits { executions: 0, ..Limits::default() };
    let report = check().limits(limits).explore(|| async {});
    assert!(!report.passed() || report.coverage.executions > 0, "{report}");
}

#[test]
fn a_loop_without_an_operation_is_given_up_and_named() {
    let limits = Limits { silence: Duration::from_millis(300), ..Limits::default() };
    let report = check().limits(limits).explore(|| async {
        let task = rt::spawn(async {
            // Long enough for the watchdog, not for ever: the thread outlives the check.
            let until = std::time::Instant::now() + Duration::from_secs(3);
            while std::time::Instant::now() < until {
                std::hint::spin_loop();
            }
        });
        task.await.unwrap();
    });
    match problem(&report) {
        Problem::NeverYields { task, .. } => assert!(task.contains("hidden_state.rs"), "{task}"),
        _ => panic!("{report}"),
    }
}

#[test]
fn a_loop_of_operations_that_changes_nothing_is_a_livelock() {
    let report = check().explore(|| async {
        let stop = Arc::new(AtomicU64::new(0));
        let theirs = stop.clone();
        let task = rt::spawn(async move {
            // Nobody will ever store what it looks for.
            while theirs.load(SeqCst) != 2 {}
        });
        stop.store(1, SeqCst);
        task.await.unwrap();
    });
    report.assert_violates(Law::Livelock);
}

#[test]
fn two_tasks_that_wake_each_other_for_ever_are_a_livelock() {
    let report = check().explore(|| async {
        let (ping, pong) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (a, b) = ((ping.clone(), pong.clone()), (pong, ping.clone()));
        let mut tasks = rt::task::JoinSet::new();
        for (mine, theirs) in [a, b] {
            tasks.spawn(async move {
                loop {
                    mine.notified().await;
                    theirs.notify_one();
                }
            });
        }
        ping.notify_one();
        while tasks.join_next().await.is_some() {}
    });
    report.assert_violates(Law::Livelock);
}

#[test]
fn a_record_is_seen_and_hides_nothing() {
    // The same race as above, over a record: the explorer sees what is noted.
    let report = check().explore(|| async {
        let notes = Record::new("order");
        let cell = Arc::new(AtomicU64::new(0));
        let mut tasks = rt::task::JoinSet::new();
        for t in 0..2 {
            let (cell, notes) = (cell.clone(), notes.clone());
            tasks.spawn(async move { notes.note((t, cell.fetch_add(1, SeqCst))) });
        }
        while tasks.join_next().await.is_some() {}
        assert_eq!(notes.sorted().len(), 2);
    });
    report.assert_proved();
    assert_eq!(report.outcomes.len(), 2);
}
