//! Correct: a handle whose clones start tasks, and a drain that waits for all of these.
//!
//! 1. The clones share one token, one tracker and one list.
//! 2. No lock is held over the wait: a task that ends takes itself off the list.

use rt::sync::{CancellationToken, Mutex};
use rt::task::TaskTracker;
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Starts tasks, and waits for them in the end.
#[derive(Clone)]
struct Handle {
    drain: CancellationToken,
    running: TaskTracker,
    /// Which they are: whoever looks after the process wants to know.
    names: Arc<Mutex<BTreeSet<u64>>>,
}

impl Handle {
    /// Starts a task of this name, which serves until the drain.
    async fn start(&self, name: u64, done: Record<u64>) {
        self.names.lock().await.insert(name);
        let (drain, names) = (self.drain.clone(), self.names.clone());
        self.running.spawn(async move {
            drain.cancelled().await;
            done.note(name);
            names.lock().await.remove(&name);
        });
    }

    /// Tells all tasks to end, and waits for them; returns which were still there when it began to wait.
    async fn drain(&self) -> BTreeSet<u64> {
        self.drain.cancel();
        self.running.close();
        let names = self.names.lock().await.clone();
        self.running.wait().await;
        names
    }
}

/// Starts a task through the handle itself, and one through each of so many clones; then drains.
pub async fn scenario(clones: usize, _: u64, _: usize) {
    let handle = Handle {
        drain: CancellationToken::new(),
        running: TaskTracker::new(),
        names: Arc::new(Mutex::new(BTreeSet::new())),
    };
    let (all, done) = (0..=clones as u64, Record::distinct("done"));
    handle.start(0, done.clone()).await;
    for name in all.clone().skip(1) {
        handle.clone().start(name, done.clone()).await;
    }
    let waited_for = handle.drain().await;
    shutdown_complete();
    assert!(waited_for.is_subset(&all.clone().collect()));
    assert!(handle.names.lock().await.is_empty());
    assert_eq!(done.sorted(), all.collect::<Vec<_>>());
}
