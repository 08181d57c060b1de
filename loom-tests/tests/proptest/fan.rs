//! Fan-out and fan-in: each item is in one place, whoever stops when.

use super::{Ends, after, buffer, check, items, size, workers};
use futures_util::stream;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinSet;
use selvedge::{Check, Record, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::fan::{fan_in, fan_out};
use selvedge_rt as rt;

#[derive(Clone, Debug)]
struct Out {
    branches: usize,
    items: u64,
    cap: usize,
    /// `f` panics on this item.
    panics: Option<u64>,
    /// The source panics instead of giving this item.
    source_panics: Option<u64>,
    /// When the consumer of this one has so many values, it cancels all.
    cancel: Option<u64>,
    /// When each consumer drops its branch.
    drops: Vec<Option<u64>>,
    /// One consumer reads them all, so many values, and closes what is left.
    whole: Option<u64>,
}

fn outs() -> impl Strategy<Value = Out> {
    let drops = vec(option::weighted(0.2, 0..40u64), 16);
    let rare = || option::weighted(0.2, 0..200u64);
    (workers(), items(), buffer(), after(), rare(), rare(), drops, rare()).prop_map(
        |(branches, items, cap, panics, source_panics, cancel, drops, whole)| Out {
            branches,
            items,
            cap,
            panics,
            source_panics,
            cancel,
            drops,
            whole,
        },
    )
}

/// Every branch has a consumer of its own, or all have one.
async fn out(input: Out, ends: Ends) {
    let token = CancellationToken::new();
    let ran = Record::distinct("ran");
    let note = ran.clone();
    let f = move |n: u64| {
        note.note(n);
        async move {
            rt::task::yield_now().await;
            assert!(Some(n) != input.panics, "on purpose");
            n
        }
    };
    let mut next = 0..input.items;
    let source = stream::poll_fn(move |_| {
        let item = next.next();
        assert!(item.is_none() || item != input.source_panics, "on purpose");
        item.into()
    });
    let mut fan = fan_out(&token, source, size(input.branches), size(input.cap), f);
    let mut all = Vec::new();
    for _ in 0..input.whole.unwrap_or(0) {
        let Some(value) = fan.next().await else { break };
        all.push(value.index);
    }
    let branches = if input.whole.is_some() { Vec::new() } else { fan.take_branches() };
    let mut consumers = JoinSet::new();
    for (mut branch, drops) in branches.into_iter().zip(input.drops) {
        let token = token.clone();
        consumers.spawn(async move {
            let mut got = Vec::new();
            while drops != Some(got.len() as u64) {
                if input.cancel == Some(got.len() as u64) {
                    token.cancel();
                }
                match branch.next().await {
                    Some(value) => got.push(value.index),
                    None => break,
                }
            }
            got
        });
    }
    while let Some(got) = consumers.join_next().await {
        let got = got.expect("a consumer does not panic");
        assert!(got.is_sorted(), "a branch keeps the order in which it took");
        all.extend(got);
    }
    let report = fan.close().await;
    shutdown_complete();
    ends.reached(report.end);
    assert_eq!(report.delivered, all.len() as u64, "{report:?}");
    all.extend(report.undelivered.iter().map(|value| value.index));
    all.extend(report.panicked.iter().map(|value| value.index));
    all.extend(&report.abandoned);
    all.sort();
    assert_eq!(all, (0..report.accepted()).collect::<Vec<_>>(), "{report:?}");
    assert_eq!(ran.sorted(), all, "what was taken is what `f` was given");
    match report.end {
        End::Complete => assert_eq!(report.accepted(), input.items),
        End::Panicked => assert_eq!(Some(report.accepted()), input.source_panics),
        _ => {}
    }
}

#[test]
fn a_fan_out_keeps_its_contract_on_generated_inputs_and_schedules() {
    let ends = ["Complete", "Cancelled", "Panicked"];
    check(Check::new("fan-out, generated"), 200, outs(), &ends, out);
}

#[derive(Clone, Debug)]
struct In {
    /// How many items each source gives.
    lengths: Vec<u64>,
    source: usize,
    cap: usize,
    cancel: Option<u64>,
    close: Option<u64>,
}

fn ins() -> impl Strategy<Value = In> {
    // 200 between them, at most.
    let lengths = vec(0..=12u64, 0..=16);
    let when = || option::weighted(0.3, 0..100u64);
    (lengths, buffer(), buffer(), when(), when()).prop_map(
        |(lengths, source, cap, cancel, close)| In { lengths, source, cap, cancel, close },
    )
}

async fn merge(input: In, ends: Ends) {
    let token = CancellationToken::new();
    let (mut sources, mut producers) = (Vec::new(), JoinSet::new());
    for (place, length) in input.lengths.iter().copied().enumerate() {
        let (feed, mut rest) = mpsc::channel::<u64>(input.source);
        sources.push(stream::poll_fn(move |cx| rest.poll_recv(cx)));
        producers.spawn(async move {
            for n in 0..length {
                // A merge that stops early leaves what it did not take in the source.
                let Ok(room) = feed.reserve().await else { return };
                room.send(place as u64 * 1_000 + n);
            }
        });
    }
    let mut all = fan_in(&token, sources, size(input.cap));
    let mut got = Vec::new();
    while input.close != Some(got.len() as u64) {
        if input.cancel == Some(got.len() as u64) {
            token.cancel();
        }
        match all.next().await {
            Some(item) => got.push(item),
            None => break,
        }
    }
    let report = all.close().await;
    while let Some(producer) = producers.join_next().await {
        producer.expect("a producer does not panic");
    }
    shutdown_complete();
    ends.reached(report.end);
    assert_eq!(report.delivered, got.len() as u64, "{report:?}");
    got.extend(&report.undelivered);
    for (place, length) in input.lengths.iter().copied().enumerate() {
        let own = got.iter().filter(|n| **n / 1_000 == place as u64).map(|n| n % 1_000);
        let own: Vec<u64> = own.collect();
        assert_eq!(own, (0..own.len() as u64).collect::<Vec<_>>(), "in the order of the source");
        if report.end == End::Complete {
            assert_eq!(own.len() as u64, length, "a truncated run never looks complete");
        }
    }
}

#[test]
fn a_merge_keeps_its_contract_on_generated_inputs_and_schedules() {
    let because =
        "what a merge that stopped did not take stays in its source, and is dropped with it";
    let merge_check = Check::new("fan-in, generated").waive(selvedge::Law::LostItem, because);
    check(merge_check, 200, ins(), &["Complete", "Cancelled"], merge);
}
