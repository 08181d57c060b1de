//! Wrong: a branch hears the cancel while it waits for an item, but not while it waits for its consumer.
//!
//! Checklist: exit paths, cancellation. Law: `IgnoredCancellation`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Works until the source ends or the cancel comes.
async fn branch(source: Receiver<u64>, output: mpsc::Sender<u64>, token: CancellationToken) {
    loop {
        let item = rt::select! {
            biased;
            () = token.cancelled() => return,
            item = source.recv() => match item {
                Ok(item) => item,
                Err(_) => return,
            },
        };
        // BUG: with its buffer full and nobody reading, it waits here through the cancel for ever. Every
        // branch does: one caller that stops early leaks them all.
        if output.send(item * 10).await.is_err() {
            return;
        }
    }
}

/// Offers `jobs` items, reads one value of the first branch, and joins the branches before the rest.
///
/// Goes wrong from `jobs = buffer + 1` on: a branch with its buffer full, and one more.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let token = CancellationToken::new();
    let (offer, source) = bounded(buffer);
    let (mut tasks, mut branches) = (JoinSet::new(), Vec::new());
    for _ in 0..workers {
        let (output, values) = mpsc::channel(buffer);
        branches.push(values);
        tasks.spawn(branch(source.clone(), output, token.clone()));
    }
    let producer = rt::spawn(async move {
        let mut item = 0;
        while item < jobs && offer.send(item).await.is_ok() {
            item += 1;
        }
    });

    let _first = branches[0].recv().await;
    token.cancel();
    source.close();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no branch panics");
    }
    for mut branch in branches {
        while branch.recv().await.is_some() {}
    }
    while source.try_recv().is_ok() {}
    producer.await.expect("the producer does not panic");
}
