//! Correct: a pipeline whose caller stops after the first item, and loses nothing.
//!
//! 1. Every wait of a task, for an item and for room, ends with the cancel, and with the end of its output.
//! 2. A task is the only sender of its output, and closes it by ending.
//! 3. Told to stop, a stage takes what is in its input, and hands it back with what it has in hand; so
//!    each item that was generated comes back once. The caller looks at every task's end.
//! 4. What the stages share is locked for one statement, and over no wait.

use rt::sync::{CancellationToken, Mutex, mpsc};
use selvedge_rt as rt;
use std::sync::Arc;

/// Generates `0..items` and has no more then, until it is told to stop; returns how many there were.
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
    // Idle: no send will tell it that the output is gone.
    rt::select! {
        biased;
        () = token.cancelled() => {}
        () = output.closed() => {}
    }
    items
}

/// Adds 10 to each item and counts it, until the input ends or it is told to stop; returns what got stuck.
async fn stage(
    place: usize,
    mut input: mpsc::Receiver<u64>,
    output: mpsc::Sender<u64>,
    token: CancellationToken,
    counts: Arc<Mutex<Vec<u64>>>,
) -> Vec<u64> {
    let mut stuck = Vec::new();
    loop {
        let n = rt::select! {
            biased;
            () = token.cancelled() => break,
            () = output.closed() => break,
            n = input.recv() => match n {
                Some(n) => n + 10,
                None => return stuck,
            },
        };
        counts.lock().await[place] += 1;
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

/// Cancels the pipeline after one item.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    stops_after_one(stages, items, buffer, |token, _| token.cancel()).await;
}

/// Reads one item and wants no more.
pub async fn output_closed(stages: usize, items: u64, buffer: usize) {
    stops_after_one(stages, items, buffer, |_, output| output.close()).await;
}

/// Stops after one item, and checks that every item that was generated comes back.
async fn stops_after_one(
    stages: usize,
    items: u64,
    buffer: usize,
    stop: fn(&CancellationToken, &mut mpsc::Receiver<u64>),
) {
    let token = CancellationToken::new();
    let counts = Arc::new(Mutex::new(vec![0; stages]));
    let (first, mut output) = mpsc::channel(buffer);
    let source = rt::spawn(generate(items, first, token.clone()));
    let mut tasks = Vec::new();
    for place in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(stage(place, output, next, token.clone(), counts.clone())));
        output = after;
    }

    let mut seen = Vec::from_iter(output.recv().await);
    stop(&token, &mut output);
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
    assert!(counts.lock().await.is_sorted_by(|before, after| before >= after));
}
