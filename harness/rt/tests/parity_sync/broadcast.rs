//! Broadcast channels, on both sides of the facade.

use super::{on_tokio, poll_and_drop, poll_once, send_sync, spawnable};
use selvedge_rt::sync::broadcast::error::{RecvError, SendError, TryRecvError};
use selvedge_rt::sync::broadcast::{Receiver, Sender, channel};
use std::pin::pin;

#[test]
fn every_receiver_gets_what_was_sent_since_it_was_made() {
    on_tokio(async {
        let (tx, mut rx) = channel::<u32>(4);
        send_sync(&tx);
        send_sync(&rx);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        poll_and_drop(rx.recv());
        assert_eq!(tx.send(1).unwrap(), 1);
        let mut late = tx.subscribe();
        let mut later: Receiver<u32> = rx.resubscribe();
        assert_eq!(tx.clone().send(2).unwrap(), 3);
        assert_eq!((tx.len(), rx.len(), late.len(), tx.receiver_count()), (2, 2, 1, 3));
        assert_eq!(spawnable(rx.recv()).await, Ok(1));
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!((late.recv().await, later.recv().await), (Ok(2), Ok(2)));
        assert!(tx.is_empty() && rx.is_empty());
        assert!(rx.same_channel(&late) && tx.same_channel(&tx.clone()));
        assert!(!rx.same_channel(&channel::<u32>(1).1));
    });
}

#[test]
fn receiver_that_is_overtaken_is_told_how_much_it_missed() {
    on_tokio(async {
        // The capacity is rounded up to 4.
        let (tx, mut rx) = channel::<u32>(3);
        let mut other = tx.subscribe();
        for item in 0..6 {
            tx.send(item).unwrap();
        }
        assert_eq!(rx.len(), 6);
        assert_eq!(rx.recv().await, Err(RecvError::Lagged(2)));
        assert_eq!((rx.recv().await, rx.len()), (Ok(2), 3));
        tx.send(6).unwrap();
        assert_eq!(other.try_recv(), Err(TryRecvError::Lagged(3)));
        assert_eq!(other.try_recv(), Ok(3));
    });
}

#[test]
fn each_side_learns_that_the_other_is_gone() {
    on_tokio(async {
        let (tx, mut rx) = channel::<u32>(1);
        tx.send(1).unwrap();
        let other = tx.clone();
        {
            let mut closed = pin!(spawnable(tx.closed()));
            assert!(poll_once(closed.as_mut()).is_pending());
            assert!(!rx.is_closed());
            assert_eq!(rx.recv().await, Ok(1));
            drop(rx);
            closed.await;
        }
        let SendError(back) = other.send(2).unwrap_err();
        assert_eq!(back, 2);

        let mut rx = tx.subscribe();
        assert_eq!(other.send(3).unwrap(), 1);
        drop(tx);
        drop(other);
        assert!(rx.is_closed());
        assert_eq!(rx.recv().await, Ok(3));
        assert_eq!(rx.recv().await, Err(RecvError::Closed));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));

        let tx = Sender::new(1);
        assert_eq!((tx.receiver_count(), tx.send(1).unwrap_err().0), (0, 1));
    });
}
