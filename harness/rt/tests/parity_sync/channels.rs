//! mpsc, oneshot, watch and MPMC channels, on both sides of the facade.

use super::{on_tokio, poll_and_drop, poll_once, send_sync, spawnable};
use futures_core::Stream;
use selvedge_rt::async_channel;
use selvedge_rt::sync::{mpsc, oneshot, watch};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

#[test]
fn mpsc_bounded_does_what_tokios_does() {
    on_tokio(async {
        let (tx, mut rx) = mpsc::channel::<u32>(2);
        send_sync(&tx);
        send_sync(&rx);
        assert_eq!((tx.max_capacity(), tx.capacity(), rx.len()), (2, 2, 0));
        assert_eq!((rx.max_capacity(), rx.capacity()), (2, 2));
        assert!(rx.is_empty() && !tx.is_closed() && !rx.is_closed());
        assert_eq!(rx.try_recv(), Err(mpsc::error::TryRecvError::Empty));

        spawnable(tx.send(1)).await.unwrap();
        tx.try_send(2).unwrap();
        assert!(matches!(tx.try_send(3), Err(mpsc::error::TrySendError::Full(3))));
        assert!(matches!(tx.try_reserve(), Err(mpsc::error::TrySendError::Full(()))));
        let full = tx.clone().try_reserve_owned().unwrap_err();
        assert!(
            matches!(full, mpsc::error::TrySendError::Full(ref again) if again.same_channel(&tx))
        );
        poll_and_drop(tx.send(3));
        poll_and_drop(tx.reserve());
        poll_and_drop(tx.clone().reserve_owned());
        assert_eq!(rx.len(), 2);
        assert_eq!(spawnable(rx.recv()).await, Some(1));
        assert_eq!(rx.try_recv(), Ok(2));

        let permit = spawnable(tx.reserve()).await.unwrap();
        assert_eq!(tx.capacity(), 1);
        permit.send(4);
        drop(tx.try_reserve().unwrap());
        assert_eq!(tx.capacity(), 1);
        let owned = spawnable(tx.clone().reserve_owned()).await.unwrap();
        let other = owned.send(5);
        assert_eq!(other.capacity(), 0);
        let mut buffer = Vec::new();
        assert_eq!(spawnable(rx.recv_many(&mut buffer, 0)).await, 0);
        assert_eq!(rx.recv_many(&mut buffer, 9).await, 2);
        assert_eq!(buffer, [4, 5]);
        let owned = other.try_reserve_owned().unwrap();
        assert_eq!(tx.capacity(), 1);
        let other = owned.release();
        assert_eq!(tx.capacity(), 2);

        assert_eq!(poll_fn(|cx| Poll::Ready(rx.poll_recv(cx))).await, Poll::Pending);
        let mut closed = pin!(spawnable(tx.closed()));
        assert!(poll_once(closed.as_mut()).is_pending());
        tx.send(6).await.unwrap();
        rx.close();
        closed.await;
        assert!(tx.is_closed() && rx.is_closed());
        assert_eq!(tx.send(7).await, Err(mpsc::error::SendError(7)));
        assert!(matches!(tx.try_send(7), Err(mpsc::error::TrySendError::Closed(7))));
        assert_eq!(tx.reserve().await.unwrap_err(), mpsc::error::SendError(()));
        assert_eq!(other.reserve_owned().await.unwrap_err(), mpsc::error::SendError(()));
        assert_eq!(rx.recv().await, Some(6));
        assert_eq!(rx.recv().await, None);
        assert_eq!(rx.recv_many(&mut buffer, 1).await, 0);
    });
}

#[test]
fn mpsc_receiver_sees_the_end_when_the_last_sender_or_permit_is_dropped() {
    on_tokio(async {
        let (tx, mut rx) = mpsc::channel::<u32>(1);
        let owned = tx.clone().reserve_owned().await.unwrap();
        drop(tx);
        assert_eq!(rx.try_recv(), Err(mpsc::error::TryRecvError::Empty));
        drop(owned);
        assert_eq!(rx.recv().await, None);
        assert_eq!(rx.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));

        let (tx, rx) = mpsc::channel::<u32>(1);
        let mut waiting = pin!(tx.closed());
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(rx);
        waiting.await;
    });
}

#[test]
fn mpsc_send_that_waits_gets_through_once_there_is_room() {
    on_tokio(async {
        let (tx, mut rx) = mpsc::channel::<u32>(1);
        let sender = async {
            for i in 0..20 {
                tx.send(i).await.unwrap();
            }
            drop(tx);
        };
        let receiver = async {
            let mut all = Vec::new();
            while let Some(i) = rx.recv().await {
                all.push(i);
            }
            all
        };
        let ((), all) = tokio::join!(sender, receiver);
        assert_eq!(all, (0..20).collect::<Vec<_>>());
    });
}

#[test]
fn mpsc_unbounded_does_what_tokios_does() {
    on_tokio(async {
        let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
        send_sync(&tx);
        send_sync(&rx);
        (0..3).for_each(|i| tx.send(i).unwrap());
        assert_eq!((rx.len(), rx.is_empty()), (3, false));
        assert_eq!(rx.recv().await, Some(0));
        let mut buffer = Vec::new();
        let many = poll_fn(|cx| rx.poll_recv_many(cx, &mut buffer, 1)).await;
        assert_eq!((many, buffer.as_slice()), (1, [1].as_slice()));
        assert_eq!(rx.try_recv(), Ok(2));
        let other = tx.clone();
        assert!(other.same_channel(&tx) && !other.is_closed());
        let mut closed = pin!(spawnable(other.closed()));
        assert!(poll_once(closed.as_mut()).is_pending());
        rx.close();
        closed.await;
        assert_eq!(tx.send(4), Err(mpsc::error::SendError(4)));
        assert_eq!(rx.recv().await, None);
    });
}

#[test]
fn oneshot_does_what_tokios_does() {
    on_tokio(async {
        let (tx, mut rx) = oneshot::channel::<u32>();
        send_sync(&tx);
        send_sync(&rx);
        assert!(rx.is_empty() && !rx.is_terminated() && !tx.is_closed());
        assert_eq!(rx.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        assert!(poll_once(pin!(&mut rx)).is_pending());
        tx.send(1).unwrap();
        assert!(!rx.is_empty());
        assert_eq!(spawnable(&mut rx).await, Ok(1));
        assert!(rx.is_terminated());

        let (mut tx, mut rx) = oneshot::channel::<u32>();
        poll_and_drop(spawnable(tx.closed()));
        rx.close();
        tx.closed().await;
        poll_fn(|cx| tx.poll_closed(cx)).await;
        assert!(tx.is_closed());
        assert_eq!(tx.send(2), Err(2));
        assert_eq!(rx.try_recv(), Err(oneshot::error::TryRecvError::Closed));

        let (tx, rx) = oneshot::channel::<u32>();
        drop(tx);
        assert!(rx.await.is_err());
        let (tx, rx) = oneshot::channel::<u32>();
        drop(rx);
        assert_eq!(tx.send(3), Err(3));
    });
}

#[test]
fn watch_does_what_tokios_does() {
    on_tokio(async {
        let (tx, mut rx) = watch::channel(0u32);
        send_sync(&tx);
        send_sync(&rx);
        assert_eq!((*tx.borrow(), *rx.borrow()), (0, 0));
        assert!(!rx.has_changed().unwrap());
        poll_and_drop(spawnable(rx.changed()));
        tx.send(1).unwrap();
        assert!(rx.has_changed().unwrap());
        assert_eq!(*rx.borrow(), 1);
        rx.changed().await.unwrap();
        assert!(!rx.has_changed().unwrap());
        assert_eq!(tx.send_replace(2), 1);
        let mut late = tx.subscribe();
        assert!(!late.has_changed().unwrap());
        let copy = rx.clone();
        assert!(copy.has_changed().unwrap() && copy.same_channel(&rx));
        assert!(rx.borrow_and_update().has_changed());
        assert!(!rx.borrow_and_update().has_changed());
        tx.send_modify(|v| *v += 1);
        assert!(!tx.send_if_modified(|_| false));
        assert_eq!(*late.borrow_and_update(), 3);
        assert!(tx.send_if_modified(|v| {
            *v += 1;
            true
        }));
        assert_eq!(*rx.wait_for(|v| *v == 4).await.unwrap(), 4);
        poll_and_drop(spawnable(rx.wait_for(|v| *v == 5)));

        let other = tx.clone();
        assert!(other.same_channel(&tx));
        drop(tx);
        assert!(!rx.is_closed());
        let mut closed = pin!(spawnable(other.closed()));
        assert!(poll_once(closed.as_mut()).is_pending());
        drop((late, copy));
        assert!(poll_once(closed.as_mut()).is_pending());
        other.send(5).unwrap();
        assert_eq!(*rx.wait_for(|v| *v == 5).await.unwrap(), 5);
        let mut changed = pin!(rx.changed());
        assert!(poll_once(changed.as_mut()).is_pending());
        let again = other.subscribe();
        drop(again);
        assert!(!other.is_closed());
    });
}

#[test]
fn watch_ends_when_either_side_is_gone() {
    on_tokio(async {
        let (tx, mut rx) = watch::channel(0u32);
        tx.send(1).unwrap();
        drop(tx);
        assert!(rx.is_closed() && rx.has_changed().is_err());
        rx.changed().await.unwrap();
        assert!(rx.changed().await.is_err());
        assert!(rx.wait_for(|v| *v == 2).await.is_err());
        assert_eq!(*rx.wait_for(|v| *v == 1).await.unwrap(), 1);

        let tx = watch::Sender::new(0u32);
        assert!(tx.is_closed());
        tx.closed().await;
        assert_eq!(tx.send(1).unwrap_err().0, 1);
        assert_eq!(tx.send_replace(2), 0);
        assert_eq!(*tx.subscribe().borrow(), 2);
        assert_eq!(*watch::Sender::<u32>::default().borrow(), 0);
    });
}

#[test]
fn mpmc_does_what_async_channel_does() {
    on_tokio(async {
        let (tx, rx) = async_channel::bounded::<u32>(2);
        send_sync(&tx);
        send_sync(&rx);
        assert_eq!((tx.capacity(), rx.capacity()), (Some(2), Some(2)));
        assert!(tx.is_empty() && rx.is_empty());
        assert_eq!(rx.try_recv(), Err(async_channel::TryRecvError::Empty));
        poll_and_drop(rx.recv());
        spawnable(tx.send(1)).await.unwrap();
        tx.try_send(2).unwrap();
        assert!(tx.is_full() && rx.is_full());
        assert_eq!((tx.len(), rx.len()), (2, 2));
        assert_eq!(tx.try_send(3), Err(async_channel::TrySendError::Full(3)));
        poll_and_drop(tx.send(3));
        let (tx2, rx2) = (tx.clone(), rx.clone());
        assert!(tx2.same_channel(&tx) && rx2.same_channel(&rx));
        assert_eq!(spawnable(rx2.recv()).await, Ok(1));
        drop((tx2, rx2));
        assert!(!tx.is_closed() && !rx.is_closed());
        assert!(tx.close());
        assert!(!rx.close() && !tx.close());
        assert!(tx.is_closed() && rx.is_closed());
        tx.closed().await;
        assert_eq!(tx.send(4).await, Err(async_channel::SendError(4)));
        assert_eq!(tx.try_send(4), Err(async_channel::TrySendError::Closed(4)));
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(rx.recv().await, Err(async_channel::RecvError));
        assert_eq!(rx.try_recv(), Err(async_channel::TryRecvError::Closed));

        let (tx, rx) = async_channel::unbounded::<u32>();
        assert_eq!(tx.capacity(), None);
        let mut closed = pin!(spawnable(tx.closed()));
        assert!(poll_once(closed.as_mut()).is_pending());
        drop(rx);
        closed.await;
    });
}

#[test]
fn mpmc_receiver_is_a_stream_that_ends() {
    on_tokio(async {
        let (tx, rx) = async_channel::bounded::<u32>(1);
        let sender = async move {
            for i in 0..20 {
                tx.send(i).await.unwrap();
            }
        };
        let receiver = async {
            let mut rx = pin!(rx);
            let mut all = Vec::new();
            while let Some(i) = poll_fn(|cx| rx.as_mut().poll_next(cx)).await {
                all.push(i);
            }
            all
        };
        let ((), all) = tokio::join!(sender, receiver);
        assert_eq!(all, (0..20).collect::<Vec<_>>());
    });
}
