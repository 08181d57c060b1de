//! Wrong: the merge asks its sources in the same order every time, so one that is always ready starves
//! those behind it.
//!
//! Checklist: exit paths. Law: `Livelock`: items move for ever, and the one that ends it never comes.

use futures_util::stream::{Repeat, Stream, repeat};
use rt::sync::mpsc;
use selvedge_rt as rt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// The next item of a source that is ready, and which one that is; asks from source `first` on.
async fn next(sources: &mut [Repeat<u64>], first: usize) -> (usize, u64) {
    poll_fn(|cx| {
        for step in 0..sources.len() {
            let place = (first + step) % sources.len();
            if let Poll::Ready(Some(item)) = Pin::new(&mut sources[place]).poll_next(cx) {
                return Poll::Ready((place, item));
            }
        }
        Poll::Pending
    })
    .await
}

/// Merges sources without end until nobody wants their items any more.
async fn merge(mut sources: Vec<Repeat<u64>>, merged: mpsc::Sender<u64>) {
    let mut first = 0;
    loop {
        let (served, item) = next(&mut sources, first).await;
        // BUG: source 0 is always ready, so no other is ever asked. A `select!` with `biased` does the
        // same. (Right: `served + 1`.)
        first = served;
        if merged.send(item).await.is_err() {
            return;
        }
    }
}

/// Merges `workers` sources that are ready all the time, until it has an item of each.
pub async fn scenario(workers: usize, _jobs: u64, buffer: usize) {
    let (deliver, mut merged) = mpsc::channel(buffer);
    let sources = (0..workers as u64).map(repeat).collect();
    let merge = rt::spawn(merge(sources, deliver));
    let mut missing: Vec<u64> = (0..workers as u64).collect();
    while !missing.is_empty() {
        let item = merged.recv().await.expect("the sources have no end");
        missing.retain(|m| *m != item);
    }
    // What is on its way is read to the end: nothing is dropped in the buffer.
    merged.close();
    while merged.recv().await.is_some() {}
    merge.await.expect("the merge does not panic");
}
