//! Tasks that are aborted, at any time.

use rt::sync::atomic::{AtomicU32, Ordering::SeqCst};
use rt::sync::mpsc;
use selvedge::{Check, Record, Report};
use selvedge_rt as rt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// Runs `future`; `None` where it panics.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// A task that catches panics of what it runs, and says so, is aborted at any time.
fn aborted(panics: bool) -> Report {
    Check::new("caught").explore(move || async move {
        let ended = Record::new("ended");
        let (tx, mut rx) = mpsc::channel(2);
        let steps = Arc::new(AtomicU32::new(0));
        let task = rt::spawn({
            let steps = steps.clone();
            async move {
                // Its first step is no wait.
                let work = async {
                    steps.fetch_add(1, SeqCst);
                    assert!(!panics, "expected");
                };
                let _ = tx.try_send(caught(work).await.is_some());
                steps.fetch_add(1, SeqCst);
            }
        });
        task.abort();
        let cancelled = task.await.is_err_and(|e| e.is_cancelled());
        let (said, steps) = (rx.recv().await, steps.load(SeqCst));
        let whole = (said, steps) == (Some(!panics), 2);
        assert!(whole != cancelled, "{said:?} after {steps} steps, cancelled: {cancelled}");
        assert!(whole || (said, steps) == (None, 0), "{said:?} after {steps} steps");
        ended.note(cancelled);
        assert_eq!(rx.recv().await, None, "what was aborted gave its sender back");
    })
}

#[test]
fn an_abort_before_the_first_step_is_no_panic_to_code_that_catches_panics() {
    let fine = aborted(false);
    fine.assert_proved();
    // Before it did anything; at its end.
    assert_eq!(fine.coverage.outcomes, 2, "{fine}");
    let panics = aborted(true);
    panics.assert_proved();
    assert_eq!(panics.coverage.outcomes, 2, "a real panic is caught: {panics}");
}
