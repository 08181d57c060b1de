//! Wrong: a stage skips the items that it fails on, and the run looks complete.
//!
//! Checklist: error handling. Law: `Panic`: no task ends with an error that one could see nobody look at,
//! so only the caller's own assertion tells that a run without errors has fewer items than it should.

use rt::sync::mpsc;
use selvedge_rt as rt;

/// An item that cannot be worked on.
#[derive(Debug)]
struct Broken;

/// Adds 10; item 1 is broken.
fn work(n: u64) -> Result<u64, Broken> {
    if n % 10 == 1 { Err(Broken) } else { Ok(n + 10) }
}

/// Generates `0..items`, until nobody takes them.
async fn generate(items: u64, output: mpsc::Sender<u64>) {
    for n in 0..items {
        if output.send(n).await.is_err() {
            return;
        }
    }
}

/// Works on each item, until the input ends or an item is broken; returns how it ended.
async fn stage(mut input: mpsc::Receiver<u64>, output: mpsc::Sender<u64>) -> Result<(), Broken> {
    let end = loop {
        let Some(n) = input.recv().await else { break Ok(()) };
        // BUG: as with `filter_map(Result::ok)` the error is gone, and the item with it. (Right: break
        // with the error.)
        let Ok(n) = work(n) else { continue };
        output.send(n).await.expect("whoever is next reads to the end");
    };
    // Ends the stages before this one; what is on its way to it is given up with the run.
    input.close();
    while input.recv().await.is_some() {}
    end
}

/// Reads until the output ends; where no stage failed, that must be everything.
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
    source.await.expect("the source does not panic");
    let mut failed = false;
    for task in tasks {
        failed |= task.await.expect("no stage panics").is_err();
    }
    assert!(failed || received == items, "a run without errors has {received} of {items} items");
}
