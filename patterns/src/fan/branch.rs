//! One branch as its consumer sees it.

use super::Indexed;
use futures_core::Stream;
use futures_util::StreamExt;
use rt::async_channel::Receiver;
use rt::sync::DropGuard;
use selvedge_rt as rt;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// One branch of a [`FanOut`](super::FanOut); a [`Stream`] of its values, in the order in which it took
/// their items.
///
/// Dropping it stops this branch: it takes no further item, and a future of `f` that it waits for is
/// dropped. What it has worked out and nobody received is in the report of the fan-out.
#[must_use = "dropping a branch stops it"]
pub struct Branch<U> {
    _stop: DropGuard,
    // Boxed, because its `Stream` needs it pinned.
    output: Pin<Box<Receiver<Indexed<U>>>>,
}

impl<U> Branch<U> {
    pub(super) fn new(stop: DropGuard, output: Receiver<Indexed<U>>) -> Self {
        Branch { _stop: stop, output: Box::pin(output) }
    }

    /// Waits for the next value; `None` once the branch has ended and every value was received.
    ///
    /// A branch ends with the source, with a cancel, or when its fan-out is closed or dropped. `None`
    /// does not tell these apart: [`FanOut::close`](super::FanOut::close) does.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, no value was received.
    pub async fn next(&mut self) -> Option<Indexed<U>> {
        StreamExt::next(self).await
    }

    /// Another receiver of its buffer, to take out what is left at the end.
    pub(super) fn output(&self) -> Receiver<Indexed<U>> {
        (*self.output).clone()
    }
}

// Only the receiver is pinned, in a box of its own.
impl<U> Unpin for Branch<U> {}

impl<U> Stream for Branch<U> {
    type Item = Indexed<U>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Indexed<U>>> {
        self.output.as_mut().poll_next(cx)
    }
}

impl<U> fmt::Debug for Branch<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch").finish_non_exhaustive()
    }
}
