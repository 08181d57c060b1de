//! The pool: each accepted job is somewhere, once.

use super::{Ends, after, buffer, check, items, size, workers};
use proptest::prelude::*;
use rt::sync::CancellationToken;
use selvedge::proptest::Runs;
use selvedge::{Check, Law, Record, shutdown_complete};
use selvedge_loom_tests::gallery::worker_pool::whole_loop_cancelled;
use selvedge_patterns::worker_pool::{OnCancel, Outcome, WorkerPool};
use selvedge_rt as rt;

/// One run of the pool.
#[derive(Clone, Copy, Debug)]
struct Input {
    workers: usize,
    jobs: u64,
    queue: usize,
    results: usize,
    /// After so many results.
    cancel: Option<u64>,
    close: Option<u64>,
    /// This job panics.
    panics: Option<u64>,
    abandon: bool,
}

fn inputs() -> impl Strategy<Value = Input> {
    let sizes = (workers(), items(), buffer(), buffer());
    (sizes, after(), after(), after(), any::<bool>()).prop_map(
        |((workers, jobs, queue, results), cancel, close, panics, abandon)| Input {
            workers,
            jobs,
            queue,
            results,
            cancel,
            close,
            panics,
            abandon,
        },
    )
}

async fn pool(input: Input, ends: Ends) {
    let token = CancellationToken::new();
    let started = Record::distinct("started");
    let note = started.clone();
    let handler = move |job: u64| {
        note.note(job);
        async move {
            rt::task::yield_now().await;
            assert!(Some(job) != input.panics, "on purpose");
            job
        }
    };
    let (mut pool, mut results) = WorkerPool::new(handler)
        .workers(size(input.workers))
        .queue(size(input.queue))
        .results(size(input.results))
        .on_cancel(if input.abandon { OnCancel::Abandon } else { OnCancel::Drain })
        .start(&token);
    let producer = rt::spawn(async move {
        let mut accepted = 0;
        while accepted < input.jobs && pool.submit(accepted).await.is_ok() {
            accepted += 1;
        }
        accepted
    });
    let mut delivered = Vec::new();
    let report = loop {
        if input.cancel == Some(delivered.len() as u64) {
            token.cancel();
        }
        if input.close == Some(delivered.len() as u64) {
            break results.close().await;
        }
        match results.next().await {
            Some(done) => delivered.push(done),
            None => break results.close().await,
        }
    };
    ends.reached(report.end);
    if report.panicked > 0 {
        ends.reached("panicked");
    }
    let accepted = producer.await.expect("the producer does not panic");
    shutdown_complete();
    let done = delivered.iter().chain(&report.undelivered).map(|d| d.id.index());
    let mut ids: Vec<u64> = done.chain(report.cancelled.iter().map(|c| c.0.index())).collect();
    ids.sort();
    assert_eq!(ids, (0..accepted).collect::<Vec<_>>(), "each accepted job is somewhere, once");
    let panicked = |o: &Outcome<u64>| matches!(o, Outcome::Panicked(_));
    let panics = delivered.iter().chain(&report.undelivered).filter(|d| panicked(&d.outcome));
    assert!(panics.map(|d| d.id.index()).all(|id| Some(id) == input.panics));
    let abandoned = report.cancelled.iter().filter(|c| c.1.is_none()).count();
    assert_eq!(started.sorted().len() as u64, report.done + report.panicked + abandoned as u64);
}

#[test]
fn the_pool_keeps_its_contract_on_generated_inputs_and_schedules() {
    let pool_check = Check::new("worker pool, generated");
    check(pool_check, 300, inputs(), &["Complete", "Cancelled", "\"panicked\""], pool);
}

/// The consumer is gone, and nobody else ends the pool: its producer is told, and every task ends.
async fn dropped(input: Input, ends: Ends) {
    let token = CancellationToken::new();
    let handler = |job: u64| async move {
        rt::task::yield_now().await;
        job
    };
    let (mut pool, mut results) = WorkerPool::new(handler)
        .workers(size(input.workers))
        .queue(size(input.queue))
        .results(size(input.results))
        .start(&token);
    let producer = rt::spawn(async move { while pool.submit(0).await.is_ok() {} });
    for _ in 0..input.jobs {
        results.next().await.expect("there is always one more");
    }
    drop(results);
    producer.await.expect("the producer does not panic");
    ends.reached("dropped");
}

#[test]
fn a_pool_whose_consumer_is_dropped_ends_on_generated_inputs_and_schedules() {
    let check_dropped = Check::new("worker pool, dropped, generated").unjoined();
    let because = "dropping the results gives up what is on its way";
    let check_dropped = check_dropped.waive(Law::LostItem, because);
    check(check_dropped, 100, inputs(), &["\"dropped\""], dropped);
}

#[test]
fn a_wrong_pool_shrinks_to_a_small_input() {
    let inputs = (1..=4usize, 1..=20u64, 1..=4usize);
    let check = Check::new("whole_loop_cancelled, generated");
    let report = check.proptest(Runs::new(500), inputs, |(workers, jobs, buffer)| {
        whole_loop_cancelled::scenario(workers, jobs, buffer)
    });
    report.assert_violates(Law::LostItem);
    let story = report.story.as_deref().expect("the smallest input and its schedule");
    // With one worker and buffers of one it takes three jobs; which schedule shows it decides how many
    // are left when it cannot be shrunk any further.
    assert!(story.contains("smallest input that fails: (1, "), "{report}");
}
