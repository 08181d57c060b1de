//! Correct: a pipeline whose caller stops after the first item, and loses nothing.
//!
//! 1. Every wait of a task, for an item and for room, ends with the cancel.
//! 2. A task is the only sender of its output, and closes it by ending.
//! 3. On a cancel a stage takes what is in its input, and hands it back with what it has in hand; so
//!    each item that was generated comes back once. The caller looks at every task's end.

use rt::sync::{CancellationToken, mpsc};
use selvedge_rt as rt;

/// Generates `0..items`, until the pipeline is cancelled; returns how many there were.
async fn generate(items: u64, output: mpsc::Sender<u64>, token: CancellationToken) -> u64 {
    for n in 0..items {
        rt::select! {
            biased;
            () = token.cancelled() => return n,
            room = output.reserve() => match room {
                Ok(room) => room.send(n),
                Err(_) => return n,
            },
        }
    }
    items
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
        // Waits for room only, and sends then: a cancelled `send` would drop the item.
        rt::select! {
            biased;
            () = token.cancelled() => {
                stuck.push(n);
                break;
            }
            room = output.reserve() => match room {
                Ok(room) => room.send(n),
                Err(_) => {
                    stuck.push(n);
                    break;
                }
            },
        }
    }
    input.close();
    while let Some(n) = input.recv().await {
        stuck.push(n);
    }
    stuck
}

/// Stops after one item, and checks that every item that was generated comes back.
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

    let mut seen = Vec::from_iter(output.recv().await);
    token.cancel();
    let generated = source.await.expect("the source does not panic");
    for task in tasks {
        seen.extend(task.await.expect("no stage panics"));
    }
    while let Some(n) = output.recv().await {
        seen.push(n);
    }
    // Each stage that it went through added 10.
    let mut seen: Vec<u64> = seen.into_iter().map(|n| n % 10).collect();
    seen.sort();
    assert_eq!(seen, (0..generated).collect::<Vec<_>>());
}
