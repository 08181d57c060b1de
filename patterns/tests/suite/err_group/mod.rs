//! The error group: shared helpers; the claims are in the modules.

mod account;
mod cancel;
mod cause;
mod life;
mod limit;

use selvedge_patterns::err_group::{Cause, ErrGroup, Failure};
use selvedge_rt::sync::CancellationToken;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A group as most tests use it.
type Group = ErrGroup<u64, &'static str>;

fn nz(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// The cause: task `task` returned `error`.
fn error(task: usize, error: &'static str) -> Cause<&'static str> {
    Cause::Failed { task, failure: Failure::Error(error) }
}

/// The cause: task `task` panicked with `message`.
fn panic(task: usize, message: &str) -> Cause<&'static str> {
    Cause::Failed { task, failure: Failure::Panic(message.into()) }
}

/// A task that waits for the cancel, and then says so with an error.
async fn reacts(token: CancellationToken) -> Result<u64, &'static str> {
    token.cancelled().await;
    Err("reaction")
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

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}
