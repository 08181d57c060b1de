//! Wrong: the merge clones its sender into a task for each source and keeps the original, so the merged
//! items never end.
//!
//! Checklist: channel ownership. Law: `NeverClosed`.

use rt::sync::mpsc;
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Moves the items of one source.
async fn forward(mut source: mpsc::Receiver<u64>, merged: mpsc::Sender<u64>) {
    while let Some(item) = source.recv().await {
        if merged.send(item).await.is_err() {
            return;
        }
    }
}

/// A source of `jobs` items that is at its end after them.
fn source(jobs: u64) -> mpsc::Receiver<u64> {
    let (fill, source) = mpsc::channel(jobs as usize);
    for item in 0..jobs {
        fill.try_send(item).expect("there is room for all");
    }
    source
}

/// Merges `workers` sources of `jobs` items each and reads them to the end.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (deliver, mut merged) = mpsc::channel(buffer);
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        // BUG: `deliver` itself lives on to the end of this function, and with it the channel: the loop
        // below receives every item and then waits for ever. (Right: drop it after this loop.)
        tasks.spawn(forward(source(jobs), deliver.clone()));
    }

    let mut seen = 0;
    while merged.recv().await.is_some() {
        seen += 1;
    }
    assert_eq!(seen, workers as u64 * jobs);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no task panics");
    }
}
