//! What cancellation tokens and `Notify` announce.

use super::{poll_with, record};
use crate::poll_once;
use selvedge_rt::sync::{Barrier, CancellationToken, Notify};
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// The nodes that `make` names, in the order in which it made them: the lower halves of `ChildToken`.
fn nodes(make: impl FnOnce(&CancellationToken)) -> Vec<(u32, u32)> {
    let (rec, _entered) = record();
    make(&CancellationToken::new());
    let made = rec.log.take();
    made.iter()
        .filter_map(|op| op.strip_prefix("ChildToken(")?.strip_suffix(')')?.parse::<u64>().ok())
        .map(|arg| ((arg >> 32) as u32, arg as u32))
        .collect()
}

#[test]
fn node_of_a_token_depends_on_its_parent_alone() {
    let one = nodes(|root| {
        let (a, b) = (root.child_token(), root.child_token());
        a.child_token();
        b.child_token();
    });
    let other = nodes(|root| {
        let a = root.child_token();
        a.child_token();
        let b = root.child_token();
        b.child_token();
    });
    let ((root, a), (_, b), (_, aa), (_, bb)) = (one[0], one[1], one[2], one[3]);
    assert_eq!(root, 0);
    assert_eq!(one, [(0, a), (0, b), (a, aa), (b, bb)]);
    assert_eq!(other, [(0, a), (a, aa), (0, b), (b, bb)]);
    assert!(![a, b, aa, bb].contains(&0));
}

#[test]
fn nodes_of_a_large_tree_differ() {
    let made = nodes(|root| {
        for _ in 0..30 {
            let child = root.child_token();
            for _ in 0..30 {
                child.child_token();
            }
        }
    });
    let mut ids: Vec<u32> = made.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 930);
}

#[test]
fn token_operations_carry_their_node() {
    let (rec, _entered) = record();
    let root = CancellationToken::new();
    let child = root.child_token();
    let made = rec.log.take().remove(0);
    let node = made.strip_prefix("ChildToken(").unwrap().strip_suffix(')').unwrap().to_string();

    let (waker, woken) = rec.waker();
    {
        let mut waits = pin!(child.cancelled());
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        let mut owned = pin!(root.clone().cancelled_owned());
        assert!(poll_with(owned.as_mut(), &waker).is_pending());
        assert!(!root.is_cancelled());
        root.cancel();
        assert_eq!(woken.times(), 2);
        assert!(poll_once(waits).is_ready() && poll_once(owned).is_ready());
        assert!(child.is_cancelled());
    }
    rec.expect(&[
        &format!("Cancelled({node}) pending"),
        "Cancelled pending",
        "IsCancelled",
        "Cancel",
        &format!("Cancelled({node})"),
        "Cancelled",
        &format!("IsCancelled({node}) = 1"),
    ]);
    // A dropped handle and a disarmed guard are nothing.
    let token = CancellationToken::new();
    let _ = poll_once(pin!(token.cancelled()));
    let guard = token.clone().drop_guard();
    let token = guard.disarm();
    rec.expect(&["1:Cancelled pending", "1:DropCancelled"]);
    drop(token.drop_guard());
    rec.expect(&["1:Cancel"]);
}

#[test]
fn run_until_cancelled_looks_then_polls_the_future_before_the_token() {
    let (rec, _entered) = record();
    let (token, notify) = (CancellationToken::new(), Notify::new());
    {
        let mut run = pin!(token.run_until_cancelled(notify.notified()));
        assert!(poll_once(run.as_mut()).is_pending());
        rec.expect(&["1:Listen", "IsCancelled", "1:Notified pending", "Cancelled pending"]);
        token.cancel();
        assert_eq!(poll_once(run), Poll::Ready(None));
        rec.expect(&["Cancel", "1:Notified pending", "Cancelled", "1:DropNotified"]);
    }
    let run = token.clone().run_until_cancelled_owned(pending::<()>());
    assert_eq!(poll_once(pin!(run)), Poll::Ready(None));
    rec.expect(&["IsCancelled = 1"]);
    let token = CancellationToken::new();
    let run = token.run_until_cancelled(poll_fn(|_| Poll::Ready(1)));
    assert_eq!(poll_once(pin!(run)), Poll::Ready(Some(1)));
    rec.expect(&["2:IsCancelled"]);
}

#[test]
fn notify_announces_the_making_of_a_future_and_the_drop_of_one_that_waits() {
    let (rec, _entered) = record();
    let notify = Notify::new();
    drop(notify.notified());
    rec.expect(&["Listen"]);
    let (waker, woken) = rec.waker();
    {
        let mut next = pin!(notify.notified());
        {
            let mut first = pin!(notify.notified());
            assert!(poll_once(first.as_mut()).is_pending());
            assert!(poll_with(next.as_mut(), &waker).is_pending());
            notify.notify_one();
            assert_eq!(woken.times(), 0);
        }
        assert_eq!(woken.times(), 1);
        assert!(poll_once(next).is_ready());
    }
    rec.expect(&[
        "Listen",
        "Listen",
        "Notified pending",
        "Notified pending",
        "NotifyOne",
        "DropNotified",
        "Notified",
    ]);
    let early = notify.notified();
    notify.notify_waiters();
    assert!(poll_once(pin!(early)).is_ready());
    rec.expect(&["Listen", "NotifyWaiters", "Notified"]);
}

#[test]
fn enable_takes_a_place_and_tells_whether_there_was_something_to_take() {
    let (rec, _entered) = record();
    let notify = Notify::new();
    {
        let mut waits = pin!(notify.notified());
        assert!(!waits.as_mut().enable());
        assert!(poll_once(waits.as_mut()).is_pending());
    }
    rec.expect(&["Listen", "Notified(1) busy", "Notified pending", "DropNotified"]);
    assert!(!pin!(notify.notified()).enable());
    rec.expect(&["Listen", "Notified(1) busy", "DropNotified"]);
    notify.notify_one();
    {
        let mut waits = pin!(notify.notified());
        assert!(waits.as_mut().enable());
        notify.notify_one();
        // It has what it waited for: its poll takes nothing.
        assert!(poll_once(waits).is_ready());
    }
    assert!(pin!(notify.notified()).enable());
    rec.expect(&["NotifyOne", "Listen", "Notified(1)", "NotifyOne", "Listen", "Notified(1)"]);
}

#[test]
fn owned_notification_announces_the_same_and_which_end_of_the_queue_is_woken() {
    let (rec, _entered) = record();
    let notify = std::sync::Arc::new(Notify::new());
    let (waker, woken) = rec.waker();
    {
        let mut first = pin!(notify.clone().notified_owned());
        let mut last = pin!(notify.clone().notified_owned());
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(poll_with(last.as_mut(), &waker).is_pending());
        notify.notify_last();
        assert_eq!(woken.times(), 1);
        assert!(poll_once(last).is_ready());
    }
    rec.expect(&[
        "Listen",
        "Listen",
        "Notified pending",
        "Notified pending",
        "NotifyLast",
        "Notified",
        "DropNotified",
    ]);
}

#[test]
fn barrier_announces_every_poll_and_who_leads() {
    let (rec, _entered) = record();
    let barrier = Barrier::new(2);
    let (waker, woken) = rec.waker();
    {
        let mut first = pin!(barrier.wait());
        assert!(poll_with(first.as_mut(), &waker).is_pending());
        assert!(poll_once(pin!(barrier.wait())).is_ready());
        assert_eq!(woken.times(), 1);
        assert!(poll_once(first).is_ready());
    }
    rec.expect(&["Arrive pending", "Arrive = 1", "Arrive"]);
    let _ = poll_once(pin!(barrier.wait()));
    drop(barrier.wait());
    rec.expect(&["Arrive pending", "DropArrive"]);
}
