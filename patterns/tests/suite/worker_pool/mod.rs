//! The worker pool: shared helpers; the claims are in the modules.

mod account;
mod cancel;
mod edges;
mod life;
mod panics;

use selvedge_patterns::worker_pool::{Done, JobId, Outcome, PoolReport, Results};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A size of the builder.
fn nz(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Counts what is there at once, and the most there ever was.
#[derive(Clone, Default)]
struct Gauge(Arc<(AtomicUsize, AtomicUsize)>);

impl Gauge {
    fn enter(&self) -> Inside {
        let now = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.1.fetch_max(now, Ordering::SeqCst);
        Inside(self.clone())
    }
    fn now(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }
    fn peak(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

/// One that is there, until dropped.
struct Inside(Gauge);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Receives until the end.
async fn read_all<J, R>(results: &mut Results<J, R>) -> Vec<Done<R>> {
    let mut all = Vec::new();
    while let Some(done) = results.next().await {
        all.push(done);
    }
    all
}

/// What returned, in order of value.
fn values<R: Ord>(done: impl IntoIterator<Item = Done<R>>) -> Vec<R> {
    let mut values: Vec<R> = done.into_iter().filter_map(|d| d.outcome.returned()).collect();
    values.sort();
    values
}

/// Every accepted job is in exactly one place, the counts say so, and each is where `submitted` and
/// the handler (the identity) put it.
#[track_caller]
fn check_conserved(
    submitted: &BTreeMap<JobId, u64>,
    received: &[Done<u64>],
    report: &PoolReport<u64, u64>,
) {
    let mut found = BTreeMap::new();
    for done in received.iter().chain(&report.undelivered) {
        if let Outcome::Returned(value) = done.outcome {
            assert_eq!(submitted.get(&done.id), Some(&value), "a result that nobody asked for");
        }
        *found.entry(done.id).or_insert(0) += 1;
    }
    for (id, job) in &report.cancelled {
        if let Some(job) = job {
            assert_eq!(submitted.get(id), Some(job), "the wrong job came back");
        }
        *found.entry(*id).or_insert(0) += 1;
    }
    let once: BTreeMap<JobId, i32> = submitted.keys().map(|id| (*id, 1)).collect();
    assert_eq!(found, once, "each accepted job is in exactly one place");
    assert_eq!(report.accepted(), submitted.len() as u64);
    assert_eq!(report.delivered, received.len() as u64);
}
