//! Wrong: a run that was cancelled reports the same end as a complete one.
//!
//! Checklist: error handling, cancellation. Law: `Panic`: every task ends as it should and nothing is
//! lost in a buffer, so only the caller's own assertion tells that a complete run has too few items.

use rt::sync::{CancellationToken, mpsc};
use selvedge_patterns::End;
use selvedge_rt as rt;

/// Generates `0..items`, until the pipeline is cancelled; returns whether there are more.
async fn generate(items: u64, output: mpsc::Sender<u64>, token: CancellationToken) -> bool {
    for n in 0..items {
        rt::select! {
            biased;
            () = token.cancelled() => return true,
            room = output.reserve() => match room {
                Ok(room) => room.send(n),
                Err(_) => return true,
            },
        }
    }
    false
}

/// Adds 10 to each item, until the input ends.
async fn stage(mut input: mpsc::Receiver<u64>, output: mpsc::Sender<u64>) {
    while let Some(n) = input.recv().await {
        output.send(n + 10).await.expect("whoever is next reads to the end");
    }
}

/// Runs a pipeline; returns what came out, and how it ended.
async fn run(
    stages: usize,
    items: u64,
    buffer: usize,
    token: &CancellationToken,
) -> (Vec<u64>, End) {
    let (first, mut output) = mpsc::channel(buffer);
    let source = rt::spawn(generate(items, first, token.clone()));
    let mut tasks = Vec::new();
    for _ in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(stage(output, next)));
        output = after;
    }

    let mut received = Vec::new();
    while let Some(n) = output.recv().await {
        received.push(n);
    }
    for task in tasks {
        task.await.expect("no stage panics");
    }
    // BUG: the source knows whether there was more, and nobody asks it: the end of the output is taken
    // for the end of the source. (Right: `End::Cancelled` where `_more`.)
    let _more = source.await.expect("the source does not panic");
    (received, End::Complete)
}

/// Cancels a run at any time; if it says that it is complete, it must be.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    let token = CancellationToken::new();
    let cancel = token.clone();
    let canceller = rt::spawn(async move { cancel.cancel() });
    let (received, end) = run(stages, items, buffer, &token).await;
    canceller.await.expect("the canceller does not panic");
    assert!(
        end == End::Cancelled || received.len() as u64 == items,
        "a complete run has {} of {items} items",
        received.len()
    );
}
