//! `#[selvedge::test]`: each option reaches the builder, and a scenario that is wrong is a test that fails.

use selvedge::{Check, Law};
use selvedge_rt as rt;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// Workers that add to a counter; with `torn`, an update can be lost between a load and a store.
async fn count(workers: u64, torn: bool) {
    let counter = Arc::new(rt::sync::atomic::AtomicU64::new(0));
    let mut tasks = rt::task::JoinSet::new();
    for _ in 0..workers {
        let counter = counter.clone();
        tasks.spawn(async move {
            if torn {
                let seen = counter.load(SeqCst);
                counter.store(seen + 1, SeqCst);
            } else {
                counter.fetch_add(1, SeqCst);
            }
        });
    }
    while tasks.join_next().await.is_some() {}
    assert_eq!(counter.load(SeqCst), workers, "an update is lost");
}

/// A task that the root leaves behind, which ends soon after.
async fn leaves_a_task() {
    let (tx, mut rx) = rt::sync::mpsc::channel(1);
    rt::spawn(async move { tx.send(()).await });
    rx.recv().await.unwrap();
}

mod explored {
    use super::*;

    #[selvedge::test]
    async fn a_right_scenario_is_proved() {
        count(2, false).await;
    }

    #[selvedge::test]
    #[should_panic(
        expected = "explored::a_lost_update_is_found: VIOLATED: Panic (explore, operation grain"
    )]
    async fn a_lost_update_is_found() {
        count(2, true).await;
    }

    /// The update is torn between two operations of one poll.
    #[selvedge::test(grain = "poll")]
    async fn nothing_comes_between_two_operations_of_a_poll() {
        count(2, true).await;
    }

    /// Nobody but the clock can be before the message.
    async fn message_or_timeout() {
        let (tx, mut rx) = rt::sync::mpsc::channel(1);
        let sender = rt::spawn(async move { tx.send(1).await.unwrap() });
        let second = rt::time::Duration::from_secs(1);
        let received = rt::time::timeout(second, rx.recv()).await;
        rx.close();
        while rx.recv().await.is_some() {}
        // A send that came too late is refused, and that panics.
        let _ = sender.await;
        received.expect("in time");
    }

    #[selvedge::test]
    async fn no_timer_beats_work_on_an_idle_clock() {
        message_or_timeout().await;
    }

    #[selvedge::test(clock = "racing")]
    #[should_panic(expected = "racing clock")]
    async fn a_timer_may_beat_work_on_a_racing_clock() {
        message_or_timeout().await;
    }

    #[selvedge::test]
    #[should_panic(expected = "Unjoined")]
    async fn a_task_left_behind_is_found() {
        leaves_a_task().await;
    }

    #[selvedge::test(unjoined)]
    async fn a_task_left_behind_can_be_allowed() {
        leaves_a_task().await;
    }

    #[selvedge::test(waive(Unjoined, "it ends by itself"), waive(Law::TaskLeak, "so it does"))]
    async fn a_law_can_be_waived_by_its_name_or_its_path() {
        leaves_a_task().await;
    }

    fn few(check: Check) -> Check {
        check.limits(selvedge::Limits { executions: 1, ..Default::default() })
    }

    #[selvedge::test(check = few)]
    #[should_panic(expected = "bounded by 1 executions")]
    async fn a_search_that_was_cut_short_is_no_proof() {
        count(2, false).await;
    }

    #[selvedge::test(check = |check| check.unjoined())]
    async fn the_builder_is_there_for_all_else() {
        leaves_a_task().await;
    }

    #[selvedge::test]
    async fn a_scenario_may_return_a_result() -> Result<(), rt::task::JoinError> {
        rt::spawn(async {}).await
    }

    #[selvedge::test]
    #[should_panic(expected = "the scenario returned an error: \"no\"")]
    async fn an_error_of_the_scenario_is_a_failure() -> Result<(), &'static str> {
        Err("no")
    }

    #[selvedge::test(workers = 2 + 1, torn = cfg!(miri))]
    async fn arguments_are_given_by_name(torn: bool, workers: u64) {
        assert_eq!(workers, 3);
        count(workers, torn).await;
    }

    use selvedge as renamed;

    #[renamed::test(crate = renamed)]
    async fn the_crate_may_have_another_name() {
        count(2, false).await;
    }
}

mod sampled {
    use super::*;

    #[selvedge::test(sample, cases = 50)]
    async fn a_right_scenario_passes() {
        count(3, false).await;
    }

    #[selvedge::test(sample, seed = 5)]
    #[should_panic(expected = "VIOLATED: Panic (sample, random walk, seed 5, operation grain")]
    async fn a_random_walk_finds_a_lost_update() {
        count(2, true).await;
    }

    #[selvedge::test(sample, pct = 2, seed = 5)]
    #[should_panic(expected = "VIOLATED: Panic (sample, PCT of depth 2, seed 5, operation grain")]
    async fn pct_finds_a_lost_update() {
        count(2, true).await;
    }

    #[selvedge::test(sample, cases = 0)]
    #[should_panic(expected = "no execution ran")]
    async fn no_case_is_a_failure() {
        count(2, false).await;
    }

    fn few(check: Check) -> Check {
        check.limits(selvedge::Limits { executions: 3, ..Default::default() })
    }

    #[selvedge::test(sample, cases = 50, check = few)]
    #[should_panic(expected = "bounded by 3 executions")]
    async fn fewer_cases_than_asked_for_are_a_failure() {
        count(2, false).await;
    }

    #[selvedge::test(sample, cases = 50, workers in 1..=4u64, torn = false)]
    async fn arguments_are_generated_with_the_schedule(workers: u64, torn: bool) {
        assert!((1..=4).contains(&workers));
        count(workers, torn).await;
    }

    #[selvedge::test(sample, cases = 1_000, workers in 0..=5u64, torn = true)]
    #[should_panic(expected = "smallest input that fails: (2,)")]
    async fn a_generated_argument_is_shrunk(workers: u64, torn: bool) {
        count(workers, torn).await;
    }
}

mod real {
    use super::*;

    #[selvedge::test(tokio)]
    async fn a_scenario_runs_on_tokio_with_a_paused_clock() {
        rt::time::sleep(rt::time::Duration::from_secs(1_000)).await;
        count(3, false).await;
    }

    #[selvedge::test(tokio)]
    #[should_panic(expected = "VIOLATED: Panic (tokio, ")]
    async fn a_panic_there_is_a_failure() {
        count(2, false).await;
        panic!("the oracle");
    }

    #[selvedge::test(tokio, threads = 2, runs = 3)]
    async fn a_scenario_runs_on_several_threads() {
        count(3, false).await;
    }

    #[selvedge::test(tokio, threads = 2, runs = 0)]
    #[should_panic(expected = "no execution ran")]
    async fn no_run_is_a_failure() {
        count(3, false).await;
    }
}

#[cfg(feature = "loom")]
mod loom {
    use super::*;

    #[selvedge::test(loom)]
    async fn a_right_scenario_is_proved() {
        count(2, false).await;
    }

    #[selvedge::test(loom, preemptions = 2)]
    async fn preemptions_bound_the_search() {
        count(3, false).await;
    }

    #[selvedge::test(loom, preemptions = 2)]
    #[should_panic(expected = "VIOLATED: Panic (loom")]
    async fn a_lost_update_is_found() {
        count(2, true).await;
    }

    fn few(check: Check) -> Check {
        check.limits(selvedge::Limits { executions: 2, ..Default::default() })
    }

    #[selvedge::test(loom, preemptions = 2, check = few)]
    #[should_panic(expected = "bounded by 2 executions")]
    async fn another_bound_is_a_failure() {
        count(3, false).await;
    }
}

/// One scenario, many tests: that they are all there is looked at below.
mod several {
    use super::*;

    const TORN: bool = false;

    #[selvedge::test(workers = 2)]
    #[selvedge::test(workers = 3)]
    #[selvedge::test(grain = "poll", workers = 3)]
    #[selvedge::test(clock = "racing", grain = "poll", workers = 2)]
    #[selvedge::test(sample, cases = 20, workers = 4)]
    #[selvedge::test(sample, pct = 2, cases = 20, workers = 4)]
    #[selvedge::test(sample, cases = 20, workers in 1..=4u64)]
    #[selvedge::test(tokio, workers = 4)]
    #[selvedge::test(tokio, threads = 2, runs = 2, workers = 4)]
    #[cfg_attr(feature = "loom", selvedge::test(loom, workers = 2))]
    #[cfg_attr(not(feature = "loom"), selvedge::test(sample, cases = 1, workers = 2))]
    async fn counts(workers: u64) {
        count(workers, TORN).await;
    }

    #[selvedge::test]
    #[selvedge::test(sample)]
    #[should_panic(expected = "several::lost::")]
    async fn lost() {
        count(2, true).await;
    }

    #[test]
    fn each_attribute_is_a_test_with_a_name_of_its_own() {
        let tests = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--list", "--format", "terse", "several::"])
            .output()
            .unwrap();
        let listed = String::from_utf8(tests.stdout).unwrap();
        let mut names: Vec<_> = listed
            .lines()
            .filter_map(|l| l.strip_prefix("several::")?.strip_suffix(": test"))
            .collect();
        names.retain(|name| !name.starts_with("each_"));
        names.sort();
        let last = if cfg!(feature = "loom") { "counts::loom" } else { "counts::sample_2" };
        let mut expected = vec![
            "counts::explore",
            "counts::explore_2",
            "counts::explore_poll",
            "counts::explore_poll_racing",
            "counts::pct",
            "counts::proptest",
            "counts::sample",
            "counts::tokio",
            "counts::tokio_threads",
            "lost::explore",
            "lost::sample",
            last,
        ];
        expected.sort();
        assert_eq!(names, expected);
    }
}
