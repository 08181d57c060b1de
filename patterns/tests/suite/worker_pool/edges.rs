//! The edges: odd shapes of use that must neither hang nor lose anything.

use super::{nz, read_all, values};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::End;
use selvedge_patterns::worker_pool::{Pool, Results, TryRejected, WorkerPool};
use selvedge_rt::sync::CancellationToken;
use std::sync::{Arc, OnceLock};

/// A job that brings a handle of the pool that runs it.
struct Spawning {
    pool: Pool<Spawning>,
    children: u64,
}

#[test]
fn jobs_that_submit_to_their_own_full_pool_wait_for_each_other_until_cancel_frees_them() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (mut pool, mut results) = WorkerPool::new(|mut job: Spawning| async move {
            let mut refused = 0;
            for _ in 0..job.children {
                let child = Spawning { pool: job.pool.clone(), children: 0 };
                refused += u64::from(job.pool.submit(child).await.is_err());
            }
            refused
        })
        .workers(nz(2))
        .queue(nz(2))
        .start(&token);
        // Both are in the queue before a worker runs, so each worker has one.
        for _ in 0..2 {
            let job = Spawning { pool: pool.clone(), children: 2 };
            pool.submit(job).await.unwrap();
        }
        drop(pool);
        settle().await;
        token.cancel();
        let refused = values(read_all(&mut results).await);
        assert_eq!(refused.iter().sum::<u64>(), 2, "two children fit, two are refused");
        let report = results.close().await;
        assert_eq!((report.end, report.done, report.cancelled.len()), (End::Cancelled, 2, 2));
    });
}

#[test]
fn a_pool_whose_jobs_carry_their_handle_ends_with_the_last_job() {
    on_every_runtime(|| async {
        let (mut pool, mut results) = WorkerPool::new(|mut job: Spawning| async move {
            for _ in 0..job.children {
                let child = Spawning { pool: job.pool.clone(), children: job.children - 1 };
                assert!(job.pool.try_submit(child).is_ok());
            }
        })
        .workers(nz(2))
        .queue(nz(16))
        .start(&CancellationToken::new());
        let root = Spawning { pool: pool.clone(), children: 3 };
        pool.submit(root).await.unwrap();
        drop(pool);
        // 1 + 3 + 3 * 2 + 3 * 2 * 1
        assert_eq!(read_all(&mut results).await.len(), 16);
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn a_handler_that_owns_a_handle_ends_by_cancel() {
    on_every_runtime(|| async {
        let own: Arc<OnceLock<Pool<u64>>> = Arc::default();
        let handler_own = own.clone();
        let (mut pool, mut results) = WorkerPool::new(move |n: u64| {
            let mut pool = handler_own.get().unwrap().clone();
            async move {
                let _ = pool.try_submit(n + 1);
                n
            }
        })
        .start(&CancellationToken::new());
        assert!(own.set(pool.clone()).is_ok());
        pool.submit(0).await.unwrap();
        drop(pool);
        assert!(results.next().await.is_some());
        let report = results.close().await;
        assert_eq!(report.end, End::Cancelled);
    });
}

#[test]
fn a_submitter_that_outlives_the_pool_gets_every_job_back() {
    on_every_runtime(|| async {
        let (mut pool, results) =
            WorkerPool::new(|n: u64| async move { n }).start(&CancellationToken::new());
        let report = results.close().await;
        assert_eq!((report.end, report.accepted()), (End::Cancelled, 0));
        for job in 0..3 {
            assert_eq!(pool.submit(job).await.unwrap_err().into_job(), job);
            assert_eq!(pool.clone().try_submit(job), Err(TryRejected::Closed(job)));
        }
    });
}

#[test]
fn a_pool_without_jobs_is_complete() {
    on_every_runtime(|| async {
        let (pool, mut results) = WorkerPool::new(|n: u64| async move { n })
            .workers(nz(3))
            .start(&CancellationToken::new());
        drop(pool);
        assert_eq!(results.next().await, None);
        let report = results.close().await;
        assert!(report.is_clean());
        assert_eq!(report.accepted(), 0);
    });
}

#[test]
fn a_submit_that_is_dropped_while_it_waits_was_not_accepted() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (mut pool, results) = WorkerPool::new(|n: u64| async move { n }).start(&token);
        pool.submit(0).await.unwrap();
        {
            let waiting = pool.submit(1);
            tokio::pin!(waiting);
            // Nothing ran in between: the queue of one is full.
            assert!(futures_util::poll!(waiting).is_pending());
        }
        settle().await;
        let id = pool.submit(2).await.unwrap();
        assert_eq!(id.index(), 1, "the number of the dropped one is used again");
        settle().await;
        let report = results.close().await;
        assert_eq!(report.accepted(), 2);
        assert_eq!(values(report.undelivered), [0, 2]);
    });
}

#[test]
fn a_next_that_is_dropped_while_it_waits_received_nothing() {
    on_one_thread(|| async {
        let (mut pool, mut results) =
            WorkerPool::new(|n: u64| async move { n }).start(&CancellationToken::new());
        {
            let waiting = results.next();
            tokio::pin!(waiting);
            assert!(futures_util::poll!(waiting).is_pending());
            pool.submit(0).await.unwrap();
            settle().await;
        }
        drop(pool);
        assert_eq!(values(read_all(&mut results).await), [0]);
        let report = results.close().await;
        assert_eq!(report.delivered, 1);
        assert!(report.is_clean());
    });
}

#[test]
fn handles_and_futures_can_move_between_threads() {
    fn check<T: Send>(_: &T) {}
    fn check_sync<T: Sync>(_: &T) {}
    on_one_thread(|| async {
        let (mut pool, mut results) =
            WorkerPool::new(|n: u64| async move { n }).start(&CancellationToken::new());
        check(&pool);
        check_sync(&pool);
        check(&pool.submit(0));
        check(&results.next());
        let close: Results<u64, u64> = results;
        check_sync(&close);
        let close = close.close();
        check(&close);
        let _ = close.await;
    });
}
