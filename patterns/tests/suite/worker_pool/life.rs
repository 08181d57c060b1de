//! Contract 1 to 3, 7 and 8: how many at once, how it ends, how it holds back.

use super::{Gauge, nz, read_all, values};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::StreamExt;
use selvedge_patterns::End;
use selvedge_patterns::worker_pool::{Pool, Results, TryRejected, WorkerPool};
use selvedge_rt::sync::CancellationToken;
use std::collections::BTreeSet;
use tokio::sync::{Barrier, Semaphore};

use std::sync::Arc;

#[test]
fn never_more_jobs_run_at_once_than_there_are_workers() {
    on_every_runtime(|| async {
        let running = Gauge::default();
        let seen = running.clone();
        let (mut pool, mut results) = WorkerPool::new(move |_: u64| {
            let inside = running.enter();
            async move {
                tokio::task::yield_now().await;
                drop(inside);
            }
        })
        .workers(nz(3))
        .queue(nz(8))
        .start(&CancellationToken::new());
        tokio::spawn(async move {
            for job in 0..24 {
                pool.submit(job).await.unwrap();
            }
        });
        assert_eq!(read_all(&mut results).await.len(), 24);
        assert!(seen.peak() <= 3, "{} at once", seen.peak());
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn as_many_jobs_run_at_once_as_there_are_workers() {
    on_every_runtime(|| async {
        // Each job waits for two others: fewer workers than three would hang.
        let together = Arc::new(Barrier::new(3));
        let (mut pool, mut results) = WorkerPool::new(move |_: u64| {
            let together = together.clone();
            async move { together.wait().await.is_leader() }
        })
        .workers(nz(3))
        .start(&CancellationToken::new());
        for job in 0..3 {
            pool.submit(job).await.unwrap();
        }
        drop(pool);
        assert_eq!(read_all(&mut results).await.len(), 3);
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn pool_finishes_what_was_accepted_when_the_last_handle_is_dropped() {
    on_every_runtime(|| async {
        let (mut pool, mut results) = WorkerPool::new(|n: u64| async move { n * 10 })
            .workers(nz(2))
            .queue(nz(4))
            .start(&CancellationToken::new());
        let mut other = pool.clone();
        for job in 0..3 {
            pool.submit(job).await.unwrap();
        }
        drop(pool);
        other.submit(3).await.unwrap();
        drop(other);
        assert_eq!(values(read_all(&mut results).await), [0, 10, 20, 30]);
        let report = results.close().await;
        assert_eq!((report.end, report.accepted(), report.done), (End::Complete, 4, 4));
        assert!(report.is_clean());
    });
}

/// Starts a pool of idle workers; the gauge shows how many tasks still hold their share of it.
fn idle(token: &CancellationToken) -> (Pool<u64>, Results<u64, u64>, Gauge) {
    let tasks = Gauge::default();
    let inside = tasks.enter();
    let (pool, results) = WorkerPool::new(move |n: u64| {
        let _ = &inside;
        async move { n }
    })
    .workers(nz(3))
    .start(token);
    (pool, results, tasks)
}

#[test]
fn idle_workers_end_when_the_last_handle_is_dropped() {
    on_one_thread(|| async {
        let (pool, results, tasks) = idle(&CancellationToken::new());
        settle().await;
        assert_eq!(tasks.now(), 1);
        drop(pool);
        settle().await;
        assert_eq!(tasks.now(), 0, "a task of the pool lives on");
        assert_eq!(results.close().await.end, End::Complete);
    });
}

#[test]
fn idle_workers_end_on_cancel() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (_pool, results, tasks) = idle(&token);
        settle().await;
        token.cancel();
        settle().await;
        assert_eq!(tasks.now(), 0, "a task of the pool lives on");
        assert_eq!(results.close().await.end, End::Cancelled);
    });
}

#[test]
fn idle_workers_end_when_the_consumer_is_dropped() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (mut pool, results, tasks) = idle(&token);
        settle().await;
        drop(results);
        settle().await;
        assert_eq!(tasks.now(), 0, "a task of the pool lives on");
        assert_eq!(pool.submit(1).await.unwrap_err().into_job(), 1);
        assert!(!token.is_cancelled(), "the caller's token is not the pool's to cancel");
    });
}

#[test]
fn busy_workers_end_when_the_consumer_is_dropped() {
    on_one_thread(|| async {
        let (mut pool, results, tasks) = idle(&CancellationToken::new());
        for job in 0..20 {
            if pool.try_submit(job).is_err() {
                settle().await;
            }
        }
        assert_eq!(tasks.now(), 1, "they wait for room for their results");
        drop(results);
        settle().await;
        assert_eq!(tasks.now(), 0, "a task of the pool lives on");
    });
}

#[test]
fn results_end_only_after_every_worker_and_stay_ended() {
    on_every_runtime(|| async {
        let running = Gauge::default();
        let seen = running.clone();
        let (mut pool, mut results) = WorkerPool::new(move |n: u64| {
            let inside = running.enter();
            async move {
                for _ in 0..n {
                    tokio::task::yield_now().await;
                }
                drop(inside);
            }
        })
        .workers(nz(4))
        .start(&CancellationToken::new());
        for job in [9, 0, 3, 1] {
            pool.submit(job).await.unwrap();
        }
        drop(pool);
        assert_eq!(read_all(&mut results).await.len(), 4);
        assert_eq!(seen.now(), 0);
        for _ in 0..3 {
            assert_eq!(results.next().await, None);
            assert_eq!(StreamExt::next(&mut results).await, None);
        }
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn results_are_the_same_as_a_stream() {
    on_every_runtime(|| async {
        let (mut pool, mut results) = WorkerPool::new(|n: u64| async move { n })
            .workers(nz(2))
            .start(&CancellationToken::new());
        tokio::spawn(async move {
            for job in 0..9 {
                pool.submit(job).await.unwrap();
            }
        });
        let first: Vec<_> = (&mut results).take(4).collect().await;
        assert_eq!(first.len(), 4, "the stream gives them too");
        let rest = read_all(&mut results).await;
        assert_eq!(values(first.into_iter().chain(rest)), (0..9).collect::<Vec<_>>());
        let report = results.close().await;
        assert_eq!(report.delivered, 9, "both ways of reading count");
        assert!(report.is_clean());
    });
}

#[test]
fn submit_waits_while_the_queue_is_full_and_goes_on_when_a_job_is_taken() {
    on_one_thread(|| async {
        let gate = Arc::new(Semaphore::new(0));
        let jobs_wait = gate.clone();
        let (mut pool, mut results) = WorkerPool::new(move |_: u64| {
            let gate = jobs_wait.clone();
            async move { gate.acquire().await.unwrap().forget() }
        })
        .start(&CancellationToken::new());
        pool.submit(0).await.unwrap();
        settle().await;
        pool.submit(1).await.unwrap();

        let third = tokio::spawn(async move { (pool.submit(2).await.is_ok(), pool) });
        settle().await;
        assert!(!third.is_finished(), "one runs, one waits: the queue is full");
        gate.add_permits(1);
        let (accepted, pool) = third.await.unwrap();
        assert!(accepted);
        gate.add_permits(2);
        drop(pool);
        assert_eq!(read_all(&mut results).await.len(), 3);
        assert!(results.close().await.is_clean());
    });
}

/// Submits until the pool takes no more, however long one waits. A pool without bound gets 100.
async fn fill(pool: &mut Pool<u64>) -> u64 {
    let mut accepted = 0;
    for job in 0..100 {
        if pool.try_submit(job).is_err() {
            settle().await;
            match pool.try_submit(job) {
                Ok(_) => {}
                Err(TryRejected::Full(_)) => break,
                Err(TryRejected::Closed(_)) => panic!("nobody closed it"),
            }
        }
        accepted += 1;
    }
    accepted
}

#[test]
fn memory_is_bounded_by_queue_results_and_workers() {
    for (workers, queue, room) in [(1, 1, 1), (2, 1, 3), (3, 5, 2)] {
        on_one_thread(|| async {
            let (mut pool, results) = WorkerPool::new(|n: u64| async move { n })
                .workers(nz(workers))
                .queue(nz(queue))
                .results(nz(room))
                .start(&CancellationToken::new());
            // Nobody reads. What is accepted is what the pool can hold.
            let accepted = fill(&mut pool).await;
            assert_eq!(accepted as usize, workers + queue + room);
            assert_eq!(results.close().await.accepted(), accepted);
        });
    }
}

#[test]
fn buffers_are_as_large_as_the_workers_are_many_by_default() {
    on_one_thread(|| async {
        let (mut pool, results) = WorkerPool::new(|n: u64| async move { n })
            .workers(nz(4))
            .start(&CancellationToken::new());
        let queued = (0..100).take_while(|job| pool.try_submit(*job).is_ok()).count();
        assert_eq!(queued, 4, "before any worker runs");
        // As many again in the workers, and as many in the results.
        assert_eq!(4 + fill(&mut pool).await, 12);
        assert_eq!(results.close().await.accepted(), 12);
    });
}

#[test]
fn job_ids_are_unique_over_all_handles_and_count_up_in_each() {
    on_every_runtime(|| async {
        let (pool, mut results) = WorkerPool::new(|n: u64| async move { n })
            .workers(nz(2))
            .start(&CancellationToken::new());
        let submitters: Vec<_> = (0..4u64)
            .map(|s| {
                let mut pool = pool.clone();
                tokio::spawn(async move {
                    let mut ids = Vec::new();
                    for job in 0..5 {
                        ids.push(pool.submit(s * 5 + job).await.unwrap());
                    }
                    ids
                })
            })
            .collect();
        drop(pool);
        let done = read_all(&mut results).await;
        let mut ids = BTreeSet::new();
        for submitter in submitters {
            let own = submitter.await.unwrap();
            assert!(own.iter().map(|id| id.index()).eq(0..5));
            assert!(own.iter().all(|id| id.handle() == own[0].handle()));
            ids.extend(own);
        }
        assert_eq!(ids.len(), 20);
        assert_eq!(done.iter().map(|done| done.id).collect::<BTreeSet<_>>(), ids);
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn handles_count_from_0_in_order_of_cloning_and_ids_read_as_handle_and_index() {
    on_one_thread(|| async {
        let (mut first, results) = WorkerPool::new(|n: u64| async move { n })
            .queue(nz(3))
            .start(&CancellationToken::new());
        assert_eq!(first.try_submit(0).unwrap().handle(), 0);
        let mut second = first.clone();
        second.try_submit(0).unwrap();
        let id = second.try_submit(0).unwrap();
        assert_eq!((id.handle(), id.index(), id.to_string()), (1, 1, "1.1".to_owned()));
        let _ = results.close().await;
    });
}

/// A job that cannot be printed.
struct Opaque;

#[test]
fn handles_and_refusals_are_printed_without_their_jobs() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (mut pool, mut results) = WorkerPool::new(|_: Opaque| async {}).start(&token);
        assert_eq!(format!("{pool:?}"), "Pool { next: JobId { handle: 0, index: 0 }, .. }");
        pool.submit(Opaque).await.unwrap();
        results.next().await.unwrap();
        let delivered = "Delivered { returned: 1, panicked: 0 }";
        assert_eq!(format!("{results:?}"), format!("Results {{ delivered: {delivered}, .. }}"));

        pool.try_submit(Opaque).unwrap();
        let full = pool.try_submit(Opaque).unwrap_err();
        assert_eq!(format!("{full:?}: {full}"), "Full(..): the queue is full");
        token.cancel();
        settle().await;
        let closed = pool.try_submit(Opaque).unwrap_err();
        assert_eq!(format!("{closed:?}: {closed}"), "Closed(..): the pool takes no more jobs");
        let rejected = pool.submit(Opaque).await.unwrap_err();
        assert_eq!(
            format!("{rejected:?}: {rejected}"),
            "Rejected(..): the pool takes no more jobs"
        );
        let _ = results.close().await;
    });
}
