//! Calls that wait without an await: `blocking_send` and its kind.
//!
//! Under an engine each is the operation of its async sibling, polled by the closure of a `spawn_blocking`,
//! which parks in between. With no engine running it is the real call.

use super::engine::{self, Engine};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The engine, if one runs, for the running task to block in.
///
/// # Panics
///
/// In an async task, as tokio's calls do: it would block whoever shares the thread.
#[track_caller]
pub fn blocking() -> Option<Blocking> {
    let engine = engine::current()?;
    assert!(
        engine.own_thread().is_some(),
        "a call that blocks its thread, in an async task: all others on that thread would wait as well. \
         Await the call of the same name without `blocking`, or make it in `spawn_blocking`",
    );
    Some(Blocking(engine))
}

/// An engine whose running task has a thread of its own.
pub struct Blocking(Rc<dyn Engine>);

impl Blocking {
    /// Waits for `future`.
    pub fn on<F: Future>(self, future: F) -> F::Output {
        let waker = self.0.own_thread().expect("a task keeps its thread");
        let mut future = pin!(future);
        let mut cx = Context::from_waker(&waker);
        loop {
            match future.as_mut().poll(&mut cx) {
                Poll::Ready(output) => return output,
                Poll::Pending => self.0.park(),
            }
        }
    }
}
