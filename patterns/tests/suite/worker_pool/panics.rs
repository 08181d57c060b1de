//! Contract 6: a panic of a job is a result, and costs no worker.

use super::{nz, read_all};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::End;
use selvedge_patterns::worker_pool::{OnCancel, Outcome, WorkerPool};
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use tokio::sync::Barrier;

#[test]
fn a_job_that_panics_gives_one_result_with_its_id_and_message() {
    on_every_runtime(|| async {
        let (mut pool, mut results) = WorkerPool::new(|n: u64| async move {
            tokio::task::yield_now().await;
            assert!(n != 1, "job {n} is broken");
            n
        })
        .workers(nz(2))
        .start(&CancellationToken::new());
        let mut ids = Vec::new();
        for job in 0..2 {
            ids.push(pool.submit(job).await.unwrap());
        }
        drop(pool);
        let mut done = read_all(&mut results).await;
        done.sort_by_key(|done| done.id);
        assert_eq!(done.iter().map(|done| done.id).collect::<Vec<_>>(), ids);
        assert_eq!(done[0].outcome, Outcome::Returned(0));
        assert_eq!(done[1].outcome, Outcome::Panicked("job 1 is broken".into()));
        let report = results.close().await;
        assert_eq!((report.end, report.done, report.panicked), (End::Complete, 1, 1));
        assert!(!report.is_clean());
    });
}

#[test]
fn all_workers_are_left_after_every_one_of_them_ran_a_job_that_panicked() {
    for on_cancel in [OnCancel::Drain, OnCancel::Abandon] {
        on_every_runtime(|| async {
            // The first three panic at the same time, so each on a worker of its own; the next
            // three wait for each other, so there must still be three workers.
            let together = Arc::new(Barrier::new(3));
            let (mut pool, mut results) = WorkerPool::new(move |n: u64| {
                let together = together.clone();
                async move {
                    together.wait().await;
                    assert!(n >= 3, "early");
                }
            })
            .workers(nz(3))
            .on_cancel(on_cancel)
            .start(&CancellationToken::new());
            for job in 0..3 {
                pool.submit(job).await.unwrap();
            }
            for _ in 0..3 {
                let done = results.next().await.unwrap();
                assert_eq!(done.outcome, Outcome::Panicked("early".into()));
            }
            for job in 3..6 {
                pool.submit(job).await.unwrap();
            }
            drop(pool);
            assert_eq!(read_all(&mut results).await.len(), 3);
            let report = results.close().await;
            assert_eq!((report.done, report.panicked), (3, 3));
        });
    }
}

#[test]
fn a_handler_that_panics_before_it_returns_a_future_counts_as_a_job_that_panicked() {
    on_every_runtime(|| async {
        let (mut pool, mut results) = WorkerPool::new(|n: u64| {
            assert!(n != 0, "no future");
            async move { n }
        })
        .queue(nz(2))
        .start(&CancellationToken::new());
        for job in 0..2 {
            pool.submit(job).await.unwrap();
        }
        drop(pool);
        assert_eq!(results.next().await.unwrap().outcome, Outcome::Panicked("no future".into()));
        assert_eq!(results.next().await.unwrap().outcome, Outcome::Returned(1));
        let _ = results.close().await;
    });
}

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn a_panic_while_an_abandoned_job_is_dropped_is_that_jobs_panic() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (mut pool, results) = WorkerPool::new(|_: u64| {
            let bomb = Bomb;
            async move {
                std::future::pending::<()>().await;
                drop(bomb);
            }
        })
        .on_cancel(OnCancel::Abandon)
        .start(&token);
        let id = pool.submit(0).await.unwrap();
        settle().await;
        token.cancel();
        let report = results.close().await;
        assert_eq!((report.end, report.panicked), (End::Cancelled, 1));
        assert_eq!(report.undelivered[0].id, id);
        assert_eq!(report.undelivered[0].outcome, Outcome::Panicked("dropped".into()));
    });
}
