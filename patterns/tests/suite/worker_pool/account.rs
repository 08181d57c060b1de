//! Conservation, over every small shape, every point of cancel and both ways to cancel.

use super::{check_conserved, nz};
use crate::runtimes::{on_every_runtime, on_one_thread};
use selvedge_patterns::End;
use selvedge_patterns::worker_pool::{OnCancel, WorkerPool};
use selvedge_rt::sync::CancellationToken;
use std::collections::BTreeMap;

/// Who stops the pool, after how many results.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Never,
    Cancel(usize),
    Close(usize),
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    workers: usize,
    queue: usize,
    results: usize,
    submitters: u64,
    jobs: u64,
    on_cancel: OnCancel,
    stop: Stop,
}

/// Runs the pool once; job 3 of each submitter panics.
async fn run(shape: Shape) {
    let token = CancellationToken::new();
    let (pool, mut results) = WorkerPool::new(|n: u64| async move {
        tokio::task::yield_now().await;
        assert!(n % 10 != 3, "expected");
        n
    })
    .workers(nz(shape.workers))
    .queue(nz(shape.queue))
    .results(nz(shape.results))
    .on_cancel(shape.on_cancel)
    .start(&token);

    let submitters: Vec<_> = (0..shape.submitters)
        .map(|submitter| {
            let mut pool = pool.clone();
            tokio::spawn(async move {
                let (mut accepted, mut refused) = (BTreeMap::new(), 0);
                for job in (0..shape.jobs).map(|job| submitter * 10 + job) {
                    match pool.submit(job).await {
                        Ok(id) => drop(accepted.insert(id, job)),
                        Err(rejected) => {
                            assert_eq!(rejected.into_job(), job);
                            refused += 1;
                        }
                    }
                }
                (accepted, refused)
            })
        })
        .collect();
    drop(pool);

    let mut received = Vec::new();
    let report = loop {
        match shape.stop {
            Stop::Cancel(after) if received.len() == after => token.cancel(),
            Stop::Close(after) if received.len() == after => break results.close().await,
            _ => {}
        }
        match results.next().await {
            Some(done) => received.push(done),
            None => break results.close().await,
        }
    };

    let (mut accepted, mut refused) = (BTreeMap::new(), 0);
    for submitter in submitters {
        let (some, more) = submitter.await.unwrap();
        accepted.extend(some);
        refused += more;
    }
    check_conserved(&accepted, &received, &report);
    let truncated = refused > 0 || !report.cancelled.is_empty();
    match shape.stop {
        Stop::Never => {
            assert!(!truncated, "{shape:?}");
            assert_eq!(report.panicked, if shape.jobs > 3 { shape.submitters } else { 0 });
            assert_eq!(report.end, End::Complete);
        }
        _ if truncated => assert_eq!(report.end, End::Cancelled, "{shape:?}"),
        _ => {}
    }
    assert_eq!(token.is_cancelled(), matches!(shape.stop, Stop::Cancel(n) if n <= received.len()));
}

fn shapes() -> impl Iterator<Item = Shape> {
    let sizes = [(1, 1, 1), (2, 1, 1), (1, 2, 2), (2, 2, 1), (3, 1, 2)];
    let load = [(1, 1), (1, 4), (2, 2), (2, 4)];
    sizes.into_iter().flat_map(move |(workers, queue, results)| {
        load.into_iter().flat_map(move |(submitters, jobs)| {
            let all = (submitters * jobs) as usize;
            let stops = std::iter::once(Stop::Never)
                .chain((0..=all).map(Stop::Cancel))
                .chain((0..=all).map(Stop::Close));
            stops.flat_map(move |stop| {
                [OnCancel::Drain, OnCancel::Abandon].map(|on_cancel| Shape {
                    workers,
                    queue,
                    results,
                    submitters,
                    jobs,
                    on_cancel,
                    stop,
                })
            })
        })
    })
}

#[test]
fn nothing_is_lost_in_any_small_shape_with_a_stop_after_any_result() {
    for shape in shapes() {
        on_one_thread(|| run(shape));
    }
}

#[test]
fn nothing_is_lost_on_several_threads() {
    for shape in shapes().filter(|shape| shape.workers == 2 && shape.submitters * shape.jobs == 4) {
        on_every_runtime(|| run(shape));
    }
}
