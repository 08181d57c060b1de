//! Fan-out and fan-in: shared helpers; the claims are in the modules.

mod fan_in;
mod fan_out;
mod stops;
mod user_code;

use futures_util::Stream;
use selvedge_patterns::fan::{FanOutReport, Indexed};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// A number of branches, or a capacity.
fn nz(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// How many of something are alive: those that hold a clone of the `Arc` inside.
#[derive(Default)]
struct Alive(Arc<()>);

impl Alive {
    fn token(&self) -> Arc<()> {
        self.0.clone()
    }
    fn now(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// A counter to share.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
    fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A source fed through a channel: its sender can tell when it is dropped.
struct Fed<T>(mpsc::UnboundedReceiver<T>);

impl<T> Stream for Fed<T> {
    type Item = T;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(cx)
    }
}

fn fed<T>() -> (mpsc::UnboundedSender<T>, Fed<T>) {
    let (feed, items) = mpsc::unbounded_channel();
    (feed, Fed(items))
}

/// Every item taken is in one place, and the counts say so.
#[track_caller]
fn check_conserved<U: std::fmt::Debug>(delivered: &[Indexed<U>], report: &FanOutReport<U>) {
    assert_eq!(report.delivered, delivered.len() as u64, "{report:?}");
    let values = delivered.iter().chain(&report.undelivered).map(|value| value.index);
    let panicked = report.panicked.iter().map(|panicked| panicked.index);
    let mut all: Vec<u64> =
        values.chain(panicked).chain(report.abandoned.iter().copied()).collect();
    all.sort();
    assert_eq!(all, (0..report.accepted()).collect::<Vec<_>>(), "{report:?}");
}
