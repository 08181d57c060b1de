//! Cancellation at every await.

use crate::record;
use selvedge_rt as rt;
use selvedge_rt::check::engine;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

/// Runs `future`, or drops it before it is done: under the explorer at each of its awaits, on every
/// schedule. `None`: it was dropped.
///
/// A task of its own, started at once, tells when. The future is dropped between two polls, as by a
/// `timeout` or a `select!`, and not polled once more before, even where it was woken. Every law goes
/// on to hold, so what the future leaves behind shows: a lost item, a permit, a waiter that took a wake with it.
///
/// The report lists the awaits at which it was dropped. If a whole search found none, because the future
/// never waits, that is [`Problem::NeverCancelled`](crate::Problem::NeverCancelled). On a real runtime it is
/// dropped wherever it happens to be.
///
/// # Examples
///
/// ```
/// use selvedge_rt as rt;
///
/// let report = selvedge::Check::new("a send may be dropped").explore(|| async {
///     let (tx, mut rx) = rt::sync::mpsc::channel(1);
///     tx.send(1).await.unwrap();
///     let reader = rt::spawn(async move { while rx.recv().await.is_some() {} });
///     selvedge::cancel_everywhere(tx.send(2)).await;
///     drop(tx);
///     reader.await.unwrap();
/// });
/// report.assert_violates(selvedge::Law::LostItem);
/// ```
#[track_caller]
pub fn cancel_everywhere<F: Future>(future: F) -> impl Future<Output = Option<F::Output>> {
    record::cancels();
    let (cancel, mut cancelled) = rt::sync::oneshot::channel::<()>();
    let canceller = rt::spawn(async move {
        if let Some(engine) = engine::current() {
            engine.name_task("canceller");
        }
        // Nobody hears it where the future is done.
        let _ = cancel.send(());
    });
    async move {
        let output = {
            let mut future = pin!(future);
            let mut waits = Vec::new();
            poll_fn(|cx| {
                if Pin::new(&mut cancelled).poll(cx).is_ready() {
                    record::cancelled_at(&waits);
                    return Poll::Ready(None);
                }
                let polled = future.as_mut().poll(cx);
                if polled.is_pending() {
                    waits = record::waits();
                }
                polled.map(Some)
            })
            .await
        };
        canceller.await.expect("the canceller does not panic");
        output
    }
}
