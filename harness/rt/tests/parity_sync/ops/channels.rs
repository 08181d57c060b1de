//! What channels announce.

use super::{poll_with, record};
use crate::{poll_and_drop, poll_once};
use futures_core::Stream;
use selvedge_rt::async_channel;
use selvedge_rt::check::engine::Stopped;
use selvedge_rt::sync::{mpsc, oneshot, watch};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls to the end a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn mpsc_announces_sends_receives_and_ends() {
    let (rec, _entered) = record();
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    now(tx.send(7)).unwrap();
    tx.try_send(8).unwrap_err();
    rec.expect(&["Send(7)", "TrySend(8) busy"]);
    assert_eq!((now(rx.recv()), tx.capacity(), rx.len(), rx.is_empty()), (Some(7), 1, 0, true));
    rx.try_recv().unwrap_err();
    rec.expect(&["Recv", "Len = 1", "Len", "Len = 1", "TryRecv busy"]);

    let (waker, woken) = rec.waker();
    {
        let mut waits = pin!(rx.recv());
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        let clone = tx.clone();
        clone.try_send(9).unwrap();
        assert_eq!(woken.times(), 1);
        drop(clone);
        assert!(poll_with(waits, &waker).is_ready());
    }
    rec.expect(&["Recv pending", "CloneSender", "TrySend(9)", "DropSender", "Recv"]);

    poll_and_drop(rx.recv());
    rec.expect(&["Recv pending"]);
    {
        let mut closed = pin!(tx.closed());
        assert!(poll_with(closed.as_mut(), &waker).is_pending());
        rx.close();
        assert!(poll_with(closed, &waker).is_ready());
    }
    now(tx.send(1)).unwrap_err();
    tx.try_send(1).unwrap_err();
    assert!(tx.is_closed());
    rec.expect(&[
        "Closed pending",
        "CloseRecv",
        "Closed",
        "Send(1) closed",
        "TrySend(1) closed",
        "IsClosed = 1",
    ]);
    drop(tx);
    assert_eq!(now(rx.recv()), None);
    rx.try_recv().unwrap_err();
    drop(rx);
    rec.expect(&["DropSender", "Recv closed", "TryRecv closed", "DropReceiver"]);
}

#[test]
fn dropping_the_last_sender_or_the_receiver_wakes_the_other_side_inside_the_operation() {
    let (rec, _entered) = record();
    let (waker, woken) = rec.waker();
    let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
    {
        let mut waits = pin!(rx.recv());
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        drop(tx);
    }
    let (tx, rx) = mpsc::channel::<u32>(1);
    let mut waits = pin!(tx.closed());
    assert!(poll_with(waits.as_mut(), &waker).is_pending());
    drop(rx);
    assert_eq!(woken.times(), 2);
    rec.expect(&["Recv pending", "DropSender", "1:Closed pending", "1:DropReceiver"]);
}

#[test]
fn send_dropped_before_it_is_done_is_an_operation() {
    let (rec, _entered) = record();
    let (tx, rx) = mpsc::channel::<u32>(1);
    drop(tx.send(5));
    rec.expect(&["DropSend(5)"]);
    now(tx.send(6)).unwrap();
    rec.expect(&["Send(6)"]);
    poll_and_drop(tx.send(7));
    rec.expect(&["Send(7) pending", "DropSend(7)"]);
    drop(rx);
    now(tx.send(8)).unwrap_err();
    rec.expect(&["DropReceiver", "Send(8) closed"]);

    let (tx, _rx) = async_channel::bounded::<u32>(1);
    drop(tx.send(5));
    now(tx.send(6)).unwrap();
    poll_and_drop(tx.send(7));
    rec.expect(&["1:DropSend(5)", "1:Send(6)", "1:Send(7) pending", "1:DropSend(7)"]);
}

#[test]
fn reserve_dropped_while_it_waits_is_an_operation_that_wakes_the_next() {
    let (rec, _entered) = record();
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    drop(tx.reserve());
    rec.expect(&[]);
    now(tx.reserve()).unwrap().send(1);
    let permit = tx.try_reserve().map(drop);
    assert!(permit.is_err());
    rec.expect(&["Reserve(1)", "SendReserved(1)", "TryReserve(1) busy"]);

    let (waker, woken) = rec.waker();
    let mut next = pin!(tx.reserve());
    {
        let mut first = pin!(tx.reserve());
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(poll_with(next.as_mut(), &waker).is_pending());
        rx.try_recv().unwrap();
        assert_eq!(woken.times(), 0);
    }
    assert_eq!(woken.times(), 1);
    drop(now(next).unwrap());
    rec.expect(&[
        "Reserve(1) pending",
        "Reserve(1) pending",
        "TryRecv",
        "DropAcquire(1)",
        "Reserve(1)",
        "DropPermit(1)",
    ]);
    drop(tx.try_reserve().unwrap());
    rec.expect(&["TryReserve(1)", "DropPermit(1)"]);
}

#[test]
fn owned_permit_and_its_sender_end_as_two_operations() {
    let (rec, _entered) = record();
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    drop(tx.clone().reserve_owned());
    rec.expect(&["CloneSender", "DropSender"]);
    let permit = now(tx.clone().reserve_owned()).unwrap();
    poll_and_drop(tx.clone().reserve_owned());
    assert!(tx.clone().try_reserve_owned().is_err());
    rec.expect(&[
        "CloneSender",
        "Reserve(1)",
        "CloneSender",
        "Reserve(1) pending",
        "DropAcquire(1)",
        "DropSender",
        "CloneSender",
        "TryReserve(1) busy",
        "DropSender",
    ]);
    drop(permit);
    let sender = now(tx.clone().reserve_owned()).unwrap().release();
    let sender = sender.try_reserve_owned().unwrap().send(3);
    rec.expect(&[
        "DropPermit(1)",
        "DropSender",
        "CloneSender",
        "Reserve(1)",
        "DropPermit(1)",
        "TryReserve(1)",
        "SendReserved(3)",
    ]);
    rx.close();
    assert!(now(sender.reserve_owned()).is_err());
    rec.expect(&["CloseRecv", "Reserve(1) closed", "DropSender"]);
    // Nothing else keeps the channel open.
    drop(tx);
    assert_eq!((now(rx.recv()), now(rx.recv())), (Some(3), None));
}

#[test]
fn last_sender_inside_a_reserve_closes_the_channel_in_its_own_operation() {
    let (rec, _entered) = record();
    let (waker, woken) = rec.waker();
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    let reserve = tx.reserve_owned();
    let mut waits = pin!(rx.recv());
    assert!(poll_with(waits.as_mut(), &waker).is_pending());
    drop(reserve);
    assert_eq!(woken.times(), 1);
    assert_eq!(now(waits), None);
    rec.expect(&["Recv pending", "DropSender", "Recv closed"]);
}

#[test]
fn recv_many_is_one_receive_with_its_limit() {
    let (rec, _entered) = record();
    let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
    (1..=3).for_each(|i| tx.send(i).unwrap());
    let mut items = Vec::new();
    now(rx.recv_many(&mut items, 0));
    now(rx.recv_many(&mut items, 2));
    now(rx.recv_many(&mut items, 2));
    poll_and_drop(rx.recv_many(&mut items, 2));
    drop(tx);
    now(rx.recv_many(&mut items, 2));
    assert_eq!(items, [1, 2, 3]);
    rec.expect(&[
        "TrySend(1)",
        "TrySend(2)",
        "TrySend(3)",
        "Recv(2) = 2",
        "Recv(2) = 1",
        "Recv(2) pending",
        "DropSender",
        "Recv(2) closed",
    ]);
}

#[test]
fn oneshot_send_is_the_end_of_its_sender() {
    let (rec, _entered) = record();
    let (tx, mut rx) = oneshot::channel::<u32>();
    rx.try_recv().unwrap_err();
    let (waker, woken) = rec.waker();
    assert!(poll_with(pin!(&mut rx), &waker).is_pending());
    tx.send(4).unwrap();
    assert_eq!(woken.times(), 1);
    assert_eq!(now(&mut rx), Ok(4));
    drop(rx);
    rec.expect(&["TryRecv busy", "Recv pending", "TrySend(4)", "Recv", "DropReceiver"]);

    let (mut tx, mut rx) = oneshot::channel::<u32>();
    assert!(poll_with(pin!(tx.closed()), &waker).is_pending());
    rx.close();
    now(tx.closed());
    tx.send(5).unwrap_err();
    now(rx).unwrap_err();
    rec.expect(&[
        "1:Closed pending",
        "1:CloseRecv",
        "1:Closed",
        "1:TrySend(5) closed",
        "1:Recv closed",
        "1:DropReceiver",
    ]);

    let (tx, rx) = oneshot::channel::<u32>();
    let mut rx = pin!(rx);
    assert!(poll_with(rx.as_mut(), &waker).is_pending());
    drop(tx);
    now(rx.as_mut()).unwrap_err();
    assert_eq!(woken.times(), 3);
    rec.expect(&["2:Recv pending", "2:DropSender", "2:Recv closed"]);
}

#[test]
fn mpmc_announces_who_closed_and_receives_that_were_dropped() {
    let (rec, _entered) = record();
    let (tx, rx) = async_channel::bounded::<u32>(2);
    drop(rx.recv());
    let (waker, woken) = rec.waker();
    let rx2 = rx.clone();
    {
        // Two wait; the one that is told of the item goes, and the other is told.
        let mut other = pin!(rx2.recv());
        {
            let mut waits = pin!(rx.recv());
            assert!(poll_once(waits.as_mut()).is_pending());
            assert!(poll_with(other.as_mut(), &waker).is_pending());
            tx.try_send(1).unwrap();
            assert_eq!(woken.times(), 0);
        }
        assert_eq!(woken.times(), 1);
        assert_eq!(now(other), Ok(1));
    }
    rec.expect(&[
        "CloneReceiver",
        "Recv pending",
        "Recv pending",
        "TrySend(1)",
        "DropRecv",
        "Recv",
    ]);

    now(tx.clone().send(2)).unwrap();
    tx.try_send(3).unwrap();
    assert!(tx.is_full() && rx.len() == 2);
    tx.try_send(4).unwrap_err();
    assert!(rx.close() && !tx.close());
    tx.try_send(4).unwrap_err();
    assert_eq!(rx.try_recv(), Ok(2));
    rec.expect(&[
        "CloneSender",
        "Send(2)",
        "DropSender",
        "TrySend(3)",
        "Len = 1",
        "Len = 2",
        "TrySend(4) busy",
        "CloseRecv",
        "CloseSend closed",
        "TrySend(4) closed",
        "TryRecv",
    ]);
    now(tx.closed());
    let mut stream = pin!(rx2);
    let cx = &mut Context::from_waker(Waker::noop());
    assert_eq!(stream.as_mut().poll_next(cx), Poll::Ready(Some(3)));
    assert_eq!(stream.as_mut().poll_next(cx), Poll::Ready(None));
    rx.try_recv().unwrap_err();
    drop((tx, rx));
    rec.expect(&["Closed", "Recv", "Recv closed", "TryRecv closed", "DropSender", "DropReceiver"]);
}

#[test]
fn watch_announces_each_value_that_a_task_learns() {
    let (rec, _entered) = record();
    let (tx, mut rx) = watch::channel(0u32);
    let (waker, woken) = rec.waker();
    {
        let mut changed = pin!(rx.changed());
        assert!(poll_with(changed.as_mut(), &waker).is_pending());
        tx.send(1).unwrap();
        assert!(poll_with(changed, &waker).is_ready());
    }
    poll_and_drop(rx.changed());
    assert_eq!(tx.send_replace(2), 1);
    assert!(rx.has_changed().unwrap());
    assert_eq!(*rx.borrow(), 2);
    assert_eq!(*rx.borrow_and_update(), 2);
    assert!(!rx.has_changed().unwrap());
    poll_and_drop(rx.changed());
    rec.expect(&[
        "Changed pending",
        "TrySend(1)",
        "Changed",
        "Changed(1) pending",
        "TrySend(2) = 1",
        "Borrow = 2",
        "Borrow",
        "Borrow",
        "Borrow = 1",
        "Changed(2) pending",
    ]);
    {
        let mut waits = pin!(rx.wait_for(|v| *v > 3));
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        tx.send_modify(|v| *v += 1);
        assert!(!tx.send_if_modified(|_| false));
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        tx.send(4).unwrap();
        assert_eq!(*now(waits).unwrap(), 4);
    }
    assert_eq!(woken.times(), 3);
    rec.expect(&[
        "Borrow",
        "Changed(2) pending",
        "TrySend(99) = 1",
        "TrySend(99) = 1",
        "Changed(2)",
        "Borrow",
        "Changed(3) pending",
        "TrySend(4)",
        "Changed(3)",
        "Borrow",
    ]);
    let late = tx.subscribe();
    drop((late, rx.clone(), tx.clone()));
    rec.expect(&[
        "Borrow",
        "CloneReceiver",
        "CloneReceiver",
        "CloneSender",
        "DropReceiver",
        "DropReceiver",
        "DropSender",
    ]);
    poll_and_drop(tx.closed());
    drop(rx);
    now(tx.closed());
    tx.send(5).unwrap_err();
    assert!(tx.is_closed());
    let mut rx = tx.subscribe();
    drop(tx);
    now(rx.changed()).unwrap_err();
    assert!(rx.has_changed().is_err() && rx.is_closed());
    rec.expect(&[
        "Closed pending",
        "DropReceiver",
        "Closed",
        "TrySend(5) closed",
        "IsClosed = 1",
        "Borrow",
        "CloneReceiver",
        "DropSender",
        "Changed(4) closed",
        "Borrow closed",
        "IsClosed = 1",
    ]);
}

#[test]
fn watch_wait_for_marks_each_value_that_it_looked_at_as_seen() {
    let (rec, _entered) = record();
    let (tx, mut rx) = watch::channel(0u32);
    tx.send(1).unwrap();
    poll_and_drop(rx.wait_for(|v| *v > 1));
    tx.send(2).unwrap();
    assert_eq!(*now(rx.wait_for(|v| *v > 1)).unwrap(), 2);
    assert!(!rx.has_changed().unwrap());
    rec.expect(&[
        "TrySend(1)",
        "Borrow",
        "Changed(1) pending",
        "TrySend(2)",
        "Borrow",
        "Borrow = 1",
    ]);
}

#[test]
fn watch_value_sent_while_a_ref_is_held_panics_and_does_not_hang() {
    let (_rec, _entered) = record();
    let (tx, rx) = watch::channel(0u32);
    let held = rx.borrow();
    let panic = catch_unwind(AssertUnwindSafe(|| tx.send(1))).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("`watch::Ref` is held"));
    drop(held);
    tx.send(1).unwrap();
}

#[test]
fn handle_dropped_after_its_execution_was_stopped_still_drops_the_real_one() {
    let (rec, _entered) = record();
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    tx.try_send(1).unwrap();
    rec.stopped.set(true);
    let mut waits = Box::pin(tx.send(2));
    assert!(poll_once(waits.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(waits))).unwrap_err().is::<Stopped>());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(tx))).unwrap_err().is::<Stopped>());
    rec.stopped.set(false);
    assert_eq!((now(rx.recv()), now(rx.recv())), (Some(1), None));
}

#[test]
fn objects_made_with_no_engine_stay_unknown_to_one() {
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    let (rec, _entered) = record();
    now(tx.send(1)).unwrap();
    now(rx.recv());
    drop((tx, rx));
    rec.expect(&[]);
}
