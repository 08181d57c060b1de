//! Loom's own limits and figures. What it reaches is compared with the explorer's in the matrix.

#![cfg(feature = "loom")]

use selvedge::{Bound, Check, Limits, Record, Report, Verdict};
use selvedge_loom_tests::column::Budget;
use selvedge_loom_tests::exhibit::{By, near_miss};
use selvedge_loom_tests::gallery::near_miss::NEAR_MISSES;
use selvedge_loom_tests::scenario::shape;
use selvedge_loom_tests::scenarios::worker_pool::{equal_workers, plain_flow};
use selvedge_rt as rt;

fn executions(report: &Report) -> u64 {
    report.assert_proved();
    report.coverage.executions
}

/// A pool without a supervisor: its root owns the worker, and is the only other task.
async fn two_tasks() {
    let (submit, queue) = rt::async_channel::bounded::<u64>(1);
    let (deliver, results) = rt::async_channel::bounded::<u64>(1);
    let token = rt::sync::CancellationToken::new();
    let got = Record::distinct("got");
    let mut pool = rt::task::JoinSet::new();
    pool.spawn({
        let token = token.clone();
        async move {
            loop {
                let job = rt::select! {
                    biased;
                    () = token.cancelled() => return,
                    job = queue.recv() => match job {
                        Ok(job) => job,
                        Err(_) => return,
                    },
                };
                if deliver.send(job * job).await.is_err() {
                    return;
                }
            }
        }
    });
    submit.send(3).await.expect("the worker takes jobs");
    drop(submit);
    while let Ok(result) = results.recv().await {
        got.note(result);
    }
    while pool.join_next().await.is_some() {}
    assert_eq!(got.sorted(), [9]);
}

/// Pinned like the explorer's: a change in what is an access shows here first.
#[test]
fn one_worker_and_one_job_are_complete_within_so_many_executions() {
    assert_eq!(executions(&Check::new("two tasks").loom(two_tasks)), 336);
    // The production pool has a third task, the supervisor, which waits for the worker and the token at
    // once and which the root joins: every order of all their ends counts.
    let check = equal_workers(Check::new("plain"));
    assert_eq!(executions(&check.loom(|| plain_flow(shape(1, 1, 1)))), 14_739);
}

#[test]
fn only_the_near_miss_with_timers_does_not_fit_loom() {
    let fits = |finds: &[selvedge_loom_tests::exhibit::Find]| {
        let at = By::ALL.iter().position(|by| *by == By::Loom).expect("loom");
        finds[at].report().is_some()
    };
    let budget = Budget { samples: 10, ..Budget::QUICK };
    let misfits: Vec<_> = NEAR_MISSES
        .iter()
        .filter(|n| !fits(&near_miss(n, &budget).finds))
        .map(|n| n.name)
        .collect();
    assert_eq!(misfits, ["a_timer_is_reset_in_a_loop_and_dropped"]);
}

#[test]
fn a_limit_that_is_hit_is_named() {
    let limits = Limits { executions: 100, ..Limits::default() };
    let report = Check::new("plain").limits(limits).loom(|| plain_flow(shape(1, 1, 1)));
    assert_eq!(report.verdict, Verdict::Bounded(Bound::Executions(100)));
}
