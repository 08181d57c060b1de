//! Inputs and the schedule, generated and shrunk together, at shapes that no search reaches.

use proptest::prelude::*;
use rt::sync::CancellationToken;
use selvedge::proptest::Runs;
use selvedge::{Check, Law, Record, shutdown_complete};
use selvedge_loom_tests::gallery::worker_pool::whole_loop_cancelled;
use selvedge_patterns::worker_pool::{OnCancel, Outcome, WorkerPool};
use selvedge_rt as rt;
use std::num::NonZeroUsize;

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
    let at = || proptest::option::of(0..40u64);
    (1..=8usize, 0..=40u64, 1..=16usize, 1..=16usize, at(), at(), at(), any::<bool>()).prop_map(
        |(workers, jobs, queue, results, cancel, close, panics, abandon)| Input {
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

async fn pool(input: Input) {
    let size = |n| NonZeroUsize::new(n).expect("at least one");
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
    let check = Check::new("worker pool, generated");
    let report = check.proptest(Runs::new(2_000), inputs(), pool);
    report.assert_passed();
    assert!(report.coverage.schedules > 1_000, "{report}");
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
