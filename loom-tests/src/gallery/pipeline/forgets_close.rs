//! Wrong: a stage ends and its output does not, because the stage hands its sender out instead of
//! dropping it.
//!
//! Checklist: channel ownership. Law: `NeverClosed`.

use rt::sync::mpsc;
use selvedge_rt as rt;

/// Generates `0..items`.
async fn generate(items: u64, output: mpsc::Sender<u64>) {
    for n in 0..items {
        output.send(n).await.expect("the stages read to the end");
    }
}

/// Adds 10 to each item, until the input ends.
async fn stage(mut input: mpsc::Receiver<u64>, output: mpsc::Sender<u64>) -> mpsc::Sender<u64> {
    while let Some(n) = input.recv().await {
        output.send(n + 10).await.expect("whoever is next reads to the end");
    }
    // BUG: returned, so that the caller may add to the output later, the sender lives on in the task's
    // handle: whoever reads the output receives every item and then waits for ever.
    output
}

/// Reads until the output ends, then joins the tasks.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    let (first, mut output) = mpsc::channel(buffer);
    let source = rt::spawn(generate(items, first));
    let mut tasks = Vec::new();
    for _ in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(stage(output, next)));
        output = after;
    }

    let mut received = 0;
    while output.recv().await.is_some() {
        received += 1;
    }
    assert_eq!(received, items);
    source.await.expect("the source does not panic");
    for task in tasks {
        let _ = task.await.expect("no stage panics");
    }
}
