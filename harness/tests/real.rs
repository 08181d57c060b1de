//! The scenario on real runtimes: the same oracle, the same outcomes, and what can be seen from outside.

use selvedge::{
    Bound, Check, Law, Limits, Problem, Record, Report, Verdict, daemon, shutdown_complete,
};
use selvedge_rt as rt;
use std::time::Duration;

/// Three senders, whose order is recorded.
async fn orders() {
    let (tx, mut rx) = rt::sync::mpsc::channel(1);
    let record = Record::new("order");
    let mut tasks = rt::task::JoinSet::new();
    for i in 0..3u64 {
        let tx = tx.clone();
        tasks.spawn(async move { tx.send(i).await.unwrap() });
    }
    drop(tx);
    let mut nth = 0u64;
    while let Some(i) = rx.recv().await {
        record.note((nth, i));
        nth += 1;
    }
    while tasks.join_next().await.is_some() {}
    shutdown_complete();
}

/// Waits for a word that never comes.
async fn hangs() {
    let (_tx, rx) = rt::sync::oneshot::channel::<()>();
    rx.await.unwrap();
}

async fn panics() {
    panic!("seven");
}

/// Leaves a task behind that waits for ever.
async fn leaves_one() {
    rt::spawn(std::future::pending::<()>());
}

/// Leaves a task behind that ends within an hour.
async fn leaves_one_that_ends() {
    rt::spawn(async { rt::time::sleep(Duration::from_millis(300)).await });
}

async fn leaves_a_daemon() {
    let (tx, rx) = rt::sync::oneshot::channel();
    rt::spawn(async move {
        daemon();
        tx.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    rx.await.unwrap();
    shutdown_complete();
}

async fn shuts_down_too_early() {
    let (tx, rx) = rt::sync::oneshot::channel::<()>();
    let task = rt::spawn(async move { drop(rx.await) });
    shutdown_complete();
    tx.send(()).unwrap();
    task.await.unwrap();
}

/// What the two runtimes say of one scenario.
#[track_caller]
fn both<F>(check: Check, root: fn() -> F, expect: impl Fn(&Report))
where
    F: Future<Output = ()> + Send + 'static,
{
    expect(&check.tokio_current_thread(root));
    let limits = Limits { time: Duration::from_millis(1_500), ..Limits::default() };
    expect(&check.limits(limits).tokio_multi_thread(2, 3, root));
}

#[track_caller]
fn violates<F>(root: fn() -> F, law: Law)
where
    F: Future<Output = ()> + Send + 'static,
{
    both(Check::new("bad"), root, |report| {
        report.assert_violates(law);
        assert!(report.replay.is_none() && report.violations().len() == 1, "{report}");
    });
    both(Check::new("bad").waive(law, "the test wants it"), root, |r| assert!(r.passed(), "{r}"));
}

#[test]
fn outcomes_on_real_runtimes_are_among_those_explored() {
    let check = Check::new("orders");
    let explored = check.explore(orders);
    explored.assert_proved();
    assert_eq!(explored.outcomes.len(), 6);
    let one = check.tokio_current_thread(orders);
    assert_eq!((&one.verdict, one.outcomes.len()), (&Verdict::Sampled(1), 1));
    assert!(one.outcomes.is_subset(&explored.outcomes));
    let many = check.tokio_multi_thread(2, 200, orders);
    assert_eq!(many.verdict, Verdict::Sampled(200));
    assert_eq!(many.coverage.ends, 200);
    assert!(many.outcomes.is_subset(&explored.outcomes), "{many}");
    assert_eq!(many.coverage.outcomes, many.outcomes.len() as u64);
}

#[test]
fn stress_reaches_more_than_one_outcome() {
    let many = Check::new("orders").tokio_multi_thread(3, 2_000, orders);
    assert!(many.outcomes.len() > 1, "{many}");
}

#[test]
fn a_root_that_panics_is_a_panic() {
    violates(panics, Law::Panic);
    let report = Check::new("p").tokio_current_thread(panics);
    assert!(report.violations()[0].what.contains("seven at harness/tests/real.rs"), "{report}");
}

#[test]
fn a_root_that_waits_for_ever_is_a_deadlock() {
    violates(hangs, Law::Deadlock);
}

#[test]
fn an_hour_passes_at_once_on_the_paused_clock() {
    async fn almost_an_hour() {
        rt::time::sleep(Duration::from_secs(3_599)).await;
    }
    let report = Check::new("hour").tokio_current_thread(almost_an_hour);
    assert_eq!(report.verdict, Verdict::Sampled(1));
}

#[test]
fn a_task_left_behind_is_unjoined() {
    violates(leaves_one, Law::Unjoined);
}

#[test]
fn where_tasks_may_outlive_the_root_they_must_still_end() {
    both(Check::new("ends").unjoined(), leaves_one_that_ends, |r| assert!(r.passed(), "{r}"));
    both(Check::new("leak").unjoined(), leaves_one, |r| {
        r.assert_violates(Law::TaskLeak);
    });
}

#[test]
fn a_daemon_may_stay() {
    both(Check::new("daemon"), leaves_a_daemon, |r| assert!(r.passed(), "{r}"));
}

#[test]
fn a_shutdown_before_every_task_ended_is_incomplete() {
    violates(shuts_down_too_early, Law::IncompleteShutdown);
}

#[test]
fn what_blocking_threads_record_is_heard() {
    // The facade has no `spawn_blocking`; code under test may still reach a thread of the runtime.
    async fn on_another_thread() {
        let record = Record::new("r");
        if let Ok(handle) = tokio::runtime::Handle::try_current() {
            handle.spawn_blocking(move || record.note(1u64)).await.unwrap();
        } else {
            record.note(1u64);
        }
    }
    let explored = Check::new("blocking").explore(on_another_thread);
    both(Check::new("blocking"), on_another_thread, |r| assert_eq!(r.outcomes, explored.outcomes));
}

#[test]
fn a_thread_that_never_comes_back_is_given_up() {
    async fn spins() {
        loop {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let limits = Limits { time: Duration::from_millis(100), ..Limits::default() };
    let report = Check::new("spins").limits(limits).tokio_current_thread(spins);
    assert!(matches!(report.verdict, Verdict::Failed(Problem::NeverYields { .. })), "{report}");
}

#[test]
fn no_run_is_nothing() {
    let report = Check::new("none").tokio_multi_thread(2, 0, orders);
    assert_eq!(report.verdict, Verdict::Failed(Problem::Nothing));
}

#[test]
fn a_limit_that_cuts_the_runs_short_is_named() {
    let limits = Limits { executions: 2, ..Limits::default() };
    let check = Check::new("l").limits(limits);
    let report = check.tokio_multi_thread(1, 3, orders);
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Executions(2)));
    assert_eq!(check.tokio_multi_thread(1, 2, orders).verdict, Verdict::Sampled(2));
}

#[tokio::test]
async fn a_check_runs_inside_a_runtime_too() {
    let report = Check::new("inside").tokio_current_thread(orders);
    assert_eq!(report.verdict, Verdict::Sampled(1));
}
