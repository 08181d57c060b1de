//! A stream of the user's, polled so that its panic is data.
//!
//! 1. It ends once: by itself, or by a panic. It is then dropped at once and never polled again, and
//!    whoever asks is told that it has ended.
//! 2. A panic of its destructor counts as one of the stream.

use crate::panic;
use futures_core::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The stream until it has ended, and how many items it gave.
pub(super) struct Input<S> {
    source: Option<Pin<Box<S>>>,
    taken: u64,
}

impl<S: Stream> Input<S> {
    pub(super) fn new(source: S) -> Self {
        Input { source: Some(Box::pin(source)), taken: 0 }
    }
}

/// Gives each item with its place; or, as the last thing, the message of a panic.
impl<S: Stream> Stream for Input<S> {
    type Item = Result<(u64, S::Item), String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        let panicked = match panic::catch(|| source.as_mut().poll_next(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Some(item))) => {
                let index = self.taken;
                self.taken += 1;
                return Poll::Ready(Some(Ok((index, item))));
            }
            Ok(Poll::Ready(None)) => None,
            Err(message) => Some(message),
        };
        let source = self.source.take();
        let dropped = drop_caught(source);
        Poll::Ready(panicked.or(dropped).map(Err))
    }
}

/// Drops something of the user's; a panic of its destructor is returned.
pub(super) fn drop_caught<T>(value: T) -> Option<String> {
    panic::catch(|| drop(value)).err()
}
