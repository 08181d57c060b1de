//! Contract 4, 5 and 7: what a cancel stops, finishes, gives back.

use super::{Gauge, nz, read_all, values};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::End;
use selvedge_patterns::worker_pool::{OnCancel, Outcome, TryRejected, WorkerPool};
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Semaphore;

#[test]
fn no_job_starts_once_the_pool_is_cancelled() {
    for on_cancel in [OnCancel::Drain, OnCancel::Abandon] {
        on_one_thread(|| async {
            let token = CancellationToken::new();
            let late = Arc::new(AtomicUsize::new(0));
            let (cancel, late_starts) = (token.clone(), late.clone());
            // Job 2 cancels. On one thread no start can come between the look and the cancel.
            let (mut pool, results) = WorkerPool::new(move |n: u64| {
                if cancel.is_cancelled() {
                    late_starts.fetch_add(1, Ordering::SeqCst);
                }
                if n == 2 {
                    cancel.cancel();
                }
                async move { n }
            })
            .workers(nz(2))
            .queue(nz(8))
            .results(nz(8))
            .on_cancel(on_cancel)
            .start(&token);
            for job in 0..8 {
                pool.submit(job).await.unwrap();
            }
            let report = results.close().await;
            assert_eq!(late.load(Ordering::SeqCst), 0);
            assert_eq!(report.end, End::Cancelled);
            assert_eq!(report.accepted(), 8);
            assert!(report.cancelled.len() >= 5, "3 to 7 were never started");
        });
    }
}

#[test]
fn no_job_starts_when_the_token_is_cancelled_before_the_start() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        token.cancel();
        let started = Arc::new(AtomicBool::new(false));
        let note = started.clone();
        let (mut pool, mut results) = WorkerPool::new(move |_: u64| {
            note.store(true, Ordering::SeqCst);
            async {}
        })
        .start(&token);
        let first = pool.submit(7).await;
        assert_eq!(results.next().await, None);
        let report = results.close().await;
        assert!(!started.load(Ordering::SeqCst));
        assert_eq!(report.end, End::Cancelled);
        match first {
            // It slipped in before the supervisor ran.
            Ok(id) => assert_eq!(report.cancelled, [(id, Some(7))]),
            Err(rejected) => assert_eq!((rejected.into_job(), report.accepted()), (7, 0)),
        }
    });
}

#[test]
fn draining_finishes_and_delivers_the_jobs_in_flight_and_gives_back_the_queue() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let gate = Arc::new(Semaphore::new(0));
        let jobs_wait = gate.clone();
        let (mut pool, mut results) = WorkerPool::new(move |n: u64| {
            let gate = jobs_wait.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                n
            }
        })
        .workers(nz(2))
        .start(&token);
        for job in 0..2 {
            pool.submit(job).await.unwrap();
        }
        settle().await;
        let waiting = [pool.submit(2).await.unwrap(), pool.submit(3).await.unwrap()];
        token.cancel();
        settle().await;
        gate.add_permits(2);
        assert_eq!(values(read_all(&mut results).await), [0, 1]);
        let mut report = results.close().await;
        assert_eq!((report.end, report.done, report.delivered), (End::Cancelled, 2, 2));
        report.cancelled.sort();
        assert_eq!(report.cancelled, [(waiting[0], Some(2)), (waiting[1], Some(3))]);
    });
}

#[test]
fn abandoning_drops_the_jobs_in_flight_and_lists_them() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let running = Gauge::default();
        let started = Arc::new(Semaphore::new(0));
        let (seen, start) = (running.clone(), started.clone());
        let (mut pool, mut results) = WorkerPool::new(move |_: u64| {
            let inside = running.enter();
            start.add_permits(1);
            async move {
                std::future::pending::<()>().await;
                drop(inside);
            }
        })
        .workers(nz(2))
        .on_cancel(OnCancel::Abandon)
        .start(&token);
        let ids = [pool.submit(0).await.unwrap(), pool.submit(1).await.unwrap()];
        started.acquire_many(2).await.unwrap().forget();
        token.cancel();
        assert_eq!(results.next().await, None);
        assert_eq!(seen.now(), 0, "the futures are dropped");
        let mut report = results.close().await;
        report.cancelled.sort();
        assert_eq!(report.cancelled, [(ids[0], None), (ids[1], None)]);
        assert_eq!((report.end, report.done), (End::Cancelled, 0));
    });
}

#[test]
fn abandoning_gives_back_the_jobs_that_wait_in_the_queue() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (mut pool, results) = WorkerPool::new(|_: u64| std::future::pending::<()>())
            .queue(nz(2))
            .on_cancel(OnCancel::Abandon)
            .start(&token);
        let running = pool.submit(0).await.unwrap();
        settle().await;
        let waiting = [pool.submit(1).await.unwrap(), pool.submit(2).await.unwrap()];
        token.cancel();
        let mut report = results.close().await;
        report.cancelled.sort();
        let back = [(running, None), (waiting[0], Some(1)), (waiting[1], Some(2))];
        assert_eq!(report.cancelled, back);
    });
}

#[test]
fn abandoning_waits_for_no_consumer_and_hands_the_result_back() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let tasks = Gauge::default();
        let inside = tasks.enter();
        let (mut pool, mut results) = WorkerPool::new(move |n: u64| {
            let _ = &inside;
            async move { n }
        })
        .workers(nz(2))
        .results(nz(1))
        .on_cancel(OnCancel::Abandon)
        .start(&token);
        for job in 0..3 {
            pool.submit(job).await.unwrap();
            settle().await;
        }
        // One result is in the buffer and two workers wait for room. Nobody reads.
        token.cancel();
        settle().await;
        assert_eq!(tasks.now(), 0, "a worker still waits");
        assert_eq!(values(read_all(&mut results).await), [0]);
        let report = results.close().await;
        assert_eq!(values(report.undelivered.clone()), [1, 2]);
    });
}

#[test]
fn abandoning_delivers_a_result_once_there_is_room_when_nobody_cancels() {
    on_one_thread(|| async {
        let (mut pool, mut results) = WorkerPool::new(|n: u64| async move { n })
            .results(nz(1))
            .queue(nz(3))
            .on_cancel(OnCancel::Abandon)
            .start(&CancellationToken::new());
        for job in 0..3 {
            pool.submit(job).await.unwrap();
        }
        drop(pool);
        settle().await;
        assert_eq!(values(read_all(&mut results).await), [0, 1, 2]);
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn draining_waits_for_the_consumer_and_closing_frees_the_worker_with_its_result() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let tasks = Gauge::default();
        let inside = tasks.enter();
        let (mut pool, results) = WorkerPool::new(move |n: u64| {
            let _ = &inside;
            async move { n }
        })
        .start(&token);
        for job in 0..2 {
            pool.submit(job).await.unwrap();
            settle().await;
        }
        token.cancel();
        settle().await;
        assert_eq!(tasks.now(), 1, "it still has a result to deliver");
        let report = results.close().await;
        assert_eq!(tasks.now(), 0);
        assert_eq!(values(report.undelivered.clone()), [0, 1]);
    });
}

#[test]
fn cancel_frees_every_submitter_that_waits_for_a_full_queue_with_its_job() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let (mut pool, results) = WorkerPool::new(|_: u64| std::future::pending::<()>())
            .on_cancel(OnCancel::Abandon)
            .start(&token);
        pool.submit(0).await.unwrap();
        settle().await;
        pool.submit(1).await.unwrap();
        let submitters: Vec<_> = (2..6)
            .map(|job| {
                let mut pool = pool.clone();
                tokio::spawn(async move { pool.submit(job).await.unwrap_err().into_job() })
            })
            .collect();
        settle().await;
        assert!(submitters.iter().all(|submitter| !submitter.is_finished()));
        token.cancel();
        for (submitter, job) in submitters.into_iter().zip(2..) {
            assert_eq!(submitter.await.unwrap(), job);
        }
        assert_eq!(pool.try_submit(9), Err(TryRejected::Closed(9)));
        assert_eq!(results.close().await.accepted(), 2, "the others were never accepted");
    });
}

#[test]
fn submitters_are_freed_at_once_while_a_draining_job_runs_on() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let gate = Arc::new(Semaphore::new(0));
        let job_waits = gate.clone();
        let (mut pool, results) = WorkerPool::new(move |n: u64| {
            let gate = job_waits.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                n
            }
        })
        .start(&token);
        pool.submit(0).await.unwrap();
        settle().await;
        pool.submit(1).await.unwrap();
        let third = tokio::spawn(async move { pool.submit(2).await.unwrap_err().into_job() });
        settle().await;
        token.cancel();
        assert_eq!(third.await.unwrap(), 2, "the job in flight does not hold it up");
        gate.add_permits(1);
        let report = results.close().await;
        assert_eq!((report.done, report.cancelled.len()), (1, 1));
    });
}

#[test]
fn close_returns_only_after_every_task_of_the_pool_has_ended() {
    on_every_runtime(|| async {
        let tasks = Gauge::default();
        let (inside, jobs) = (tasks.enter(), tasks.clone());
        let (mut pool, results) = WorkerPool::new(move |_: u64| {
            let _ = &inside;
            let inside = jobs.enter();
            async move {
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                drop(inside);
            }
        })
        .workers(nz(3))
        .start(&CancellationToken::new());
        for job in 0..3 {
            pool.submit(job).await.unwrap();
        }
        let report = results.close().await;
        assert_eq!(tasks.now(), 0, "the handler, shared by all tasks, is gone with the last");
        assert_eq!(report.accepted(), 3);
    });
}

#[test]
fn closing_a_pool_that_ran_everything_is_complete_and_hands_back_what_was_not_read() {
    on_one_thread(|| async {
        let (mut pool, mut results) = WorkerPool::new(|n: u64| async move { n })
            .queue(nz(3))
            .results(nz(3))
            .start(&CancellationToken::new());
        for job in 0..3 {
            pool.submit(job).await.unwrap();
        }
        drop(pool);
        settle().await;
        assert_eq!(results.next().await.unwrap().outcome, Outcome::Returned(0));
        let report = results.close().await;
        assert_eq!((report.end, report.done, report.delivered), (End::Complete, 3, 1));
        assert_eq!(values(report.undelivered.clone()), [1, 2]);
        assert!(!report.is_clean());
    });
}

#[test]
fn a_pool_cancelled_before_its_last_handle_is_dropped_is_never_complete() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let (mut pool, mut results) =
            WorkerPool::new(|n: u64| async move { n }).workers(nz(2)).start(&token);
        pool.submit(0).await.unwrap();
        assert_eq!(results.next().await.unwrap().outcome, Outcome::Returned(0));
        token.cancel();
        // Everything accepted was done, yet a submitter may be refused from here on.
        assert_eq!(results.next().await, None);
        drop(pool);
        assert_eq!(results.close().await.end, End::Cancelled);
    });
}

#[test]
fn a_cancel_cuts_nothing_when_the_handles_are_gone_and_the_last_job_runs() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let gate = Arc::new(Semaphore::new(0));
        let job_waits = gate.clone();
        let (mut pool, mut results) = WorkerPool::new(move |n: u64| {
            let gate = job_waits.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                n
            }
        })
        .start(&token);
        pool.submit(4).await.unwrap();
        drop(pool);
        settle().await;
        token.cancel();
        settle().await;
        gate.add_permits(1);
        assert_eq!(values(read_all(&mut results).await), [4]);
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn a_cancel_after_the_end_changes_nothing() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let (mut pool, mut results) = WorkerPool::new(|n: u64| async move { n }).start(&token);
        pool.submit(0).await.unwrap();
        drop(pool);
        assert_eq!(read_all(&mut results).await.len(), 1);
        token.cancel();
        assert!(results.close().await.is_clean());
    });
}

#[test]
fn a_pool_stops_alone_and_leaves_its_siblings_running() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let (_idle, one) = WorkerPool::new(|n: u64| async move { n }).start(&token);
        let (mut pool, mut two) = WorkerPool::new(|n: u64| async move { n }).start(&token);
        assert_eq!(one.close().await.end, End::Cancelled);
        assert!(!token.is_cancelled());
        pool.submit(5).await.unwrap();
        assert_eq!(two.next().await.unwrap().outcome, Outcome::Returned(5));
        drop(pool);
        assert_eq!(two.next().await, None);
        assert!(two.close().await.is_clean());
    });
}
