//! One worker of a stage: take an item, work on it, pass it on.
//!
//! On the way of an item that goes well there are three operations: receive, a look at the token, send.
//! A worker stops at the first thing that it cannot pass on, and returns that.

use super::error::Cause;
use super::work::{Step, Work};
use crate::panic;
use futures_util::FutureExt;
use rt::async_channel::{Receiver, SendError, Sender};
use rt::sync::CancellationToken;
use selvedge_rt as rt;
use std::any::Any;
use std::panic::AssertUnwindSafe;

/// What is in a buffer: a value, and which item of the source it comes from.
///
/// Public, and hidden, for model checkers: with its `Hash` they see that it does not matter which worker
/// sent it.
#[derive(Hash)]
pub struct Item<T> {
    pub(super) index: u64,
    pub(super) value: T,
}

/// Where a worker sits.
pub(super) struct Seat<T, U> {
    /// Which stage it is; the source is 0.
    pub(super) at: usize,
    pub(super) input: Receiver<Item<T>>,
    /// This stage's only way to its output: the buffer ends with the last worker.
    pub(super) output: Sender<Item<U>>,
    pub(super) token: CancellationToken,
}

impl<T, U> Clone for Seat<T, U> {
    fn clone(&self) -> Self {
        Seat {
            at: self.at,
            input: self.input.clone(),
            output: self.output.clone(),
            token: self.token.clone(),
        }
    }
}

/// An item that stopped on its way to stage `at`, or in it.
pub(super) struct Left {
    pub(super) index: u64,
    pub(super) at: usize,
    /// The value, unless it went into a future that was dropped.
    pub(super) value: Option<Box<dyn Any + Send>>,
}

/// User code that failed.
pub(super) struct Failed {
    pub(super) at: usize,
    /// The item that it worked on, if any.
    pub(super) index: Option<u64>,
    pub(super) cause: Cause,
    /// The pipeline was cancelled before: this is no reason for its end.
    pub(super) late: bool,
}

/// What a worker says when it ends.
#[derive(Default)]
pub struct StageEnd {
    /// Items that the source gave. Only the source's own task counts them.
    pub(super) taken: u64,
    /// The source had no more items.
    pub(super) exhausted: bool,
    pub(super) rejected: u64,
    pub(super) left: Option<Left>,
    /// At most two: in its work, and when that is dropped.
    pub(super) failed: Vec<Failed>,
}

impl std::hash::Hash for StageEnd {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        (self.taken, self.exhausted, self.rejected).hash(h);
        self.left.as_ref().map(|l| (l.index, l.at, l.value.is_some())).hash(h);
        for f in &self.failed {
            (f.at, f.index, f.late).hash(h);
        }
    }
}

impl StageEnd {
    /// It ends with an item in hand.
    pub(super) fn leave<T: Send + 'static>(&mut self, at: usize, item: Item<T>) {
        let Item { index, value } = item;
        self.left = Some(Left { index, at, value: Some(Box::new(value)) });
    }

    /// It ends with a failure.
    pub(super) fn fail(
        &mut self,
        at: usize,
        index: Option<u64>,
        cause: Cause,
        token: &CancellationToken,
    ) {
        self.failed.push(Failed { at, index, cause, late: token.is_cancelled() });
    }

    /// Drops what the user gave to the stage, before the stage's output ends: a panic in its destructor
    /// is the stage's.
    pub(super) fn retire<W>(&mut self, at: usize, work: W, token: &CancellationToken) {
        if let Err(message) = panic::catch(|| drop(work)) {
            self.fail(at, None, Cause::Panic(message), token);
        }
    }
}

/// Works until the input ends, the pipeline is cancelled, or something fails.
pub(super) async fn run<T, W>(seat: Seat<T, W::Output>, mut work: W) -> StageEnd
where
    T: Send + 'static,
    W: Work<T>,
    W::Output: Send + 'static,
{
    let Seat { at, input, output, token } = seat;
    let mut end = StageEnd::default();
    while let Ok(item) = input.recv().await {
        // After the receive: a closed buffer still gives what is in it, and none of that is worked on.
        if token.is_cancelled() {
            end.leave(at, item);
            break;
        }
        let Item { index, value } = item;
        // The call of `work` is inside the block, so that a panic in it is caught too. Unwind safe:
        // after a panic `work` is only dropped.
        let step = AssertUnwindSafe(async { work.work(value, &token).await }).catch_unwind().await;
        match step {
            Ok(Step::Passed(value)) => match output.send(Item { index, value }).await {
                Ok(()) => continue,
                Err(SendError(item)) => end.leave(at + 1, item),
            },
            Ok(Step::Rejected) => {
                end.rejected += 1;
                continue;
            }
            Ok(Step::Abandoned) => end.left = Some(Left { index, at, value: None }),
            Ok(Step::Failed(error)) => end.fail(at, Some(index), Cause::Error(error), &token),
            Err(payload) => {
                let cause = Cause::Panic(panic::message(payload));
                end.fail(at, Some(index), cause, &token);
            }
        }
        break;
    }
    end.retire(at, work, &token);
    end
}
