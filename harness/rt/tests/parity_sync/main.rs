//! The wrapped primitives of `sync`, `async_channel` and `blocking` do what the real ones do.
//!
//! `ops` runs the checked side under an engine that does each operation at once and writes it down. All else
//! is one body, compiled against both sides of the facade (with and without feature `check`) and run on a
//! real tokio runtime, no engine running.

mod blocking_calls;
mod broadcast;
mod cells;
mod channels;
mod locks;
#[cfg(feature = "check")]
mod ops;
mod parts;
mod signals;
mod streams;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Runs `body` on a current-thread runtime.
fn on_tokio(body: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(body);
}

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Starts a future on its way and drops it.
fn poll_and_drop<F: Future>(future: F) {
    assert!(poll_once(std::pin::pin!(future)).is_pending());
}

/// Compiles if the value may move to, and be used by, other threads.
fn send_sync<T: Send + Sync>(_: &T) {}

/// Compiles if the future may be spawned.
fn spawnable<F: Future + Send>(future: F) -> F {
    future
}
