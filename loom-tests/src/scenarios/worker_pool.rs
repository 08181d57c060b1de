//! The worker pool's contract. The numbers are those of `selvedge_patterns::worker_pool`.

use crate::scenario::{Root, Scenario, Shape, shape};
use rt::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use rt::sync::{CancellationToken, Notify};
use rt::task::JoinHandle;
use selvedge::{Check, Record, shares, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::worker_pool::{
    Done, JobId, Leftover, OnCancel, Outcome, Pool, PoolReport, Results, WorkerPool,
};
use selvedge_rt as rt;
use std::sync::Arc;

const BASE: Scenario = Scenario {
    pattern: "worker_pool",
    name: "",
    statements: &[],
    root: flow,
    check: equal_workers,
    operation: shape(2, 2, 1),
    poll: shape(3, 4, 2),
    loom: Some(shape(1, 1, 1)),
    preemptions: None,
};

/// The scenarios, in the order of the contract.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "never_more_jobs_at_once_than_workers",
        statements: &[1],
        root: at_most_workers,
        loom: Some(shape(2, 2, 1)),
        preemptions: Some(1),
        ..BASE
    },
    Scenario { name: "every_job_gives_one_result", statements: &[2, 3, 9], root: flow, ..BASE },
    Scenario {
        name: "cancel_at_any_time_loses_nothing",
        statements: &[2, 3, 7, 9],
        root: cancelled_flow,
        operation: shape(2, 2, 2),
        poll: shape(4, 6, 2),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "idle_workers_end_when_the_consumer_is_dropped",
        statements: &[2],
        root: dropped_consumer,
        check: equal_and_unjoined,
        ..BASE
    },
    Scenario {
        name: "no_job_runs_when_the_results_have_ended",
        statements: &[3],
        root: ended_is_ended,
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_job_submitted_after_the_cancel_never_starts",
        statements: &[4],
        root: late_job,
        ..BASE
    },
    Scenario {
        name: "drain_finishes_jobs_in_flight",
        statements: &[5],
        root: |s| in_flight(s, OnCancel::Drain),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "abandon_lists_jobs_in_flight",
        statements: &[5],
        root: |s| in_flight(s, OnCancel::Abandon),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_panicking_job_gives_one_result_and_its_worker_lives_on",
        statements: &[6],
        root: panicking_job,
        loom: Some(shape(1, 2, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_full_queue_makes_submit_wait_and_cancel_gives_the_job_back",
        statements: &[7],
        root: full_queue,
        operation: shape(1, 3, 1),
        poll: shape(2, 5, 1),
        loom: Some(shape(1, 3, 1)),
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "memory_is_bounded_by_queue_results_and_workers",
        statements: &[8],
        root: bounded,
        operation: shape(1, 4, 1),
        poll: shape(2, 6, 1),
        loom: Some(shape(1, 4, 1)),
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "every_worker_panics_and_nothing_is_lost",
        statements: &[6, 9],
        root: all_panic,
        ..BASE
    },
    Scenario {
        name: "a_job_may_wait_to_submit_to_its_own_full_pool_until_the_cancel",
        statements: &[7, 9],
        root: own_pool,
        operation: shape(1, 1, 1),
        poll: shape(2, 2, 1),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_handle_that_outlives_the_pool_gives_jobs_back",
        statements: &[7],
        root: outliving_handle,
        ..BASE
    },
    Scenario {
        name: "clones_of_a_handle_submit_to_one_pool",
        statements: &[8, 9],
        root: one_pool,
        preemptions: Some(2),
        ..BASE
    },
];

/// What the checks of a pool are told: equal workers, and values that say all by themselves.
pub fn equal_workers(check: Check) -> Check {
    check
        .equal_tasks()
        .identify::<(JobId, u64)>()
        .identify::<Done<u64>>()
        .identify::<Option<Leftover<u64, u64>>>()
}

fn equal_and_unjoined(check: Check) -> Check {
    equal_workers(check).unjoined()
}

/// A pool that is to be of this shape.
pub(super) fn shaped<F>(s: Shape, handler: F) -> WorkerPool<F> {
    WorkerPool::new(handler).workers(s.workers()).queue(s.buffer()).results(s.buffer())
}

/// A producer of its own: submits `0..jobs` until it is refused, and returns how many were accepted.
pub(super) fn producer(mut pool: Pool<u64>, jobs: u64) -> JoinHandle<u64> {
    rt::spawn(async move {
        let mut accepted = 0;
        while accepted < jobs && pool.submit(accepted).await.is_ok() {
            accepted += 1;
        }
        accepted
    })
}

/// A task whose only step is to cancel, so that it may come at any time.
fn canceller(token: &CancellationToken) -> JoinHandle<()> {
    let token = token.clone();
    rt::spawn(async move { token.cancel() })
}

async fn read_all(results: &mut Results<u64, u64>) -> Vec<Done<u64>> {
    let mut all = Vec::new();
    while let Some(done) = results.next().await {
        all.push(done);
    }
    all
}

/// What every run of a pool must meet, whatever happened in it.
fn account(accepted: u64, delivered: &[Done<u64>], report: &PoolReport<u64, u64>) {
    assert_eq!(report.accepted(), accepted, "{report:?}");
    assert_eq!(report.delivered, delivered.len() as u64, "{report:?}");
    let done = delivered.iter().chain(&report.undelivered).map(|d| d.id.index());
    let mut ids: Vec<u64> = done.chain(report.cancelled.iter().map(|c| c.0.index())).collect();
    ids.sort();
    assert_eq!(ids, (0..accepted).collect::<Vec<_>>(), "each job is seen once: {report:?}");
    if report.end == End::Complete {
        assert!(report.cancelled.is_empty() && report.undelivered.is_empty(), "{report:?}");
    }
}

fn flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let handler = move |job: u64| {
            note.note(job);
            async move { job * job }
        };
        let (pool, mut results) = shaped(s, handler).start(&token);
        let producer = producer(pool, s.jobs);
        let delivered = read_all(&mut results).await;
        let report = results.close().await;
        let accepted = producer.await.expect("the producer does not panic");
        shutdown_complete();
        account(accepted, &delivered, &report);
        assert_eq!((accepted, report.end), (s.jobs, End::Complete));
        let mut squares: Vec<_> = delivered.into_iter().map(|d| d.outcome.returned()).collect();
        squares.sort();
        assert_eq!(squares, (0..s.jobs).map(|n| Some(n * n)).collect::<Vec<_>>());
        assert_eq!(ran.sorted(), (0..s.jobs).collect::<Vec<_>>());
    })
}

/// The least that a pool does: the root submits all, then reads all. Needs room for all of it:
/// `jobs <= workers + 2 * buffer`.
pub fn plain_flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (mut pool, mut results) = shaped(s, |job: u64| async move { job * job }).start(&token);
        for job in 0..s.jobs {
            pool.submit(job).await.expect("a pool that nobody cancels takes every job");
        }
        drop(pool);
        let delivered = read_all(&mut results).await;
        let report = results.close().await;
        shutdown_complete();
        account(s.jobs, &delivered, &report);
        assert_eq!(report.end, End::Complete);
    })
}

/// A producer and a canceller of their own: everything at any time.
pub fn cancelled_flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let handler = move |job: u64| {
            note.note(job);
            async move { job * job }
        };
        let (pool, mut results) = shaped(s, handler).start(&token);
        let (producer, canceller) = (producer(pool, s.jobs), canceller(&token));
        let delivered = read_all(&mut results).await;
        let report = results.close().await;
        let accepted = producer.await.expect("the producer does not panic");
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        account(accepted, &delivered, &report);
        assert_eq!(ran.sorted().len() as u64, report.done, "jobs that ran are the jobs done");
        if report.end == End::Complete {
            assert_eq!(accepted, s.jobs, "a truncated run never looks complete");
        }
    })
}

fn at_most_workers(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let running = Arc::new(AtomicUsize::new(0));
        let handler = move |_: u64| {
            let running = running.clone();
            async move {
                let now = running.fetch_add(1, SeqCst) + 1;
                rt::task::yield_now().await;
                running.fetch_sub(1, SeqCst);
                now as u64
            }
        };
        let (pool, mut results) = shaped(s, handler).start(&token);
        let producer = producer(pool, s.jobs);
        for done in read_all(&mut results).await {
            let now = done.outcome.returned().expect("no job panics");
            assert!(now <= s.workers as u64, "{now} jobs ran at once");
        }
        let _ = results.close().await;
        producer.await.expect("the producer does not panic");
    })
}

fn dropped_consumer(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (pool, results) = shaped(s, |job: u64| async move { job }).start(&token);
        // The handle stays, so the queue is idle and open: only the drop can end the workers, and
        // `TaskLeak` tells if it does not.
        drop(results);
        assert!(!token.is_cancelled(), "a pool never cancels the token that it was given");
        drop(pool);
    })
}

fn ended_is_ended(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let running = Arc::new(AtomicUsize::new(0));
        let count = running.clone();
        let handler = move |job: u64| {
            let count = count.clone();
            async move {
                count.fetch_add(1, SeqCst);
                rt::task::yield_now().await;
                count.fetch_sub(1, SeqCst);
                job
            }
        };
        let (pool, mut results) = shaped(s, handler).start(&token);
        let (producer, canceller) = (producer(pool, s.jobs), canceller(&token));
        read_all(&mut results).await;
        assert_eq!(running.load(SeqCst), 0, "no job runs after the end of the results");
        assert_eq!(results.next().await, None, "the end stays the end");
        let _ = results.close().await;
        producer.await.expect("the producer does not panic");
        canceller.await.expect("the canceller does not panic");
    })
}

fn late_job(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let handler = move |job: u64| {
            note.note(job);
            async move { job }
        };
        let (mut pool, results) = shaped(s, handler).start(&token);
        token.cancel();
        let accepted = pool.submit(7).await.is_ok();
        let report = results.close().await;
        assert_eq!(ran.sorted(), Vec::<u64>::new(), "no job starts after the cancel");
        let listed: Vec<_> = report.cancelled.iter().map(|(_, job)| *job).collect();
        assert_eq!(listed, if accepted { vec![Some(7)] } else { vec![] });
        assert_eq!(report.end, End::Cancelled);
    })
}

fn in_flight(s: Shape, on_cancel: OnCancel) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let started = Record::distinct("started");
        let note = started.clone();
        let handler = move |job: u64| {
            note.note(job);
            async move {
                rt::task::yield_now().await;
                job
            }
        };
        let (mut pool, mut results) = shaped(s, handler).on_cancel(on_cancel).start(&token);
        let mut accepted = 0;
        while accepted < s.jobs.min(s.buffer as u64) && pool.submit(accepted).await.is_ok() {
            accepted += 1;
        }
        let canceller = canceller(&token);
        let delivered = read_all(&mut results).await;
        let report = results.close().await;
        canceller.await.expect("the canceller does not panic");
        account(accepted, &delivered, &report);
        let abandoned = report.cancelled.iter().filter(|(_, job)| job.is_none()).count() as u64;
        assert_eq!(started.sorted().len() as u64, report.done + abandoned);
        if on_cancel == OnCancel::Drain {
            assert_eq!(abandoned, 0, "a job in flight runs to its end");
        }
    })
}

fn panicking_job(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let handler = |job: u64| async move {
            assert!(job != 0, "job 0 panics");
            job
        };
        let (pool, mut results) = shaped(s, handler).start(&token);
        let producer = producer(pool, s.jobs);
        let delivered = read_all(&mut results).await;
        let report = results.close().await;
        let accepted = producer.await.expect("the producer does not panic");
        account(accepted, &delivered, &report);
        let panicked = |d: &&Done<u64>| matches!(d.outcome, Outcome::Panicked(_));
        let panics: Vec<u64> = delivered.iter().filter(panicked).map(|d| d.id.index()).collect();
        assert_eq!(panics, [0]);
        assert_eq!((report.panicked, report.done, report.end), (1, s.jobs - 1, End::Complete));
    })
}

fn all_panic(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let handler = |job: u64| async move {
            assert!(job == u64::MAX, "every job panics");
            job
        };
        let (pool, mut results) = shaped(s, handler).start(&token);
        let producer = producer(pool, s.jobs);
        let delivered = read_all(&mut results).await;
        let report = results.close().await;
        let accepted = producer.await.expect("the producer does not panic");
        account(accepted, &delivered, &report);
        assert_eq!((report.panicked, report.done), (s.jobs, 0));
    })
}

fn full_queue(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        // Jobs that only the cancel ends: every worker is busy, then the queue is full.
        let handler = move |_: u64| std::future::pending::<u64>();
        let (pool, results) = shaped(s, handler).on_cancel(OnCancel::Abandon).start(&token);
        let mut pool = pool;
        let jobs = s.jobs;
        let producer = rt::spawn(async move {
            for job in 0..jobs {
                if let Err(rejected) = pool.submit(job).await {
                    assert_eq!(rejected.into_job(), job, "the job comes back");
                    return job;
                }
            }
            jobs
        });
        let canceller = canceller(&token);
        let accepted = producer.await.expect("the producer does not panic");
        canceller.await.expect("the canceller does not panic");
        assert!(accepted <= (s.workers + s.buffer) as u64, "a full queue makes submit wait");
        let report = results.close().await;
        account(accepted, &[], &report);
        assert_eq!(report.cancelled.len() as u64, accepted);
    })
}

fn bounded(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let held = Arc::new(AtomicUsize::new(0));
        // Counted when the pool takes it, and no more when the consumer has it.
        let (mut pool, mut results) = shaped(s, |job: u64| async move { job }).start(&token);
        let count = held.clone();
        let producer = rt::spawn(async move {
            let mut most = 0;
            for job in 0..s.jobs {
                pool.submit(job).await.expect("the pool takes jobs");
                // The consumer may count a job out before it is counted in here: then it is -1.
                let held = count.fetch_add(1, SeqCst).wrapping_add(1) as isize;
                most = most.max(held);
            }
            most
        });
        let mut delivered = 0;
        while results.next().await.is_some() {
            held.fetch_sub(1, SeqCst);
            delivered += 1;
        }
        let most = producer.await.expect("the producer does not panic");
        assert_eq!(delivered, s.jobs);
        // One more is in the consumer's hands before it says so.
        assert!(most <= (s.buffer + s.buffer + s.workers + 1) as isize, "{most} held");
        let _ = results.close().await;
    })
}

fn own_pool(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        // A job carries a handle to its own pool and submits through it; with queues of one and
        // more such jobs than room, all wait for each other until the cancel.
        struct Job(Option<Pool<Job>>);
        let handler = |mut job: Job| async move {
            // How many it submitted.
            let mut accepted = 0;
            if let Some(pool) = &mut job.0 {
                while accepted < 2 && pool.submit(Job(None)).await.is_ok() {
                    accepted += 1;
                }
            }
            accepted
        };
        let (mut pool, mut results) = shaped(s, handler).start(&token);
        let mut accepted = 0;
        for _ in 0..s.jobs {
            let own = pool.clone();
            accepted += u64::from(pool.submit(Job(Some(own))).await.is_ok());
        }
        drop(pool);
        let canceller = canceller(&token);
        let mut delivered = Vec::new();
        while let Some(done) = results.next().await {
            delivered.push(done);
        }
        let report = results.close().await;
        canceller.await.expect("the canceller does not panic");
        assert_eq!(report.delivered, delivered.len() as u64);
        let done = delivered.into_iter().chain(report.undelivered.clone());
        accepted += done.map(|d| d.outcome.returned().expect("no job panics")).sum::<u64>();
        assert_eq!(report.accepted(), accepted, "each accepted job ran or is listed");
    })
}

fn outliving_handle(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let finished = Arc::new(Notify::new());
        let (mut pool, results) = shaped(s, |job: u64| async move { job }).start(&token);
        let wait = finished.clone();
        let outliving = rt::spawn(async move {
            wait.notified().await;
            pool.submit(3).await.expect_err("the pool is gone").into_job()
        });
        let report = results.close().await;
        assert_eq!(report.accepted(), 0);
        finished.notify_one();
        assert_eq!(outliving.await.expect("it does not panic"), 3);
    })
}

fn one_pool(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (mut pool, mut results) = shaped(s, |job: u64| async move { job }).start(&token);
        let producer = rt::spawn(async move {
            let mut other = pool.clone();
            let (one, another) = shares("Pool", pool.submit(0), other.submit(1)).await;
            let ids = [one.expect("the pool takes jobs"), another.expect("the pool takes jobs")];
            assert_ne!(ids[0], ids[1], "a job is told from every other");
        });
        let delivered = read_all(&mut results).await;
        let report = results.close().await;
        producer.await.expect("the producer does not panic");
        shutdown_complete();
        assert_eq!((report.accepted(), delivered.len()), (2, 2), "{report:?}");
        assert_eq!(report.end, End::Complete);
    })
}
