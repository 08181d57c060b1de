//! Wrong: a filter ends with the first item that it rejects, and everything behind that item is lost.
//!
//! Checklist: exit paths. Law: `LostItem`.

use rt::sync::mpsc;
use selvedge_rt as rt;

/// Lets even numbers through, until the input ends.
async fn evens(mut input: mpsc::Receiver<u64>, output: mpsc::Sender<u64>) {
    while let Some(n) = input.recv().await {
        if n % 2 == 1 {
            // BUG: `return` where `continue` belongs. The input goes with the stage, and what waits in
            // it; and to the next stage this looks like a clean end.
            return;
        }
        output.send(n).await.expect("whoever is next reads to the end");
    }
}

/// Puts all items into the input, then runs the filters. Goes wrong from three items on.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    let (feed, mut output) = mpsc::channel(items as usize);
    for n in 0..items {
        feed.send(n).await.expect("the input has room for all");
    }
    drop(feed);
    let mut tasks = Vec::new();
    for _ in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(evens(output, next)));
        output = after;
    }

    let mut received = Vec::new();
    while let Some(n) = output.recv().await {
        received.push(n);
    }
    for task in tasks {
        task.await.expect("no stage panics");
    }
    assert_eq!(received, (0..items).step_by(2).collect::<Vec<_>>());
}
