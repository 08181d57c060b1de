//! Wrong: the limited loop hears the cancel while it waits for its input and for a permit, but not while
//! it delivers.
//!
//! Checklist: exit paths, cancellation. Law: `IgnoredCancellation`.

use super::INTERVAL;
use rt::sync::{CancellationToken, mpsc};
use rt::time::sleep;
use selvedge_rt as rt;

/// Passes items on, one an interval.
async fn limit(mut from: mpsc::Receiver<u64>, to: mpsc::Sender<u64>, token: CancellationToken) {
    loop {
        let item = rt::select! {
            biased;
            () = token.cancelled() => break,
            item = from.recv() => match item {
                Some(item) => item,
                None => break,
            },
        };
        // BUG: with the output full and nobody reading, it waits here through the cancel for ever.
        if to.send(item).await.is_err() {
            break;
        }
        rt::select! {
            biased;
            () = token.cancelled() => break,
            () = sleep(INTERVAL) => {}
        }
    }
    from.close();
    while from.recv().await.is_some() {}
}

/// Sends `jobs` items to each of so many limited loops, reads one of each, cancels, and joins them
/// before it reads the rest.
///
/// Goes wrong from `jobs = buffer + 2` on: one item read, the buffer full, and one more.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let token = CancellationToken::new();
    let mut loops = Vec::new();
    for _ in 0..workers {
        let (submit, from) = mpsc::channel(buffer);
        let (to, results) = mpsc::channel(buffer);
        let limited = rt::spawn(limit(from, to, token.clone()));
        let producer = rt::spawn(async move {
            let mut item = 0;
            while item < jobs && submit.send(item).await.is_ok() {
                item += 1;
            }
        });
        loops.push((limited, producer, results));
    }
    for (_, _, results) in &mut loops {
        let _first = results.recv().await;
    }
    // Meanwhile each fills its output.
    sleep(INTERVAL * jobs as u32).await;
    token.cancel();
    for (limited, producer, mut results) in loops {
        limited.await.expect("no loop panics");
        producer.await.expect("no producer panics");
        while results.recv().await.is_some() {}
    }
}
