//! Calls that wait without an await: `blocking_send` and its kind.
//!
//! Under an engine each is the operation of its async sibling, polled by the closure of a `spawn_blocking`,
//! which parks in between. With no engine running it is the real call.

use super::engine::{self, Engine};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The engine, if one runs, for the running task to block in.
///
/// # Panics
///
/// In an async task, as tokio's calls do: it would block whoever shares the thread.
#[track_caller]
pub fn blocking() -> Option<Blocking> {
    let engine = engine::current()?;
    let waker = engine.own_thread().expect(
        "a call that blocks its thread, in an async task: all others on that thread would wait as well. \
         Await the call of the same name without `blocking`, or make it in `spawn_blocking`",
    );
    Some(Blocking { engine, waker })
}

/// An engine whose running task has a thread of its own.
pub struct Blocking {
    engine: Rc<dyn Engine>,
    /// That of the task.
    waker: Waker,
}

impl Blocking {
    /// Waits for `future`.
    pub fn on<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut cx = Context::from_waker(&self.waker);
        loop {
            match future.as_mut().poll(&mut cx) {
                Poll::Ready(output) => return output,
                Poll::Pending => self.engine.park(),
            }
        }
    }
}
