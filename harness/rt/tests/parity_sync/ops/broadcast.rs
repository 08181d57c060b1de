//! What broadcast channels announce.

use super::{poll_with, record};
use crate::{poll_and_drop, poll_once};
use selvedge_rt::sync::broadcast;
use std::pin::pin;

#[test]
fn broadcast_announces_sends_receives_and_who_missed_how_much() {
    let (rec, _entered) = record();
    let (tx, mut rx) = broadcast::channel::<u32>(1);
    let (waker, woken) = rec.waker();
    {
        let mut waits = pin!(rx.recv());
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        tx.send(7).unwrap();
        assert_eq!(woken.times(), 1);
        assert!(poll_once(waits).is_ready());
    }
    rec.expect(&["Recv pending", "TrySend(7) = 1", "Recv"]);
    poll_and_drop(rx.recv());
    rx.try_recv().unwrap_err();
    tx.send(8).unwrap();
    tx.send(9).unwrap();
    assert_eq!((rx.len(), rx.is_empty(), tx.len(), tx.is_empty()), (2, false, 1, false));
    rx.try_recv().unwrap_err();
    rx.try_recv().unwrap();
    let missed = format!("TryRecv {:?}", selvedge_rt::check::engine::Outcome::lagged(1));
    rec.expect(&[
        "Recv pending",
        "TryRecv busy",
        "TrySend(8) = 1",
        "TrySend(9) = 1",
        "Len = 2",
        "Len",
        "Len = 1",
        "Len",
        &missed,
        "TryRecv",
    ]);
}

#[test]
fn broadcast_announces_who_comes_and_goes() {
    let (rec, _entered) = record();
    let (waker, woken) = rec.waker();
    let (tx, rx) = broadcast::channel::<u32>(2);
    let mut other = rx.resubscribe();
    let third = tx.subscribe();
    assert_eq!(tx.receiver_count(), 3);
    drop((rx, third));
    rec.expect(&["Subscribe", "Subscribe", "Len = 3", "DropReceiver", "DropReceiver"]);
    {
        let mut waits = pin!(other.recv());
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        drop(tx.clone());
        drop(tx);
        assert_eq!(woken.times(), 1);
        assert!(poll_once(waits).is_ready());
    }
    assert!(other.is_closed());
    let expected =
        ["Recv pending", "CloneSender", "DropSender", "DropSender", "Recv closed", "IsClosed = 1"];
    rec.expect(&expected);
    drop(other);
    rec.expect(&["DropReceiver"]);

    let tx = broadcast::Sender::<u32>::new(2);
    rec.expect(&["1:DropReceiver"]);
    tx.send(1).unwrap_err();
    let rx = tx.subscribe();
    {
        let mut closed = pin!(tx.closed());
        assert!(poll_with(closed.as_mut(), &waker).is_pending());
        drop(rx);
        assert_eq!(woken.times(), 2);
        assert!(poll_once(closed).is_ready());
    }
    rec.expect(&[
        "1:TrySend(1) closed",
        "1:Subscribe",
        "1:Closed pending",
        "1:DropReceiver",
        "1:Closed",
    ]);
}
