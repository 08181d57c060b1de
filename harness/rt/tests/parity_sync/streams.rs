//! Receivers as streams, on both sides of the facade.

use super::{on_tokio, poll_once, send_sync};
use futures_core::Stream;
use selvedge_rt::sync::{broadcast, mpsc, watch};
use selvedge_rt::tokio_stream::wrappers::errors::BroadcastStreamRecvError::Lagged;
use selvedge_rt::tokio_stream::wrappers::{
    BroadcastStream, ReceiverStream, UnboundedReceiverStream, WatchStream,
};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};

/// The next item.
pub(crate) fn next<S: Stream + Unpin>(stream: &mut S) -> impl Future<Output = Option<S::Item>> {
    poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx))
}

#[test]
fn receivers_of_items_are_streams_that_end() {
    on_tokio(async {
        let (tx, rx) = mpsc::channel(2);
        let mut items = ReceiverStream::new(rx);
        send_sync(&items);
        tx.send(1).await.unwrap();
        assert_eq!(next(&mut items).await, Some(1));
        assert!(poll_once(pin!(next(&mut items))).is_pending());
        assert_eq!(items.as_ref().len(), 0);
        tx.send(2).await.unwrap();
        items.close();
        assert!(tx.send(3).await.is_err());
        assert_eq!((next(&mut items).await, next(&mut items).await), (Some(2), None));
        assert!(items.into_inner().try_recv().is_err());

        let (tx, rx) = mpsc::unbounded_channel();
        let mut items = UnboundedReceiverStream::from(rx);
        tx.send(1).unwrap();
        drop(tx);
        assert_eq!((next(&mut items).await, next(&mut items).await), (Some(1), None));
    });
}

#[test]
fn broadcast_stream_tells_what_was_missed_and_goes_on() {
    on_tokio(async {
        let (tx, rx) = broadcast::channel(1);
        let mut items = BroadcastStream::new(rx);
        assert!(poll_once(pin!(next(&mut items))).is_pending());
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        assert_eq!(next(&mut items).await, Some(Err(Lagged(1))));
        assert_eq!(next(&mut items).await, Some(Ok(2)));
        drop(tx);
        assert_eq!(next(&mut items).await, None);
    });
}

#[test]
fn watch_stream_begins_with_the_value_or_with_a_change() {
    on_tokio(async {
        let (tx, rx) = watch::channel(1);
        let mut values = WatchStream::new(rx.clone());
        let mut changes = WatchStream::from_changes(rx);
        assert_eq!(next(&mut values).await, Some(1));
        assert!(poll_once(pin!(next(&mut changes))).is_pending());
        tx.send(2).unwrap();
        assert_eq!((next(&mut values).await, next(&mut changes).await), (Some(2), Some(2)));
        drop(tx);
        assert_eq!((next(&mut values).await, next(&mut changes).await), (None, None));
    });
}
