//! Streams polled in turn: after one has given an item, it is the last to be asked again.
//!
//! 1. A stream that is ready is served within as many items as there are streams.
//! 2. A stream that has ended is dropped at once, and is not polled again.

use futures_core::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Streams, and whose turn it is.
pub(super) struct Turns<S> {
    /// `None` once ended: the places of the others stay what they are.
    streams: Vec<Option<S>>,
    turn: usize,
}

impl<S> Turns<S> {
    pub(super) fn new(streams: impl IntoIterator<Item = S>) -> Self {
        Turns { streams: streams.into_iter().map(Some).collect(), turn: 0 }
    }

    /// Takes those that have not ended.
    pub(super) fn take_all(&mut self) -> Vec<S> {
        self.streams.iter_mut().filter_map(Option::take).collect()
    }
}

impl<S: Stream + Unpin> Stream for Turns<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let Turns { streams, turn } = &mut *self;
        let mut waits = false;
        for step in 0..streams.len() {
            let place = (*turn + step) % streams.len();
            let Some(stream) = &mut streams[place] else { continue };
            match Pin::new(stream).poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    *turn = place + 1;
                    return Poll::Ready(Some(item));
                }
                Poll::Ready(None) => streams[place] = None,
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(None) }
    }
}

// The streams are polled by `&mut`.
impl<S> Unpin for Turns<S> {}
