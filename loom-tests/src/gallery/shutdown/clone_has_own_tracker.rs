//! Wrong: a clone of the handle gets a tracker of its own, where it should share one with the original.
//!
//! Checklist: copy safety. Law: `IncompleteShutdown`: the drain waits for the tasks of one handle, and those
//! that its clones started still run.

use rt::sync::CancellationToken;
use rt::task::TaskTracker;
use selvedge::shutdown_complete;
use selvedge_rt as rt;

/// Starts tasks, and waits for them in the end.
struct Handle {
    drain: CancellationToken,
    running: TaskTracker,
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        // BUG: a child of the token hears the drain, but nobody waits for a tracker that only this clone
        // knows. (Right: `running: self.running.clone()`.)
        Handle { drain: self.drain.child_token(), running: TaskTracker::new() }
    }
}

impl Handle {
    /// Starts a task that serves until the drain.
    fn serve(&self) {
        let drain = self.drain.clone();
        self.running.spawn(async move { drain.cancelled().await });
    }

    /// Tells all tasks to end, and waits for them.
    async fn drain(self) {
        self.drain.cancel();
        self.running.close();
        self.running.wait().await;
    }
}

/// Starts a task through the handle itself, and one through each of so many clones; then drains.
pub async fn scenario(clones: usize, _: u64, _: usize) {
    let handle = Handle { drain: CancellationToken::new(), running: TaskTracker::new() };
    handle.serve();
    for _ in 0..clones {
        handle.clone().serve();
    }
    handle.drain().await;
    shutdown_complete();
}
