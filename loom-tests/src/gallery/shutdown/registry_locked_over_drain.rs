//! Wrong: the drain names the tasks that it waits for, and keeps their list locked while it waits. A task
//! that ends takes itself off the list.
//!
//! Checklist: lock ordering. Law: `Deadlock`.

use rt::sync::Mutex;
use rt::task::TaskTracker;
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Starts tasks, and waits for them in the end.
struct Handle {
    running: TaskTracker,
    /// Which they are: whoever looks after the process wants to know.
    names: Arc<Mutex<BTreeSet<u64>>>,
}

impl Handle {
    fn new() -> Self {
        Handle { running: TaskTracker::new(), names: Arc::new(Mutex::new(BTreeSet::new())) }
    }

    /// Starts a task of this name.
    async fn start(&self, name: u64, done: Record<u64>) {
        self.names.lock().await.insert(name);
        let names = self.names.clone();
        self.running.spawn(async move {
            done.note(name);
            names.lock().await.remove(&name);
        });
    }

    /// Waits for all tasks; returns which were still there when it began.
    async fn drain(&self) -> Vec<u64> {
        self.running.close();
        let names = self.names.lock().await;
        // BUG: the guard is held over this wait, and the tasks that it is for wait for the guard. (Right:
        // copy the names out first, `let names = self.names.lock().await.clone();`.)
        self.running.wait().await;
        names.iter().copied().collect()
    }
}

/// Starts `jobs` tasks, and drains.
pub async fn scenario(_: usize, jobs: u64, _: usize) {
    let (handle, done) = (Handle::new(), Record::distinct("done"));
    for name in 0..jobs {
        handle.start(name, done.clone()).await;
    }
    let waited_for = handle.drain().await;
    shutdown_complete();
    assert!(waited_for.len() as u64 <= jobs);
    assert_eq!(done.sorted(), (0..jobs).collect::<Vec<_>>());
}
