//! Wrong: the stage hears the cancel while it waits for room, but not while it waits for an item.
//!
//! Checklist: cancellation. Law: `IgnoredCancellation`.

use rt::sync::{CancellationToken, mpsc};
use selvedge_rt as rt;

/// Adds 10 to each item, until the input ends; was meant to until the pipeline is cancelled, too.
async fn stage(
    mut input: mpsc::Receiver<u64>,
    output: mpsc::Sender<u64>,
    token: CancellationToken,
) {
    // BUG: on an input that is open and idle it waits here through the cancel for ever, as Go's
    // `for n := range in` does. (Right: a `select!` with `token.cancelled()`, as below.)
    while let Some(n) = input.recv().await {
        rt::select! {
            biased;
            () = token.cancelled() => return,
            room = output.reserve() => match room {
                Ok(room) => room.send(n + 10),
                Err(_) => return,
            },
        }
    }
}

/// Sends items one by one down a pipeline whose input stays open, as a subscription's does; then cancels
/// it and joins the stages.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    let token = CancellationToken::new();
    let (feed, mut output) = mpsc::channel(buffer);
    let mut tasks = Vec::new();
    for _ in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(stage(output, next, token.clone())));
        output = after;
    }

    for n in 0..items {
        feed.send(n).await.expect("the first stage takes items");
        assert_eq!(output.recv().await, Some(n + 10 * stages as u64));
    }
    token.cancel();
    for task in tasks {
        task.await.expect("no stage panics");
    }
    drop(feed);
}
