//! Correct: branches pull from one source, a merge takes from them in turn, and the caller stops after
//! the first value. Nothing is lost.
//!
//! 1. A branch takes an item when it has nothing else to do; the source never chooses for it.
//! 2. Every wait, for an item and for room, ends with the cancel, and gives back what it held.
//! 3. Each buffer ends with its only sender: a branch's with the branch, the merged one with the merge.
//! 4. The merge ends when every branch has, and asks first the one after the last served.
//! 5. The caller is done when every task has ended, and not when it has told them to.

use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, mpsc};
use selvedge::shutdown_complete;
use selvedge_rt as rt;
use std::future::poll_fn;
use std::task::Poll;

/// Sends, or gives the value back where the cancel or the end of the other side comes first.
async fn deliver(value: u64, to: &mpsc::Sender<u64>, token: &CancellationToken) -> Option<u64> {
    // Waits for room only, and sends then: a cancelled `send` would drop the value.
    rt::select! {
        biased;
        () = token.cancelled() => Some(value),
        room = to.reserve() => match room {
            Ok(room) => {
                room.send(value);
                None
            }
            Err(_) => Some(value),
        },
    }
}

/// Works until the source ends or the cancel comes; returns what it could not deliver.
async fn branch(
    source: Receiver<u64>,
    output: mpsc::Sender<u64>,
    token: CancellationToken,
) -> Vec<u64> {
    loop {
        let item = rt::select! {
            biased;
            () = token.cancelled() => return Vec::new(),
            item = source.recv() => match item {
                Ok(item) => item,
                Err(_) => return Vec::new(),
            },
        };
        if let Some(left) = deliver(item * 10, &output, &token).await {
            return vec![left];
        }
    }
}

/// The next value of any branch; `None` when all have ended. `turn` is who is asked first.
async fn next(branches: &mut [mpsc::Receiver<u64>], turn: &mut usize) -> Option<u64> {
    poll_fn(|cx| {
        let mut waits = false;
        for step in 0..branches.len() {
            let place = (*turn + step) % branches.len();
            match branches[place].poll_recv(cx) {
                Poll::Ready(Some(value)) => {
                    *turn = place + 1;
                    return Poll::Ready(Some(value));
                }
                Poll::Ready(None) => {}
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(None) }
    })
    .await
}

/// Merges until every branch has ended or the cancel comes; returns what it could not deliver.
async fn merge(
    mut branches: Vec<mpsc::Receiver<u64>>,
    merged: mpsc::Sender<u64>,
    token: CancellationToken,
) -> Vec<u64> {
    let (mut turn, mut left) = (0, Vec::new());
    while left.is_empty() {
        let value = rt::select! {
            biased;
            () = token.cancelled() => break,
            value = next(&mut branches, &mut turn) => value,
        };
        let Some(value) = value else { return left };
        left.extend(deliver(value, &merged, &token).await);
    }
    // Cancelled, and so are the branches: what they still had sent is taken out to the end.
    while let Some(value) = next(&mut branches, &mut turn).await {
        left.push(value);
    }
    left
}

/// Splits `jobs` items, stops after one value, and checks that every item comes back.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let token = CancellationToken::new();
    // A source that has all its items already, and ends after them.
    let (fill, source) = bounded(jobs as usize);
    for item in 0..jobs {
        fill.try_send(item).expect("there is room for all");
    }
    drop(fill);
    let (deliver, mut merged) = mpsc::channel(buffer);
    let (mut tasks, mut branches) = (Vec::new(), Vec::new());
    for _ in 0..workers {
        let (output, values) = mpsc::channel(buffer);
        branches.push(values);
        tasks.push(rt::spawn(branch(source.clone(), output, token.clone())));
    }
    tasks.push(rt::spawn(merge(branches, deliver, token.clone())));

    let mut seen = Vec::from_iter(merged.recv().await);
    token.cancel();
    for task in tasks {
        seen.extend(task.await.expect("no task panics"));
    }
    shutdown_complete();
    while let Some(value) = merged.recv().await {
        seen.push(value);
    }
    while let Ok(item) = source.try_recv() {
        seen.push(item * 10);
    }
    seen.sort();
    assert_eq!(seen, (0..jobs).map(|item| item * 10).collect::<Vec<_>>());
}
