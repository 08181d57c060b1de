//! Cancellation tokens and `Notify`, on both sides of the facade.

use super::{on_tokio, poll_and_drop, poll_once, send_sync, spawnable};
use selvedge_rt::sync::futures::{Notified, OwnedNotified};
use selvedge_rt::sync::{Barrier, BarrierWaitResult, CancellationToken, DropGuard, Notify};
use std::cell::RefCell;
use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

#[test]
fn token_does_what_tokio_utils_does() {
    on_tokio(async {
        let root = CancellationToken::new();
        send_sync(&root);
        let (child, clone) = (root.child_token(), root.clone());
        assert!(clone == root && child != root);
        let grandchild = child.child_token();
        poll_and_drop(spawnable(root.cancelled()));
        let mut waits = pin!(spawnable(grandchild.cancelled()));
        let mut owned = pin!(spawnable(child.clone().cancelled_owned()));
        assert!(poll_once(waits.as_mut()).is_pending() && poll_once(owned.as_mut()).is_pending());
        child.cancel();
        waits.await;
        owned.await;
        assert!(child.is_cancelled() && grandchild.is_cancelled() && !root.is_cancelled());
        assert!(child.child_token().is_cancelled());

        let guard: DropGuard = clone.drop_guard();
        let clone = guard.disarm();
        assert!(!root.is_cancelled());
        drop(clone.drop_guard());
        assert!(root.is_cancelled());
        assert!(!CancellationToken::default().is_cancelled());
    });
}

#[test]
fn run_until_cancelled_prefers_the_future_unless_cancelled_from_the_start() {
    on_tokio(async {
        let token = CancellationToken::new();
        assert_eq!(spawnable(token.run_until_cancelled(ready(1))).await, Some(1));
        assert_eq!(spawnable(token.clone().run_until_cancelled_owned(ready(1))).await, Some(1));

        let mut waits = pin!(token.run_until_cancelled(pending::<()>()));
        assert!(poll_once(waits.as_mut()).is_pending());
        // Ready at its second poll, when the token is cancelled too.
        let mut polls = 0;
        let mut both = pin!(token.run_until_cancelled(poll_fn(|_| {
            polls += 1;
            if polls == 2 { Poll::Ready(2) } else { Poll::Pending }
        })));
        assert!(poll_once(both.as_mut()).is_pending());
        token.cancel();
        assert_eq!(waits.await, None);
        assert_eq!(both.await, Some(2));

        assert_eq!(token.run_until_cancelled(ready(1)).await, None);
        assert_eq!(token.clone().run_until_cancelled_owned(ready(1)).await, None);
    });
}

#[test]
fn notify_does_what_tokios_does() {
    on_tokio(async {
        let notify = Notify::new();
        send_sync(&notify);
        notify.notify_one();
        spawnable(notify.notified()).await;

        // Made before, polled after.
        let early: Notified<'_> = notify.notified();
        notify.notify_waiters();
        early.await;
        poll_and_drop(notify.notified());

        // In the order in which they came, however they came.
        let (mut first, mut second) = (pin!(notify.notified()), pin!(notify.notified()));
        assert!(!first.as_mut().enable());
        assert!(poll_once(second.as_mut()).is_pending());
        notify.notify_one();
        assert!(poll_once(second.as_mut()).is_pending());
        assert!(poll_once(first.as_mut()).is_ready());

        // One that was notified and is dropped hands it on.
        {
            let mut dropped = pin!(notify.notified());
            notify.notify_one();
            second.await;
            assert!(!dropped.as_mut().enable());
            notify.notify_one();
        }
        let mut stored = pin!(Notify::notified(&notify));
        assert!(stored.as_mut().enable());
        stored.await;
        let _ = Notify::default();
    });
}

#[test]
fn run_until_cancelled_drops_its_future_when_cancelled() {
    on_tokio(async {
        struct Last<'a>(&'a RefCell<Vec<&'static str>>);
        impl Drop for Last<'_> {
            fn drop(&mut self) {
                self.0.borrow_mut().push("dropped");
            }
        }
        let log = RefCell::new(Vec::new());
        let token = CancellationToken::new();
        let last = Last(&log);
        let mut waits = pin!(token.run_until_cancelled(async move {
            let _last = last;
            pending::<()>().await
        }));
        assert!(poll_once(waits.as_mut()).is_pending());
        token.cancel();
        assert!(log.borrow().is_empty());
        assert_eq!(waits.await, None);
        assert_eq!(*log.borrow(), ["dropped"]);
    });
}

#[test]
fn owned_notification_is_as_good_and_the_last_may_come_first() {
    on_tokio(async {
        let notify = Arc::new(Notify::new());
        let mut first: std::pin::Pin<Box<OwnedNotified>> =
            Box::pin(spawnable(notify.clone().notified_owned()));
        assert!(!first.as_mut().enable());
        let mut second = Box::pin(notify.notified());
        let mut third = Box::pin(notify.clone().notified_owned());
        assert!(poll_once(second.as_mut()).is_pending() && poll_once(third.as_mut()).is_pending());
        notify.notify_last();
        assert!(poll_once(second.as_mut()).is_pending());
        // What came to the last one goes on to the last that is left.
        drop(third);
        second.await;
        notify.notify_one();
        first.await;
        notify.notify_last();
        notify.clone().notified_owned().await;
        poll_and_drop(notify.notified());
    });
}

#[test]
fn barrier_does_what_tokios_does() {
    on_tokio(async {
        let barrier = Barrier::new(2);
        send_sync(&barrier);
        for _ in 0..2 {
            let mut first = pin!(spawnable(barrier.wait()));
            assert!(poll_once(first.as_mut()).is_pending());
            let last: BarrierWaitResult = barrier.wait().await;
            assert!(last.is_leader());
            assert!(!first.await.is_leader());
        }
        // One that goes has arrived.
        poll_and_drop(barrier.wait());
        assert!(barrier.wait().await.is_leader());
        assert!(Barrier::new(0).wait().await.is_leader());
    });
}
