//! Every call of every pattern, with its future dropped at each of its awaits: what it was about goes on,
//! or is taken back, and is still accounted for.
//!
//! Where the future has taken the handle along (`close`, `wait`, `run`), dropping it is dropping the handle: all
//! that is left is cancelled, and no task may stay.

use super::pipeline::{adding, known_items};
use super::shutdown::{FOR_EVER, bounded};
use super::worker_pool::{equal_workers, producer, shaped};
use super::{err_group, fan};
use crate::scenario::{Root, Scenario, Shape, shape};
use futures_util::stream;
use rt::sync::CancellationToken;
use rt::time::Duration;
use selvedge::{Check, Law, Record, cancel_everywhere, shutdown_complete};
use selvedge_patterns::err_group::ErrGroup;
use selvedge_patterns::fan::{fan_in, fan_out};
use selvedge_patterns::pipeline::{Output, Pipeline};
use selvedge_patterns::rate_limit::{Quota, RateLimiter, rate_limited};
use selvedge_patterns::shutdown::{ServeConfig, Shutdown, serve};
use selvedge_patterns::worker_pool::{Pool, Results};
use selvedge_rt as rt;
use std::convert::Infallible;
use std::future::pending;
use std::num::NonZeroU32;

const BASE: Scenario = Scenario {
    pattern: "",
    name: "",
    statements: &[],
    root: submit,
    check: equal_workers,
    operation: shape(1, 2, 1),
    poll: shape(2, 3, 1),
    loom: None,
    preemptions: None,
};

/// The scenarios, pattern by pattern.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        pattern: "worker_pool",
        name: "a_submit_dropped_at_any_await_did_not_submit_its_job",
        statements: &[7],
        root: submit,
        check: |check| {
            equal_workers(check).waive(Law::LostItem, "who drops a submit drops the job in it")
        },
        ..BASE
    },
    Scenario {
        pattern: "worker_pool",
        name: "results_dropped_at_any_await_are_read_on",
        statements: &[2, 3],
        root: results,
        ..BASE
    },
    Scenario {
        pattern: "worker_pool",
        name: "a_close_dropped_at_any_await_leaves_no_worker",
        statements: &[2],
        root: close,
        check: |check| given_up(equal_workers(check)),
        ..BASE
    },
    Scenario {
        pattern: "fan",
        name: "a_read_dropped_at_any_await_loses_no_value",
        statements: &[1],
        root: fan_out_read,
        check: fan::known_values,
        ..BASE
    },
    Scenario {
        pattern: "fan",
        name: "a_close_dropped_at_any_await_leaves_no_branch",
        statements: &[4],
        root: fan_out_close,
        check: |check| given_up(fan::known_values(check)),
        ..BASE
    },
    Scenario {
        pattern: "fan",
        name: "a_merged_read_dropped_at_any_await_loses_no_item",
        statements: &[5],
        root: fan_in_read,
        check: fan::known_values,
        operation: shape(2, 1, 1),
        poll: shape(3, 2, 1),
        ..BASE
    },
    Scenario {
        pattern: "fan",
        name: "a_merge_closed_and_dropped_at_any_await_leaves_no_task",
        statements: &[8],
        root: fan_in_close,
        check: |check| given_up(fan::known_values(check)),
        operation: shape(2, 1, 1),
        poll: shape(3, 2, 1),
        ..BASE
    },
    Scenario {
        pattern: "pipeline",
        name: "a_read_dropped_at_any_await_keeps_the_output_a_prefix",
        statements: &[8],
        root: pipeline_read,
        check: known_items,
        ..BASE
    },
    Scenario {
        pattern: "pipeline",
        name: "a_finish_dropped_at_any_await_leaves_no_stage",
        statements: &[4],
        root: pipeline_finish,
        check: |check| given_up(known_items(check)),
        ..BASE
    },
    Scenario {
        pattern: "pipeline",
        name: "a_collect_dropped_at_any_await_leaves_no_stage",
        statements: &[4],
        root: pipeline_collect,
        check: |check| given_up(known_items(check)),
        ..BASE
    },
    Scenario {
        pattern: "err_group",
        name: "a_spawn_dropped_at_any_await_started_its_task_or_did_not",
        statements: &[5, 6],
        root: group_spawn,
        check: err_group::known_ends,
        operation: shape(1, 2, 1),
        poll: shape(2, 4, 1),
        ..BASE
    },
    Scenario {
        pattern: "err_group",
        name: "a_wait_dropped_at_any_await_leaves_no_task",
        statements: &[9],
        root: group_wait,
        check: |check| given_up(err_group::known_ends(check)),
        operation: shape(1, 2, 1),
        poll: shape(2, 4, 1),
        ..BASE
    },
    Scenario {
        pattern: "rate_limit",
        name: "an_acquire_dropped_at_any_await_consumes_nothing_or_its_permit",
        statements: &[4],
        root: acquire,
        check: |check| check,
        operation: shape(2, 1, 1),
        poll: shape(3, 2, 1),
        ..BASE
    },
    Scenario {
        pattern: "rate_limit",
        name: "a_limited_read_dropped_at_any_await_loses_no_item",
        statements: &[7],
        root: limited_read,
        check: |check| check,
        operation: shape(1, 2, 1),
        poll: shape(3, 3, 2),
        ..BASE
    },
    Scenario {
        pattern: "shutdown",
        name: "a_run_dropped_at_any_await_leaves_no_task",
        statements: &[4],
        root: run,
        check: |check| given_up(bounded(check)),
        operation: shape(2, 1, 1),
        poll: shape(4, 1, 1),
        ..BASE
    },
    Scenario {
        pattern: "shutdown",
        name: "a_server_dropped_at_any_await_leaves_no_job_running",
        statements: &[3],
        root: server,
        check: |check| given_up(bounded(check)),
        ..BASE
    },
];

/// Who drops the handle waits for nobody, and gives up what is on its way. No task may stay for all that.
fn given_up(check: Check) -> Check {
    check.unjoined().waive(Law::LostItem, "who drops the handle gives up what is on its way")
}

fn pool(s: Shape) -> (Pool<u64>, Results<u64, u64>) {
    shaped(s, |job: u64| async move { job }).start(&CancellationToken::new())
}

fn submit(s: Shape) -> Root {
    Box::pin(async move {
        let (mut pool, mut results) = pool(s);
        let producer = rt::spawn(async move {
            let mut submitted = 0;
            let all = async {
                while submitted < s.jobs && pool.submit(submitted).await.is_ok() {
                    submitted += 1;
                }
            };
            cancel_everywhere(all).await;
            submitted
        });
        let mut delivered = 0;
        while results.next().await.is_some() {
            delivered += 1;
        }
        let report = results.close().await;
        let submitted = producer.await.expect("the producer does not panic");
        shutdown_complete();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!((report.accepted(), report.delivered), (delivered, delivered));
        assert_eq!(delivered, submitted, "the one that was dropped is not in");
    })
}

fn results(s: Shape) -> Root {
    Box::pin(async move {
        let (pool, mut results) = pool(s);
        let producer = producer(pool, s.jobs);
        let seen = Record::distinct("seen");
        let read = async {
            while let Some(done) = results.next().await {
                seen.note(done.id.index());
            }
        };
        cancel_everywhere(read).await;
        while let Some(done) = results.next().await {
            seen.note(done.id.index());
        }
        let report = results.close().await;
        assert_eq!(producer.await.expect("the producer does not panic"), s.jobs);
        shutdown_complete();
        assert_eq!(seen.sorted(), (0..s.jobs).collect::<Vec<_>>(), "{report:?}");
        assert_eq!((report.delivered, report.is_clean()), (s.jobs, true), "{report:?}");
    })
}

fn close(s: Shape) -> Root {
    Box::pin(async move {
        let (pool, results) = pool(s);
        let producer = producer(pool, s.jobs);
        if let Some(report) = cancel_everywhere(results.close()).await {
            assert!(report.accepted() <= s.jobs, "{report:?}");
        }
        producer.await.expect("the producer does not panic");
    })
}

fn fan_out_read(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let source = stream::iter(0..s.jobs);
        let mut fan = fan_out(&token, source, s.workers(), s.buffer(), |n| async move { n });
        let seen = Record::distinct("seen");
        let read = async {
            while let Some(value) = fan.next().await {
                seen.note(value.index);
            }
        };
        cancel_everywhere(read).await;
        while let Some(value) = fan.next().await {
            seen.note(value.index);
        }
        let report = fan.close().await;
        shutdown_complete();
        assert_eq!(seen.sorted(), (0..s.jobs).collect::<Vec<_>>(), "{report:?}");
        assert!(report.is_clean(), "{report:?}");
    })
}

fn fan_out_close(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let source = stream::iter(0..s.jobs);
        let fan = fan_out(&token, source, s.workers(), s.buffer(), |n| async move { n });
        if let Some(report) = cancel_everywhere(fan.close()).await {
            assert_eq!(report.accepted(), report.undelivered.len() as u64, "{report:?}");
        }
    })
}

fn sources(s: Shape) -> Vec<stream::Iter<std::ops::Range<u64>>> {
    (0..s.workers as u64).map(|n| stream::iter(n * 10..n * 10 + s.jobs)).collect()
}

fn fan_in_read(s: Shape) -> Root {
    Box::pin(async move {
        let mut merged = fan_in(&CancellationToken::new(), sources(s), s.buffer());
        let seen = Record::distinct("seen");
        let read = async {
            while let Some(item) = merged.next().await {
                seen.note(item);
            }
        };
        cancel_everywhere(read).await;
        while let Some(item) = merged.next().await {
            seen.note(item);
        }
        let report = merged.close().await;
        shutdown_complete();
        assert_eq!(seen.sorted().len() as u64, s.workers as u64 * s.jobs, "{report:?}");
        assert!(report.is_clean(), "{report:?}");
    })
}

fn fan_in_close(s: Shape) -> Root {
    Box::pin(async move {
        let merged = fan_in(&CancellationToken::new(), sources(s), s.buffer());
        if let Some(report) = cancel_everywhere(merged.close()).await {
            assert!(report.accepted() <= s.workers as u64 * s.jobs, "{report:?}");
        }
    })
}

fn pipeline(s: Shape) -> Pipeline<u64> {
    adding(s, stream::iter(0..s.jobs))
}

async fn read_on(output: &mut Output<u64>, into: &mut Vec<u64>) {
    while let Some(n) = output.next().await {
        into.push(n);
    }
}

fn pipeline_read(s: Shape) -> Root {
    Box::pin(async move {
        let mut output = pipeline(s).start(&CancellationToken::new());
        let mut seen = Vec::new();
        cancel_everywhere(read_on(&mut output, &mut seen)).await;
        read_on(&mut output, &mut seen).await;
        let report = output.finish().await;
        shutdown_complete();
        let all: Vec<u64> = (0..s.jobs).map(|n| n + 10 * s.workers as u64).collect();
        assert_eq!(seen, all, "{report:?}");
        assert!(report.end.is_complete(), "{report:?}");
    })
}

fn pipeline_finish(s: Shape) -> Root {
    Box::pin(async move {
        let output = pipeline(s).start(&CancellationToken::new());
        if let Some(report) = cancel_everywhere(output.finish()).await {
            assert!(report.taken <= s.jobs, "{report:?}");
        }
    })
}

fn pipeline_collect(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        if let Some(all) = cancel_everywhere(pipeline(s).collect(&token)).await {
            assert_eq!(all.expect("nobody cancels").len() as u64, s.jobs);
        }
        assert!(!token.is_cancelled(), "a pipeline never cancels the token that it was given");
    })
}

type Group = ErrGroup<u64, u64>;

fn group_spawn(s: Shape) -> Root {
    Box::pin(async move {
        let ran = Record::distinct("ran");
        let mut group = Group::new(&CancellationToken::new()).limit(s.workers());
        let spawn_all = async {
            for n in 0..s.jobs {
                let note = ran.clone();
                let task = move |_| async move {
                    note.note(n);
                    Ok(n)
                };
                group.spawn(task).await.expect("nobody cancels");
            }
        };
        cancel_everywhere(spawn_all).await;
        let results = group.wait().await.expect("no task fails");
        shutdown_complete();
        assert_eq!(results, ran.sorted(), "what ran is what there is a result of");
        assert_eq!(results, (0..results.len() as u64).collect::<Vec<_>>());
    })
}

fn group_wait(s: Shape) -> Root {
    Box::pin(async move {
        let mut group = Group::new(&CancellationToken::new());
        for n in 0..s.jobs {
            let task = move |token: CancellationToken| async move {
                if n > 0 {
                    return Ok(n);
                }
                // Ends with the group, and not by itself.
                token.cancelled().await;
                Ok(n)
            };
            group.spawn(task).await.expect("nobody cancels");
        }
        let waited = cancel_everywhere(group.wait()).await;
        assert_eq!(waited, None, "one task waits for the cancel");
    })
}

fn limiter(s: Shape) -> RateLimiter {
    let one = NonZeroU32::MIN;
    let burst = NonZeroU32::new(s.buffer as u32).expect("a burst");
    let quota = Quota { permits: one, per: Duration::from_millis(1), burst };
    RateLimiter::new(quota).expect("a quota that can be kept")
}

fn acquire(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, begun) = (limiter(s), rt::time::Instant::now());
        let one = NonZeroU32::MIN;
        let dropped = {
            let limit = limit.clone();
            rt::spawn(async move {
                let twice = async {
                    limit.acquire(one).await.expect("one is no more than a burst");
                    limit.acquire(one).await.expect("one is no more than a burst");
                };
                cancel_everywhere(twice).await;
            })
        };
        let mut others = rt::task::JoinSet::new();
        for _ in 0..s.workers {
            let limit = limit.clone();
            others.spawn(async move {
                for _ in 0..s.jobs {
                    limit.acquire(one).await.expect("one is no more than a burst");
                }
            });
        }
        while let Some(other) = others.join_next().await {
            other.expect("no task panics");
        }
        dropped.await.expect("no task panics");
        shutdown_complete();
        // What a dropped waiter would have burnt, somebody would wait for.
        let most = s.workers as u32 * s.jobs as u32 + 2 - s.buffer as u32;
        if rt::check::engine::current().is_some() {
            assert!(begun.elapsed() <= limit.interval() * most, "{:?}", begun.elapsed());
        }
    })
}

fn limited_read(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let limit = limiter(s);
        let others: Vec<_> = (0..s.workers)
            .map(|_| {
                let limit = limit.clone();
                rt::spawn(async move { limit.acquire(NonZeroU32::MIN).await.is_ok() })
            })
            .collect();
        let mut limited = rate_limited(&token, stream::iter(0..s.jobs), limit);
        let mut seen = Vec::new();
        let read = async {
            while let Some(n) = limited.next().await {
                seen.push(n);
            }
        };
        cancel_everywhere(read).await;
        while let Some(n) = limited.next().await {
            seen.push(n);
        }
        assert_eq!(seen, (0..s.jobs).collect::<Vec<_>>());
        for other in others {
            assert!(other.await.expect("no task panics"), "one is no more than a burst");
        }
        shutdown_complete();
    })
}

fn run(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        for _ in 0..s.workers {
            shutdown.handle().spawn("stuck", pending::<()>()).expect("it is running");
        }
        let handle = shutdown.handle().clone();
        let drains = rt::spawn(async move { handle.drain() });
        let report = cancel_everywhere(shutdown.run(pending(), pending())).await;
        assert!(report.is_none(), "a stuck task is waited for until it is dropped");
        drains.await.expect("it does not panic");
    })
}

fn server(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let source = stream::iter((0..s.jobs).map(Ok::<u64, Infallible>));
        let config = ServeConfig { queue: s.buffer(), workers: s.workers(), ..Default::default() };
        // The first job never ends by itself.
        let job = |n: u64| async move {
            if n == 0 {
                pending::<()>().await
            }
        };
        let served = cancel_everywhere(serve(&handle, "server", source, job, config)).await;
        assert!(served.is_none(), "a stuck job is waited for until it is dropped");
        handle.drain();
        let report = shutdown.run(pending(), pending()).await;
        assert!(report.leaked.is_empty(), "{report:?}");
    })
}
