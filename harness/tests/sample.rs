//! The sampling engine: what it draws, what it finds, and how small it makes what it found.

use selvedge::proptest::{Runs, schedule};
use selvedge::{
    Bound, Check, Grain, Law, Limits, Preemption, Problem, Record, Report, Sampling, Schedule,
    Verdict,
};
use selvedge_rt as rt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Two tasks read a counter and write it back: an update is lost where one is preempted in between.
async fn lost_update(padding: usize) {
    let counter = Arc::new(rt::sync::atomic::AtomicU64::new(0));
    let mut tasks = rt::task::JoinSet::new();
    for _ in 0..2 {
        let counter = counter.clone();
        tasks.spawn(async move {
            let other = rt::sync::atomic::AtomicU64::new(0);
            for i in 0..padding {
                other.store(i as u64, Ordering::SeqCst);
            }
            let seen = counter.load(Ordering::SeqCst);
            counter.store(seen + 1, Ordering::SeqCst);
        });
    }
    while tasks.join_next().await.is_some() {}
    assert_eq!(counter.load(Ordering::SeqCst), 2, "an update is lost");
}

/// The senders' order is what there is to find.
async fn orders(senders: u64) {
    let (tx, mut rx) = rt::sync::mpsc::channel(1);
    let record = Record::new("order");
    let mut tasks = rt::task::JoinSet::new();
    for i in 0..senders {
        let tx = tx.clone();
        tasks.spawn(async move { tx.send(i).await.unwrap() });
    }
    drop(tx);
    let mut nth = 0;
    while let Some(i) = rx.recv().await {
        record.note((nth, i));
        nth += 1;
    }
    while tasks.join_next().await.is_some() {}
}

/// A report as text, without what the clock puts in.
fn text(report: &Report) -> String {
    let mut report = report.clone();
    report.coverage.seconds = 0.0;
    format!("{report:?}\n{report}")
}

/// What is violated, without where the root was called from.
fn whats(report: &Report) -> Vec<(Law, String)> {
    report.violations().iter().map(|v| (v.law, v.what.clone())).collect()
}

mod random {
    use super::*;

    #[test]
    fn a_random_walk_draws_every_order_and_never_more_than_there_are() {
        let report = Check::new("orders").sample(Sampling::random(1).cases(500), || orders(3));
        assert_eq!(report.verdict, Verdict::Sampled(500));
        let explored = Check::new("orders").explore(|| orders(3));
        explored.assert_proved();
        assert_eq!(explored.outcomes.len(), 6, "three senders come in 3! orders");
        assert_eq!(report.outcomes, explored.outcomes);
        assert_eq!(report.coverage.outcomes, 6);
        assert!(report.coverage.schedules > 100, "{report}");
        assert!(report.coverage.schedules <= 500);
    }

    #[test]
    fn the_same_seed_gives_the_same_run_and_another_seed_another() {
        let run = |seed| {
            text(&Check::new("same").sample(Sampling::random(seed).cases(40), || lost_update(3)))
        };
        assert_eq!(run(7), run(7));
        let distinct = |seed| {
            let sampling = Sampling::random(seed).cases(40);
            Check::new("orders").sample(sampling, || orders(2)).coverage.schedules
        };
        assert!((1..20).any(|seed| distinct(seed) != distinct(0)));
    }

    #[test]
    fn a_failure_that_was_found_is_replayed_from_its_token() {
        let report =
            Check::new("lost").sample(Sampling::random(3).cases(2_000), || lost_update(12));
        report.assert_violates(Law::Panic);
        let token = report.replay.clone().unwrap();
        let replayed = Check::new("lost").replay(&token, || lost_update(12));
        assert_eq!(whats(&replayed), whats(&report));
    }
}

mod pct {
    use super::*;

    /// A bug of depth 2: `a` must pass its second step before `b` does its only one, among many steps.
    async fn rare(steps: usize) {
        let flag = Arc::new(rt::sync::atomic::AtomicBool::new(false));
        let first = flag.clone();
        let a = rt::spawn(async move {
            let own = rt::sync::atomic::AtomicU64::new(0);
            for i in 0..steps {
                own.store(i as u64, Ordering::SeqCst);
            }
            first.store(true, Ordering::SeqCst);
        });
        let b = rt::spawn(async move {
            assert!(!flag.load(Ordering::SeqCst), "a was through before b began");
        });
        a.await.unwrap();
        b.await.unwrap();
    }

    fn found_at(sampling: Sampling) -> Option<u64> {
        let report = Check::new("rare").sample(sampling, || rare(20));
        (!report.passed()).then_some(report.coverage.executions)
    }

    #[test]
    fn pct_finds_a_shallow_bug_that_a_random_walk_hardly_ever_finds() {
        assert!(found_at(Sampling::pct(1, 2).cases(20)).is_some());
        assert_eq!(found_at(Sampling::random(1).cases(200)), None);
    }

    #[test]
    fn a_depth_of_one_never_preempts() {
        // Two tasks that never preempt each other lose no update; with depth 2 they do.
        let run =
            |depth| Check::new("d").sample(Sampling::pct(5, depth).cases(200), || lost_update(2));
        assert_eq!(run(1).verdict, Verdict::Sampled(200));
        run(2).assert_violates(Law::Panic);
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let run = || text(&Check::new("d").sample(Sampling::pct(5, 3).cases(30), || orders(4)));
        assert_eq!(run(), run());
    }
}

mod verdicts {
    use super::*;

    #[test]
    fn no_case_is_nothing() {
        let report = Check::new("none").sample(Sampling::random(1).cases(0), || orders(2));
        assert_eq!(report.verdict, Verdict::Failed(Problem::Nothing));
        let report = Check::new("none").proptest(Runs::new(0), 1..3u64, orders);
        assert_eq!(report.verdict, Verdict::Failed(Problem::Nothing));
    }

    #[test]
    fn several_tasks_that_never_interleave_are_vacuous() {
        // The facade sees nothing but one task after the other.
        async fn alone() {
            rt::spawn(async {}).await.unwrap();
            rt::spawn(async {}).await.unwrap();
        }
        let report =
            Check::new("alone").grain(Grain::Poll).sample(Sampling::random(1).cases(9), alone);
        assert_eq!(report.verdict, Verdict::Failed(Problem::Vacuous { tasks: 3 }));
    }

    #[test]
    fn one_task_is_not_vacuous() {
        let report = Check::new("one").sample(Sampling::random(1).cases(9), || async {});
        assert_eq!(report.verdict, Verdict::Sampled(9));
        assert_eq!(report.coverage.schedules, 1);
    }

    #[test]
    fn code_that_never_comes_back_is_given_up() {
        async fn blocks(seconds: u64) {
            std::thread::sleep(std::time::Duration::from_secs(seconds));
        }
        let silence = std::time::Duration::from_millis(50);
        let check = Check::new("blocks").limits(Limits { silence, ..Limits::default() });
        let given_up = |report: &Report| {
            assert!(
                matches!(report.verdict, Verdict::Failed(Problem::NeverYields { .. })),
                "{report}"
            );
        };
        given_up(&check.sample(Sampling::random(1), || blocks(9)));
        given_up(&check.run_schedule(&Schedule::default(), || blocks(9)));
        let report = check.proptest(Runs::new(5), 9..10u64, blocks);
        given_up(&report);
        assert!(report.story.is_some_and(|s| s.contains("input that fails: 9")));
    }

    #[test]
    fn a_limit_of_executions_is_no_clean_verdict() {
        let limits = Limits { executions: 5, ..Limits::default() };
        let report = Check::new("l").limits(limits).sample(Sampling::random(1), || orders(2));
        assert_eq!(report.verdict, Verdict::Bounded(Bound::Executions(5)));
    }

    #[test]
    fn a_waived_law_lets_sampling_go_on() {
        let report = Check::new("waived")
            .waive(Law::Panic, "the test wants it")
            .sample(Sampling::random(3).cases(300), || lost_update(1));
        assert_eq!(report.verdict, Verdict::Sampled(300));
    }
}

mod generated {
    use super::*;

    #[test]
    fn the_smallest_input_is_found_with_the_smallest_schedule() {
        // Fails from three items on, and only where the senders' order is not that of their numbers.
        async fn fails((items, _noise): (u64, u64)) {
            let (tx, mut rx) = rt::sync::mpsc::channel(8);
            let mut tasks = rt::task::JoinSet::new();
            for i in 0..items {
                let tx = tx.clone();
                tasks.spawn(async move { tx.send(i).await.unwrap() });
            }
            drop(tx);
            let mut got = Vec::new();
            while let Some(i) = rx.recv().await {
                got.push(i);
            }
            while tasks.join_next().await.is_some() {}
            assert!(items < 3 || got.is_sorted(), "out of order");
        }
        let report = Check::new("order").proptest(Runs::new(300), (0..20u64, 0..1_000u64), fails);
        report.assert_violates(Law::Panic);
        let story = report.story.clone().unwrap();
        assert!(story.contains("smallest input that fails: (3, 0)"), "{report}");
        let token = report.replay.clone().unwrap();
        let replayed = Check::new("order").replay(&token, || fails((3, 0)));
        assert_eq!(whats(&replayed), whats(&report));
    }

    #[test]
    fn the_same_seed_gives_the_same_inputs_and_schedules() {
        let run = |seed| {
            let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
            let inputs = seen.clone();
            let report = Check::new("s").proptest(Runs::new(25).seed(seed), 1..5u64, move |n| {
                inputs.lock().unwrap().push(n);
                orders(n)
            });
            (text(&report), seen.lock().unwrap().clone())
        };
        assert_eq!(run(4), run(4));
        assert_ne!(run(4).1, run(5).1);
        assert_eq!(run(4).1.len(), 25);
    }

    ::proptest::proptest! {
        #[test]
        fn a_schedule_is_an_input_like_any_other(senders in 1..5u64, schedule in schedule()) {
            Check::new("own").run_schedule(&schedule, move || orders(senders)).assert_passed();
        }
    }

    #[test]
    fn departures_of_a_schedule_are_taken_where_they_say() {
        // Run to completion sends 0, 1; a departure at the first decision between the two sends 1, 0.
        let outcomes = |at: &[usize]| {
            let departures = at.iter().map(|at| Preemption { at: *at, other: 0 }).collect();
            let report = Check::new("at").run_schedule(&Schedule(departures), || orders(2));
            report.assert_passed();
            report.outcomes
        };
        let all: Vec<_> = (0..8).map(|at| outcomes(&[at])).collect();
        assert!(all.iter().any(|o| *o != outcomes(&[])));
        assert_eq!(outcomes(&[1_000]), outcomes(&[]));
    }
}

#[test]
fn executions_are_not_shared_between_cases() {
    static CALLED: AtomicU64 = AtomicU64::new(0);
    let report = Check::new("c").sample(Sampling::random(1).cases(13), || {
        CALLED.fetch_add(1, Ordering::Relaxed);
        orders(2)
    });
    assert_eq!(report.coverage.executions, 13);
    assert_eq!(CALLED.load(Ordering::Relaxed), 13);
}
