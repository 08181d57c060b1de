//! The pipeline: each item is in one place, what comes out is a prefix, and complete means all of it.

use super::{Ends, after, buffer, check, items, size, workers};
use futures_util::stream;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rt::sync::CancellationToken;
use selvedge::{Check, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::pipeline::Pipeline;
use selvedge_rt as rt;
use std::collections::BTreeSet;

/// A stage, which knows items by what they are: all add nothing.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Map,
    /// Rejects every n-th.
    Filter(u64),
    /// So many at once.
    Concurrent(usize),
    /// Fails on this item.
    Fails(u64),
    /// Panics on this item.
    Panics(u64),
}

fn kind() -> impl Strategy<Value = Kind> {
    let item = || 0..400u64;
    prop_oneof![
        4 => Just(Kind::Map),
        2 => (2..=5u64).prop_map(Kind::Filter),
        2 => workers().prop_map(Kind::Concurrent),
        1 => item().prop_map(Kind::Fails),
        1 => item().prop_map(Kind::Panics),
    ]
}

#[derive(Clone, Debug)]
struct Input {
    items: u64,
    cap: usize,
    stages: Vec<(Kind, usize)>,
    cancel: Option<u64>,
    finish: Option<u64>,
}

fn inputs() -> impl Strategy<Value = Input> {
    let finish = option::weighted(0.2, 0..=200u64);
    (items(), buffer(), vec((kind(), buffer()), 1..=6), after(), finish).prop_map(
        |(items, cap, stages, cancel, finish)| Input { items, cap, stages, cancel, finish },
    )
}

fn add(pipeline: Pipeline<u64>, kind: Kind, cap: usize) -> Pipeline<u64> {
    let cap = size(cap);
    match kind {
        Kind::Map => pipeline.map(cap, |n| n),
        Kind::Filter(every) => pipeline.filter(cap, move |n| n % every != 0),
        Kind::Concurrent(n) => pipeline.map_concurrent(size(n), cap, |n| async move {
            for _ in 0..n % 3 {
                rt::task::yield_now().await;
            }
            n
        }),
        Kind::Fails(on) => {
            pipeline.try_map(cap, move |n| if n == on { Err("on purpose") } else { Ok(n) })
        }
        Kind::Panics(on) => pipeline.map(cap, move |n| {
            assert!(n != on, "on purpose");
            n
        }),
    }
}

async fn pipeline(input: Input, ends: Ends) {
    let token = CancellationToken::new();
    let mut pipeline = Pipeline::generate(size(input.cap), stream::iter(0..input.items));
    for (kind, cap) in &input.stages {
        pipeline = add(pipeline, *kind, *cap);
    }
    let mut output = pipeline.start(&token);
    let mut delivered = Vec::new();
    while input.finish != Some(delivered.len() as u64) {
        if input.cancel == Some(delivered.len() as u64) {
            token.cancel();
        }
        match output.next_indexed().await {
            Some((index, item)) => {
                assert_eq!(index, item, "an item keeps its index");
                delivered.push(item);
            }
            None => break,
        }
    }
    let report = output.finish().await;
    shutdown_complete();
    ends.reached(report.end);
    assert_eq!(report.delivered, delivered.len() as u64, "{report:?}");

    let mut seen = delivered.clone();
    seen.extend(report.undelivered.iter().map(|item| item.0));
    seen.extend(report.unfinished.iter().map(|item| item.index));
    seen.extend(report.failures.iter().filter_map(|failure| failure.index));
    let once: BTreeSet<u64> = seen.iter().copied().collect();
    assert_eq!(once.len(), seen.len(), "an item is seen twice: {report:?}");
    assert_eq!(once.len() as u64 + report.rejected, report.taken, "an item is lost: {report:?}");

    let kinds = || input.stages.iter().map(|stage| stage.0);
    let rejects =
        |n: u64| kinds().any(|k| matches!(k, Kind::Filter(every) if n.is_multiple_of(every)));
    let expected: Vec<u64> = (0..input.items).filter(|n| !rejects(*n)).collect();
    if !kinds().any(|kind| matches!(kind, Kind::Concurrent(_))) {
        assert!(expected.starts_with(&delivered), "the output is a prefix: {report:?}");
    }
    let on = |kind: Kind| match kind {
        Kind::Fails(n) | Kind::Panics(n) => Some(n),
        _ => None,
    };
    for failure in &report.failures {
        let stage = failure.stage.position.checked_sub(1).expect("the source does not fail");
        assert_eq!(failure.index, on(input.stages[stage].0), "{report:?}");
    }
    match report.end {
        End::Complete => {
            delivered.sort();
            assert_eq!(delivered, expected, "a truncated run never looks complete");
            assert!(report.failures.is_empty(), "a failure is lost: {report:?}");
        }
        End::Failed | End::Panicked => assert!(report.cause().is_some(), "{report:?}"),
        End::Cancelled => {
            assert!(token.is_cancelled() || input.finish.is_some(), "{report:?}");
        }
    }
}

#[test]
fn a_pipeline_keeps_its_contract_on_generated_inputs_and_schedules() {
    let ends = ["Complete", "Cancelled", "Failed", "Panicked"];
    check(Check::new("pipeline, generated"), 200, inputs(), &ends, pipeline);
}
