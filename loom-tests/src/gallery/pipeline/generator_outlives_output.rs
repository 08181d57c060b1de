//! Wrong: the generator notices a dropped output when it sends, and while its source is idle it never sends.
//!
//! Checklist: resource cleanup. Law: `TaskLeak`, where a check lets tasks outlive the root for a while.

use rt::sync::{Notify, mpsc};
use selvedge_rt as rt;

/// A subscription: some items, then nothing for ever, and no end.
struct Source {
    next: u64,
    items: u64,
}

impl Source {
    async fn next(&mut self) -> u64 {
        if self.next == self.items {
            Notify::new().notified().await;
        }
        self.next += 1;
        self.next - 1
    }
}

/// Generates what the source gives, until the output is dropped.
async fn generate(mut source: Source, output: mpsc::Sender<u64>) {
    loop {
        // BUG: the output may be gone, and the stages with it; it waits here for ever, and the subscription
        // stays open. (Right: a `select!` with `output.closed()`, as in the stage.)
        let n = source.next().await;
        if output.send(n).await.is_err() {
            return;
        }
    }
}

/// Adds 10 to each item, until the input ends or the output is dropped.
async fn stage(mut input: mpsc::Receiver<u64>, output: mpsc::Sender<u64>) {
    loop {
        let n = rt::select! {
            () = output.closed() => return,
            n = input.recv() => match n {
                Some(n) => n + 10,
                None => return,
            },
        };
        if output.send(n).await.is_err() {
            return;
        }
    }
}

/// Reads what there is, drops the output, and joins the stages.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    let (first, mut output) = mpsc::channel(buffer);
    // Ends when its output does: nobody need wait for it.
    drop(rt::spawn(generate(Source { next: 0, items }, first)));
    let mut tasks = Vec::new();
    for _ in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(stage(output, next)));
        output = after;
    }

    for n in 0..items {
        assert_eq!(output.recv().await, Some(n + 10 * stages as u64));
    }
    drop(output);
    for task in tasks {
        task.await.expect("no stage panics");
    }
}
