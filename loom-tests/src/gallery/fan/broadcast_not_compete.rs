//! Wrong: every branch gets a copy of every item, where the branches should share the work.
//!
//! Checklist: copy safety. Law: `DuplicateItem`.

use rt::async_channel::{Receiver, bounded};
use rt::task::JoinSet;
use selvedge::Record;
use selvedge_rt as rt;

/// Works until its input ends.
async fn branch(items: Receiver<u64>, done: Record<u64>) {
    while let Ok(item) = items.recv().await {
        done.note(item);
    }
}

/// Offers `jobs` items and waits until the branches have worked on all of them.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let done = Record::distinct("done");
    let (mut tasks, mut inputs) = (JoinSet::new(), Vec::new());
    // BUG: a channel for each branch, and each item into all of them, is a broadcast: everything is done
    // `workers` times. (Right: one channel, made before this loop, whose receiver the branches clone.)
    for _ in 0..workers {
        let (input, items) = bounded(buffer);
        inputs.push(input);
        tasks.spawn(branch(items, done.clone()));
    }
    for item in 0..jobs {
        for input in &inputs {
            input.send(item).await.expect("the branches end after their input");
        }
    }
    drop(inputs);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no branch panics");
    }
    assert_eq!(done.sorted(), (0..jobs).collect::<Vec<_>>());
}
