//! The pipeline: shared helpers; the claims are in the modules.

mod account;
mod edges;
mod failure;
mod order;
mod stop;

use futures_util::stream::{self, Stream, StreamExt};
use selvedge_patterns::pipeline::{Output, Report};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// A capacity, or a number of workers.
fn nz(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Something that a source or a function holds: whether it was dropped shows.
#[derive(Clone, Default)]
struct Held(Arc<()>);

impl Held {
    /// How many others hold it.
    fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// A source of `0..items` that holds `held`.
fn counting(items: u64, held: &Held) -> impl Stream<Item = u64> + Send + use<> {
    let held = held.clone();
    stream::iter(0..items).inspect(move |_| {
        let _ = &held;
    })
}

/// The same, and then it waits for ever.
fn never_ending(items: u64, held: &Held) -> impl Stream<Item = u64> + Send + use<> {
    let held = held.clone();
    stream::iter(0..items).chain(stream::poll_fn(move |_| {
        let _ = &held;
        std::task::Poll::Pending
    }))
}

/// Receives until the end.
async fn read_all<T>(output: &mut Output<T>) -> Vec<(u64, T)> {
    let mut all = Vec::new();
    while let Some(item) = output.next_indexed().await {
        all.push(item);
    }
    all
}

/// Every item that the source gave is in exactly one place, or was rejected, and the counts say so.
#[track_caller]
fn check_conserved<T>(received: &[(u64, T)], report: &Report<T>) {
    let mut found: BTreeMap<u64, u32> = BTreeMap::new();
    let indices = received.iter().chain(&report.undelivered).map(|item| item.0);
    let indices = indices.chain(report.unfinished.iter().map(|u| u.index));
    for index in indices.chain(report.failures.iter().filter_map(|f| f.index)) {
        *found.entry(index).or_default() += 1;
    }
    assert!(found.values().all(|times| *times == 1), "an item is in two places: {found:?}");
    assert!(found.keys().all(|index| *index < report.taken), "{found:?} of {}", report.taken);
    assert_eq!(found.len() as u64 + report.rejected, report.taken, "an item is lost");
    assert_eq!(report.delivered, received.len() as u64);
}
