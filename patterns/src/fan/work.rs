//! One branch at work: take an item, run `f` on it, put the value into the branch's buffer.
//!
//! 1. The token comes first in every poll that may take an item: a branch that was stopped takes none.
//! 2. An item that was taken is worked on, unless the cancel comes while its future waits.
//! 3. The task sends alone, and closes alone: a value that waits for room when the cancel comes is given
//!    back by the close, and never dropped inside a send.
//! 4. No panic of user code ends it.

use super::input::{Input, drop_caught};
use super::{BranchEnd, Indexed};
use crate::panic;
use futures_core::Stream;
use futures_util::{FutureExt, StreamExt};
use rt::async_channel::{Receiver, SendError, Sender, TrySendError};
use rt::sync::{CancellationToken, Mutex};
use selvedge_rt as rt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

/// What all branches share. The last of them drops it, and with it the source.
pub(super) struct Shared<S, F> {
    /// An async lock, held while the source is waited for: a stream wakes only who polled it last, so
    /// only one branch may wait for it. The others wait in line; one that is stopped leaves it.
    pub(super) input: Mutex<Input<S>>,
    pub(super) f: F,
}

/// One branch's own.
pub(super) struct Work<U> {
    pub(super) token: CancellationToken,
    pub(super) output: Sender<Indexed<U>>,
    /// To close with, and never to receive.
    pub(super) closer: Receiver<Indexed<U>>,
}

/// Works until the source has ended or the branch is stopped.
pub(super) async fn run<S, F, Fut, U>(shared: Arc<Shared<S, F>>, work: Work<U>) -> BranchEnd<U>
where
    S: Stream,
    F: Fn(S::Item) -> Fut,
    Fut: Future<Output = U>,
{
    let mut end = BranchEnd::default();
    loop {
        let taken = rt::select! {
            biased;
            () = work.token.cancelled() => break,
            taken = shared.take() => taken,
        };
        let (index, item) = match taken {
            Some(Ok(taken)) => taken,
            None => {
                end.source_ended = true;
                break;
            }
            Some(Err(message)) => {
                end.source_panic = Some(message);
                break;
            }
        };
        // The call of `f`, and the drop of its future, are inside the block: a panic in either is the
        // item's. The future comes first: one that is done is not abandoned.
        let value = AssertUnwindSafe(async {
            rt::select! {
                biased;
                value = (shared.f)(item) => Some(value),
                () = work.token.cancelled() => None,
            }
        });
        // Unwind safe: after a panic nothing of the item is used again, and what `f` shares between
        // calls (it is `Fn`) sits behind locks of its own.
        match value.catch_unwind().await {
            Ok(Some(value)) => match work.deliver(Indexed { index, value }).await {
                Ok(()) => end.sent += 1,
                Err(value) => {
                    end.held = Some(value);
                    break;
                }
            },
            Ok(None) => {
                end.abandoned = Some(index);
                break;
            }
            Err(payload) => {
                end.panicked.push(Indexed { index, value: panic::message(payload) });
            }
        }
    }
    if let Some(message) = drop_caught(shared) {
        end.source_panic.get_or_insert(message);
    }
    end
}

impl<S: Stream, F> Shared<S, F> {
    /// The next item of the source with its place, `None` at the end, an error where it panicked.
    async fn take(&self) -> Option<Result<(u64, S::Item), String>> {
        self.input.lock().await.next().await
    }
}

impl<U> Work<U> {
    /// Puts a value into the buffer; gives it back where the cancel comes before there is room.
    async fn deliver(&self, value: Indexed<U>) -> Result<(), Indexed<U>> {
        let value = match self.output.try_send(value) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(value)) => value,
            Err(TrySendError::Closed(value)) => return Err(value),
        };
        let mut send = pin!(self.output.send(value));
        let sent = rt::select! {
            biased;
            sent = &mut send => sent,
            () = self.token.cancelled() => {
                self.closer.close();
                // It waits no more: there was room in the last moment, or it is refused.
                send.await
            }
        };
        sent.map_err(|SendError(value)| value)
    }
}
