//! The pipeline's contract. The numbers are those of `selvedge_patterns::pipeline`.
//!
//! `workers` of a shape is the number of stages after the source, or, where the scenario has a concurrent
//! stage, of its workers.

use crate::scenario::{Root, Scenario, Shape, shape};
use futures_util::stream::{self, Stream, StreamExt};
use rt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinHandle;
use selvedge::{Check, Law, Record, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::pipeline::{Cause, Item, Output, Pipeline, Report, Stage, StageEnd};
use selvedge_rt as rt;
use std::collections::BTreeSet;
use std::sync::Arc;

const BASE: Scenario = Scenario {
    pattern: "pipeline",
    name: "",
    statements: &[],
    root: flow,
    check: known_items,
    operation: shape(2, 2, 1),
    poll: shape(4, 4, 2),
    // The source, a stage and the supervisor; without a bound loom does not come to an end.
    loom: Some(shape(1, 1, 1)),
    preemptions: Some(2),
};

/// The scenarios, in the order of the contract.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "uncancelled_it_equals_the_iterator",
        statements: &[1, 2, 7, 9],
        root: flow,
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "a_concurrent_stage_gives_each_item_once",
        statements: &[1, 2, 9],
        root: concurrent,
        check: equal_workers,
        poll: shape(4, 6, 2),
        ..BASE
    },
    Scenario {
        name: "an_error_ends_both_sides_and_names_its_stage",
        statements: &[3, 6, 8, 9],
        root: |s| failing(s, false),
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "a_panic_ends_both_sides_and_names_its_stage",
        statements: &[3, 6, 8, 9],
        root: |s| failing(s, true),
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "of_two_failures_one_is_the_cause_and_both_are_listed",
        statements: &[3, 9],
        root: two_failures,
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "a_failure_after_the_cancel_is_not_the_cause",
        statements: &[3, 6, 9],
        root: reaction,
        ..BASE
    },
    Scenario {
        name: "a_source_that_panics_ends_the_pipeline",
        statements: &[3, 6, 9],
        root: panicking_source,
        ..BASE
    },
    Scenario {
        name: "dropping_the_output_stops_an_idle_source",
        statements: &[4],
        root: dropped_output,
        check: |check| check.unjoined(),
        ..BASE
    },
    Scenario {
        name: "dropping_the_output_stops_a_busy_pipeline",
        statements: &[4],
        root: dropped_while_busy,
        check: |check| {
            check.unjoined().waive(Law::LostItem, "dropping the output gives up what is on its way")
        },
        ..BASE
    },
    Scenario {
        name: "at_most_the_sum_of_capacities_and_workers_is_in_flight",
        statements: &[5],
        root: bounded,
        operation: shape(1, 6, 1),
        poll: shape(2, 9, 1),
        // It takes six items to fill every buffer, and loom does not get through their orders.
        loom: None,
        ..BASE
    },
    Scenario {
        name: "cancel_at_any_time_loses_nothing_and_leaves_a_prefix",
        statements: &[2, 6, 7, 8, 9],
        root: cancelled_flow,
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "cancel_of_a_concurrent_stage_lists_what_was_in_flight",
        statements: &[6, 9],
        root: cancelled_concurrent,
        check: equal_workers,
        // Item 1 is the first that waits.
        loom: Some(shape(1, 2, 1)),
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "cancel_frees_stages_that_wait_for_a_reader",
        statements: &[2, 6],
        root: nobody_reads,
        operation: shape(2, 6, 1),
        poll: shape(3, 8, 1),
        // One more than there is room for.
        loom: Some(shape(1, 4, 1)),
        preemptions: Some(1),
        ..BASE
    },
    Scenario {
        name: "cancelled_from_the_start_the_source_is_never_polled",
        statements: &[6],
        root: never_polled,
        ..BASE
    },
    Scenario {
        name: "finish_returns_after_every_task_and_hands_everything_back",
        statements: &[6, 7, 9],
        root: finished_early,
        preemptions: Some(1),
        ..BASE
    },
];

pub(super) fn known_items(check: Check) -> Check {
    check.identify::<Item<u64>>().identify::<StageEnd>()
}

fn equal_workers(check: Check) -> Check {
    known_items(check).equal_tasks()
}

/// `0, 1, ..` through `s.workers` stages that add 10 each.
pub(super) fn adding(s: Shape, source: impl Stream<Item = u64> + Send + 'static) -> Pipeline<u64> {
    let mut pipeline = Pipeline::generate(s.buffer(), source);
    for _ in 0..s.workers {
        pipeline = pipeline.map(s.buffer(), |n| n + 10);
    }
    pipeline
}

/// What [`adding`] gives, item by item.
fn added(s: Shape) -> impl Iterator<Item = u64> {
    (0..).map(move |n| n + 10 * s.workers as u64)
}

/// A task whose only step is to cancel, so that it may come at any time.
fn canceller(token: &CancellationToken) -> JoinHandle<()> {
    let token = token.clone();
    rt::spawn(async move { token.cancel() })
}

async fn read_all(output: &mut Output<u64>) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    while let Some(item) = output.next_indexed().await {
        all.push(item);
    }
    all
}

/// What every run of a pipeline must meet, whatever happened in it.
fn account(delivered: &[(u64, u64)], report: &Report<u64>) {
    assert_eq!(report.delivered, delivered.len() as u64, "{report:?}");
    let indices = delivered.iter().chain(&report.undelivered).map(|item| item.0);
    let indices = indices.chain(report.unfinished.iter().map(|u| u.index));
    let indices: Vec<u64> = indices.chain(report.failures.iter().filter_map(|f| f.index)).collect();
    let once: BTreeSet<u64> = indices.iter().copied().collect();
    assert_eq!(once.len(), indices.len(), "an item is seen twice: {report:?}");
    assert!(once.iter().all(|index| *index < report.taken), "{report:?}");
    assert_eq!(once.len() as u64 + report.rejected, report.taken, "an item is lost: {report:?}");
    if report.end == End::Complete {
        assert_eq!(report.delivered + report.rejected, report.taken, "{report:?}");
    }
}

/// The values came out in the order of the source, from its first item on.
fn prefix(s: Shape, delivered: &[(u64, u64)]) {
    let expected: Vec<_> = (0..).zip(added(s)).take(delivered.len()).collect();
    assert_eq!(delivered, expected, "the output is not a prefix");
}

fn flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut output =
            adding(s, stream::iter(0..s.jobs)).filter(s.buffer(), |n| n % 2 == 0).start(&token);
        let delivered = read_all(&mut output).await;
        assert_eq!(output.next().await, None, "the end stays the end");
        let report = output.finish().await;
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!((report.end, report.taken), (End::Complete, s.jobs));
        let expected = (0..).zip(added(s)).take(s.jobs as usize).filter(|item| item.1 % 2 == 0);
        assert_eq!(delivered, expected.collect::<Vec<_>>());
        assert!(!token.is_cancelled(), "a pipeline never cancels the token that it was given");
    })
}

fn concurrent(s: Shape) -> Root {
    Box::pin(async move {
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let double = move |n: u64| {
            note.note(n);
            async move { n * 2 }
        };
        let doubled = Pipeline::generate(s.buffer(), stream::iter(0..s.jobs))
            .map_concurrent(s.workers(), s.buffer(), double)
            .collect(&CancellationToken::new())
            .await
            .expect("nobody cancels");
        shutdown_complete();
        assert_eq!(doubled, (0..s.jobs).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(ran.sorted(), (0..s.jobs).collect::<Vec<_>>());
    })
}

/// Item 1 fails, between `s.workers - 1` stages and one more.
fn failing(s: Shape, panics: bool) -> Root {
    Box::pin(async move {
        let before = Shape { workers: s.workers - 1, ..s };
        let mut output = adding(before, stream::iter(0..s.jobs + 1))
            .try_map(s.buffer(), move |n| match n % 10 {
                1 if panics => panic!("expected"),
                1 => Err("expected"),
                _ => Ok(n + 10),
            })
            .named("fails")
            .filter(s.buffer(), |_| true)
            .start(&CancellationToken::new());
        let delivered = read_all(&mut output).await;
        let report = output.finish().await;
        shutdown_complete();
        account(&delivered, &report);
        prefix(s, &delivered);
        assert_eq!(report.end, if panics { End::Panicked } else { End::Failed });
        let failure = report.cause().expect("a failure has a cause");
        assert_eq!(failure.stage, Stage { position: s.workers, name: "fails" });
        assert_eq!(failure.index, Some(1));
        match &failure.cause {
            Cause::Error(error) if !panics => assert_eq!(error.to_string(), "expected"),
            Cause::Panic(message) if panics => assert_eq!(message, "expected"),
            other => panic!("the wrong cause: {other:?}"),
        }
        assert_eq!(report.failures.len(), 1);
    })
}

fn two_failures(s: Shape) -> Root {
    Box::pin(async move {
        let mut output = Pipeline::generate(s.buffer(), stream::iter(0..2u64))
            .try_map(s.buffer(), |n| if n == 1 { Err("one") } else { Ok(n) })
            .try_map(s.buffer(), |n| if n == 0 { Err("nought") } else { Ok(n) })
            .start(&CancellationToken::new());
        assert_eq!(output.next().await, None);
        let report = output.finish().await;
        shutdown_complete();
        account(&[], &report);
        // Which comes first is the schedule's choice; that there is a first, is not.
        assert_eq!(report.end, End::Failed);
        let failed = |index| report.failures.iter().any(|f| f.index == Some(index));
        let stuck = |index| report.unfinished.iter().any(|u| u.index == index);
        assert!(failed(0) || failed(1), "{report:?}");
        assert!(failed(0) || stuck(0), "{report:?}");
        assert!(failed(1) || stuck(1) || report.taken < 2, "{report:?}");
    })
}

fn reaction(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let cancel = token.clone();
        let mut output = Pipeline::generate(s.buffer(), stream::iter(0..s.jobs))
            .try_map(s.buffer(), move |_| {
                // As a stage that looks at the same token: it fails because of the cancel.
                cancel.cancel();
                Err::<u64, _>("cancelled")
            })
            .start(&token);
        assert_eq!(output.next().await, None);
        let report = output.finish().await;
        shutdown_complete();
        account(&[], &report);
        assert_eq!(report.end, End::Cancelled, "a reaction to the cancel masks it");
        assert!(report.cause().is_none());
        assert_eq!(report.failures.len(), 1, "and yet it is listed");
    })
}

fn panicking_source(s: Shape) -> Root {
    Box::pin(async move {
        let source = stream::iter(0..).inspect(move |n| assert!(*n < s.jobs, "expected"));
        let mut output = adding(s, source).start(&CancellationToken::new());
        let delivered = read_all(&mut output).await;
        let report = output.finish().await;
        shutdown_complete();
        account(&delivered, &report);
        prefix(s, &delivered);
        assert_eq!((report.end, report.taken), (End::Panicked, s.jobs));
        let failure = report.cause().expect("a failure has a cause");
        assert_eq!((failure.stage.position, failure.index), (0, None));
    })
}

/// A source that waits for ever, and a sender that knows when it was dropped.
fn idle() -> (mpsc::Sender<u64>, impl Stream<Item = u64> + Send) {
    let (held, mut items) = mpsc::channel(1);
    (held, stream::poll_fn(move |cx| items.poll_recv(cx)))
}

fn dropped_output(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (held, source) = idle();
        let output = adding(s, source).start(&token);
        drop(output);
        held.closed().await;
        assert!(!token.is_cancelled(), "a pipeline never cancels the token that it was given");
    })
}

fn dropped_while_busy(s: Shape) -> Root {
    Box::pin(async move {
        let (held, rest) = idle();
        let source = stream::iter(0..s.jobs).chain(rest);
        let mut output = adding(s, source).start(&CancellationToken::new());
        assert_eq!(output.next().await, added(s).next());
        drop(output);
        held.closed().await;
    })
}

fn bounded(s: Shape) -> Root {
    Box::pin(async move {
        let held = Arc::new(AtomicU64::new(0));
        let room = (s.workers + 1) * s.buffer + s.workers + 1;
        let count = held.clone();
        let source = stream::iter(0..s.jobs).inspect(move |_| {
            let now = count.fetch_add(1, SeqCst) + 1;
            // One more is in the consumer's hands before it says so.
            assert!(now <= room as u64 + 1, "{now} items are in flight");
        });
        let mut output = adding(s, source).start(&CancellationToken::new());
        while output.next().await.is_some() {
            held.fetch_sub(1, SeqCst);
        }
        let report = output.finish().await;
        assert_eq!((report.end, report.delivered), (End::Complete, s.jobs), "{report:?}");
    })
}

fn cancelled_flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut output = adding(s, stream::iter(0..s.jobs)).start(&token);
        let canceller = canceller(&token);
        let delivered = read_all(&mut output).await;
        let report = output.finish().await;
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        account(&delivered, &report);
        prefix(s, &delivered);
        assert!(matches!(report.end, End::Complete | End::Cancelled), "{report:?}");
        if report.end == End::Complete {
            assert_eq!(report.delivered, s.jobs, "a truncated run never looks complete");
        }
    })
}

fn cancelled_concurrent(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        // Odd items wait for ever: only the cancel ends them.
        let work = |n: u64| async move {
            if n % 2 == 1 {
                std::future::pending::<()>().await;
            }
            n
        };
        let mut output = Pipeline::generate(s.buffer(), stream::iter(0..s.jobs))
            .map_concurrent(s.workers(), s.buffer(), work)
            .start(&token);
        let canceller = canceller(&token);
        let delivered = read_all(&mut output).await;
        let report = output.finish().await;
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!(report.end, End::Cancelled, "an item that waits for ever was in flight");
        let empty = report.unfinished.iter().filter(|u| u.item.is_none());
        for dropped in empty {
            assert_eq!((dropped.stage.position, dropped.index % 2), (1, 1), "{report:?}");
        }
    })
}

fn nobody_reads(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (held, rest) = idle();
        let output = adding(s, stream::iter(0..s.jobs).chain(rest)).start(&token);
        let canceller = canceller(&token);
        // The output stays, unread: only the cancel can end the stages that wait for room.
        held.closed().await;
        canceller.await.expect("the canceller does not panic");
        let report = output.finish().await;
        shutdown_complete();
        account(&[], &report);
        assert_eq!(report.end, End::Cancelled);
    })
}

fn never_polled(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        token.cancel();
        let source = stream::iter(0..).inspect(|_| panic!("polled"));
        let output = adding(s, source).start(&token);
        let report = output.finish().await;
        shutdown_complete();
        account(&[], &report);
        assert_eq!((report.end, report.taken), (End::Cancelled, 0));
    })
}

fn finished_early(s: Shape) -> Root {
    Box::pin(async move {
        let mut output = adding(s, stream::iter(0..s.jobs + 1)).start(&CancellationToken::new());
        let first = output.next_indexed().await.expect("nobody cancels before the finish");
        let report = output.finish().await;
        shutdown_complete();
        account(&[first], &report);
        prefix(s, &[&[first], &report.undelivered[..]].concat());
        assert_eq!(report.end, End::Cancelled);
        for stuck in report.unfinished {
            let item = stuck.item.expect("no future holds it").downcast::<u64>().expect("a number");
            // The source is stage 0, and each stage before this one but the source has added 10.
            assert_eq!(*item, stuck.index + 10 * (stuck.stage.position as u64 - 1));
        }
    })
}
