//! Wrong: the stage hears the cancel while it waits for an item, but not while it waits for room.
//!
//! Checklist: exit paths, cancellation. Law: `IgnoredCancellation`.

use rt::sync::mpsc::error::SendError;
use rt::sync::{CancellationToken, mpsc};
use selvedge_rt as rt;

/// Generates `0..items`, until the pipeline is cancelled.
async fn generate(items: u64, output: mpsc::Sender<u64>, token: CancellationToken) {
    for n in 0..items {
        rt::select! {
            biased;
            () = token.cancelled() => return,
            room = output.reserve() => match room {
                Ok(room) => room.send(n),
                Err(_) => return,
            },
        }
    }
}

/// Adds 10 to each item, until the input ends or the pipeline is cancelled; returns what got stuck.
async fn stage(
    mut input: mpsc::Receiver<u64>,
    output: mpsc::Sender<u64>,
    token: CancellationToken,
) -> Vec<u64> {
    let mut stuck = Vec::new();
    loop {
        let n = rt::select! {
            biased;
            () = token.cancelled() => break,
            n = input.recv() => match n {
                Some(n) => n + 10,
                None => return stuck,
            },
        };
        // BUG: with the output full and nobody reading, it waits here through the cancel for ever.
        if let Err(SendError(n)) = output.send(n).await {
            stuck.push(n);
            break;
        }
    }
    input.close();
    while let Some(n) = input.recv().await {
        stuck.push(n);
    }
    stuck
}

/// Stops after one item, and joins the tasks before it reads the rest.
///
/// Goes wrong from `items = buffer + 2` on: one item read, the buffer full, and one more.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    let token = CancellationToken::new();
    let (first, mut output) = mpsc::channel(buffer);
    let source = rt::spawn(generate(items, first, token.clone()));
    let mut tasks = Vec::new();
    for _ in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(stage(output, next, token.clone())));
        output = after;
    }

    let _first = output.recv().await;
    token.cancel();
    source.await.expect("the source does not panic");
    for task in tasks {
        let _stuck = task.await.expect("no stage panics");
    }
    while output.recv().await.is_some() {}
}
