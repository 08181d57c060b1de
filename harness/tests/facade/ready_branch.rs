//! A branch that is ready without any operation: what pended beside it was passed over, and how often is
//! part of the state.

use super::{Seen, check};
use rt::sync::mpsc;
use rt::task::{JoinHandle, yield_now};
use selvedge_rt as rt;
use std::future::{poll_fn, ready};
use std::pin::pin;
use std::task::Poll;

/// Starts a task that sends one item at any time.
fn sender() -> (mpsc::Receiver<u64>, JoinHandle<()>) {
    let (tx, rx) = mpsc::channel(1);
    (rx, rt::spawn(async move { tx.send(1).await.unwrap() }))
}

/// Counts up to 2 until the item comes. The count is all that tells two of its ends apart.
async fn counts(seen: Seen) {
    let (mut rx, sender) = sender();
    let mut count = 0;
    loop {
        rt::select! {
            biased;
            _ = rx.recv() => break,
            () = ready(()), if count < 2 => count += 1,
        }
    }
    yield_now().await;
    seen.note(count);
    sender.await.unwrap();
}

#[test]
fn each_round_of_a_select_in_a_loop_is_told_apart() {
    check(&[0, 1, 2], counts);
}

#[test]
fn so_is_each_round_of_a_poll_by_hand() {
    check(&[0, 1, 2], |seen| async move {
        let (mut rx, sender) = sender();
        let mut count = 0;
        poll_fn(|cx| {
            loop {
                if pin!(rx.recv()).poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                if count == 2 {
                    return Poll::Pending;
                }
                count += 1;
            }
        })
        .await;
        yield_now().await;
        seen.note(count);
        sender.await.unwrap();
    });
}
