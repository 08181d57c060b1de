//! Tasks that a check calls equal.

use rt::sync::Semaphore;
use rt::task::JoinSet;
use selvedge::{Check, Problem, Verdict};
use selvedge_rt as rt;
use std::sync::Arc;

#[test]
fn equal_tasks_that_are_the_last_to_be_started_are_no_makers_of_the_next_root() {
    let report = Check::new("equal").equal_tasks().explore(|| async {
        let permits = Arc::new(Semaphore::new(1));
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let permits = permits.clone();
            tasks.spawn(async move { drop(permits.acquire().await) });
        }
        while tasks.join_next().await.is_some() {}
    });
    report.assert_proved();
}

#[test]
fn what_one_of_several_equal_tasks_makes_and_hands_out_is_told() {
    let report = Check::new("not equal").equal_tasks().explore(|| async {
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            tasks.spawn(async { Arc::new(Semaphore::new(1)) });
        }
        while let Some(made) = tasks.join_next().await {
            drop(made.unwrap().acquire().await);
        }
    });
    let told = matches!(report.verdict, Verdict::Failed(Problem::NotEqual { .. }));
    assert!(told, "{report}");
}
