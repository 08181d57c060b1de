//! Bounds that are hit, and scenarios that do not fit: always said, never silent, and the process lives.

use super::{loom, shown};
use rt::sync::Mutex;
use rt::sync::atomic::{AtomicU32, Ordering};
use selvedge::{Bound, Check, Limits, Problem, Report, Verdict};
use selvedge_rt as rt;
use std::sync::Arc;
use std::time::Duration;

#[track_caller]
fn problem(report: &Report) -> String {
    let Verdict::Failed(problem) = &report.verdict else {
        panic!("a problem was expected: {report}")
    };
    problem.to_string()
}

/// So many tasks that each add one to a cell.
async fn adders(tasks: usize) {
    let number = Arc::new(Mutex::new(0));
    let mut set = rt::task::JoinSet::new();
    for _ in 0..tasks {
        let number = number.clone();
        set.spawn(async move { *number.lock().await += 1 });
    }
    while set.join_next().await.is_some() {}
    assert_eq!(*number.lock().await, tasks);
}

#[test]
fn five_tasks_are_one_too_many_and_the_report_says_what_to_do() {
    let report = loom("five tasks", || adders(5));
    let text = problem(&report);
    assert!(text.contains("5 tasks beside its root") && text.contains("explore"), "{text}");
    let four = Limits { executions: 10, ..Limits::default() };
    let report = shown(Check::new("four tasks").limits(four).loom(|| adders(4)));
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Executions(10)));
}

#[test]
fn tasks_that_have_ended_count_too() {
    let report = loom("one after the other", || async {
        for _ in 0..5 {
            rt::spawn(async {}).await.unwrap();
        }
    });
    assert!(problem(&report).contains("ended ones included"), "{report}");
}

#[test]
fn timer_is_refused_by_name_of_the_engine_that_has_time() {
    let report = loom("sleeps", || async {
        let task = rt::spawn(async { rt::time::sleep(Duration::from_millis(1)).await });
        task.await.unwrap();
    });
    let text = problem(&report);
    assert!(text.contains("timer") && text.contains("`explore`"), "{text}");
}

#[test]
fn limits_are_hit_exactly_and_named() {
    let limited = |limits| shown(Check::new("limited").limits(limits).loom(|| adders(2)));
    let report = limited(Limits { executions: 7, ..Limits::default() });
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Executions(7)));
    assert_eq!(report.coverage.executions, 7);
    let report = limited(Limits { time: Duration::ZERO, ..Limits::default() });
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Time(Duration::ZERO)));
    let report = limited(Limits { executions: 0, ..Limits::default() });
    assert_eq!(report.verdict, Verdict::Failed(Problem::Nothing));
    let report = limited(Limits::default());
    report.assert_proved();
    // As many as there are is not a bound that was hit.
    let all = report.coverage.executions;
    limited(Limits { executions: all, ..Limits::default() }).assert_proved();
    let report = limited(Limits { executions: all - 1, ..Limits::default() });
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Executions(all - 1)));
}

#[test]
fn preemptions_bound_the_search_and_the_verdict() {
    let all = loom("all", || adders(2));
    let some = shown(Check::new("one preemption").preemptions(1).loom(|| adders(2)));
    assert_eq!(some.verdict, Verdict::Bounded(Bound::Preemptions(1)));
    assert!(some.coverage.executions < all.coverage.executions);
}

#[test]
fn scenario_where_nothing_interleaves_is_vacuous() {
    let report = loom("vacuous", || async {
        drop(rt::spawn(async {}));
    });
    assert!(!report.passed(), "{report}");
    let report = shown(Check::new("vacuous").unjoined().loom(|| async {
        drop(rt::spawn(async {}));
    }));
    assert_eq!(report.verdict, Verdict::Failed(Problem::Vacuous { tasks: 2 }));
    loom("alone", || async {}).assert_proved();
}

#[test]
fn task_that_spins_hits_the_limit_of_steps() {
    let spins = |yields: bool| {
        move || async move {
            let flag = Arc::new(AtomicU32::new(0));
            let theirs = flag.clone();
            let task = rt::spawn(async move {
                while theirs.load(Ordering::Acquire) == 0 {
                    if yields {
                        rt::task::yield_now().await;
                    }
                }
            });
            flag.store(1, Ordering::Release);
            task.await.unwrap();
        }
    };
    let limits = Limits { steps: 100, ..Limits::default() };
    let report = shown(Check::new("spins").limits(limits).loom(spins(false)));
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Steps(100)));
    // With a yield others go first, and the schedules in which they do not are named as left out.
    let report = shown(Check::new("yields").limits(limits).loom(spins(true)));
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Fairness));
}

#[test]
fn spinner_that_nothing_ever_stops_is_stopped_with_its_execution() {
    let limits = Limits { steps: 1_000, ..Limits::default() };
    let report = shown(Check::new("spins for ever").limits(limits).loom(|| async {
        let flag = Arc::new(AtomicU32::new(0));
        let task = rt::spawn(async move { while flag.load(Ordering::Relaxed) == 0 {} });
        task.await.unwrap();
    }));
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Steps(1_000)));
}

#[test]
fn object_made_outside_the_scenario_is_named() {
    let kept: Arc<std::sync::Mutex<Option<Arc<Mutex<u32>>>>> = Arc::default();
    let report = loom("kept", move || {
        let kept = kept.clone();
        async move {
            let mutex = kept.lock().unwrap().get_or_insert_with(|| Arc::new(Mutex::new(0))).clone();
            let theirs = mutex.clone();
            let task = rt::spawn(async move { *theirs.lock().await += 1 });
            *mutex.lock().await += 1;
            task.await.unwrap();
        }
    });
    assert!(matches!(report.verdict, Verdict::Failed(Problem::Outlives { .. })), "{report}");
}

#[test]
fn wait_for_what_no_engine_controls_is_foreign() {
    let report = loom("foreign", || async {
        let task = rt::spawn(std::future::pending::<()>());
        task.await.unwrap();
    });
    assert!(matches!(report.verdict, Verdict::Failed(Problem::Foreign { .. })), "{report}");
}

#[test]
fn deep_stacks_are_no_problem() {
    #[inline(never)]
    fn deep(n: u32) -> u32 {
        let bytes = std::hint::black_box([1u8; 1024]);
        if n == 0 { 0 } else { deep(n - 1) + u32::from(bytes[n as usize % 1024]) }
    }
    loom("deep", || async {
        assert_eq!(deep(100), 100);
        let task = rt::spawn(async { deep(100) });
        assert_eq!(task.await.unwrap(), 100);
    })
    .assert_proved();
}

#[test]
fn scenario_that_is_not_deterministic_is_told_and_does_not_hang() {
    let run = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let report = loom("not deterministic", move || {
        let run = run.clone();
        async move {
            let nth = run.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let number = Arc::new(Mutex::new(0));
            let theirs = number.clone();
            let task = rt::spawn(async move {
                // In every second execution it does less.
                if nth.is_multiple_of(2) {
                    *theirs.lock().await += 1;
                }
            });
            *number.lock().await += 1;
            task.await.unwrap();
        }
    });
    assert!(matches!(report.verdict, Verdict::Failed(Problem::Nondeterminism { .. })), "{report}");
}
