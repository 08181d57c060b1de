//! Wrong: a stage makes a token of its own where a child of the pipeline's belongs, so no cancel reaches
//! it.
//!
//! Checklist: copy safety, cancellation. Law: `Deadlock`: the stage watches a token, and waits for room
//! for ever while the caller waits for the stage.

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
///
/// The input ends with the cancel, so only the wait for room needs the token.
async fn stage(
    mut input: mpsc::Receiver<u64>,
    output: mpsc::Sender<u64>,
    token: CancellationToken,
) -> Vec<u64> {
    let mut stuck = Vec::new();
    while let Some(n) = input.recv().await {
        let room = rt::select! {
            biased;
            () = token.cancelled() => None,
            room = output.reserve() => room.ok(),
        };
        match room {
            Some(room) => room.send(n + 10),
            None => {
                stuck.push(n);
                break;
            }
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
        // BUG: nobody will ever cancel this one. (Right: `token.child_token()`.)
        let own = CancellationToken::new();
        tasks.push(rt::spawn(stage(output, next, own)));
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
