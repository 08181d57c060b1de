//! Wrong: the buffers between the stages have no bound, so a source that is faster than the slowest stage
//! fills the memory.
//!
//! Checklist: buffer sizing. Law: `UnboundedGrowth`, with a high-water mark below `items`.

use rt::sync::mpsc;
use selvedge_rt as rt;

/// Generates `0..items`.
async fn generate(items: u64, output: mpsc::UnboundedSender<u64>) {
    for n in 0..items {
        output.send(n).expect("the stages read to the end");
    }
}

/// Adds 10 to each item, until the input ends.
async fn stage(mut input: mpsc::UnboundedReceiver<u64>, output: mpsc::UnboundedSender<u64>) {
    while let Some(n) = input.recv().await {
        output.send(n + 10).expect("whoever is next reads to the end");
    }
}

/// Reads until the output ends, then joins the tasks.
pub async fn scenario(stages: usize, items: u64, _buffer: usize) {
    let (first, mut output) = mpsc::unbounded_channel();
    let source = rt::spawn(generate(items, first));
    let mut tasks = Vec::new();
    for _ in 0..stages {
        // BUG: no send ever waits, so nothing slows the source down to the pace of the slowest stage:
        // all `items` items may sit in one buffer at once. (Right: `channel(buffer)`.)
        let (next, after) = mpsc::unbounded_channel();
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
        task.await.expect("no stage panics");
    }
}
