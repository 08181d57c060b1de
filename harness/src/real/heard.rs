//! What a scenario declares while it runs on a real runtime, on whichever of its threads.
//!
//! Each thread of a runtime carries the run that it belongs to, so that runs in parallel tests do not
//! hear each other.

use crate::{Law, Violation, hash};
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, RuntimeFlavor};

thread_local! {
    static HEARD: RefCell<Option<Arc<Heard>>> = const { RefCell::new(None) };
}

/// How long a task that ended may still be counted as alive, where threads run in parallel.
const GRACE: Duration = Duration::from_millis(100);

/// What one run declared so far.
#[derive(Default)]
pub(crate) struct Heard {
    record: Mutex<u128>,
    daemons: AtomicUsize,
    violations: Mutex<Vec<Violation>>,
}

/// The run that this thread belongs to, if it is one of a real runtime.
pub(crate) fn heard() -> Option<Arc<Heard>> {
    HEARD.try_with(|h| h.borrow().clone()).ok().flatten()
}

/// From now on this thread belongs to the run, until it ends.
pub(super) fn hear(run: &Arc<Heard>) {
    HEARD.with(|h| *h.borrow_mut() = Some(run.clone()));
}

impl Heard {
    /// A value was recorded.
    pub(crate) fn note(&self, value: u64) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        *record = record.wrapping_add(hash::part(value, 1));
    }

    /// Digest of all that was recorded: the explorer's of the same values.
    pub(super) fn outcome(&self) -> u64 {
        hash::fold(*self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The running task is a daemon. One that ends is still counted as one.
    pub(crate) fn daemon(&self) {
        self.daemons.fetch_add(1, Ordering::Relaxed);
    }

    /// A shutdown says that it is complete.
    pub(crate) fn shutdown_complete(&self) {
        let Ok(handle) = Handle::try_current() else { return };
        // The task that says so is itself alive, but for the root, which is none.
        let own = usize::from(tokio::task::try_id().is_some());
        let alive = self.left_behind(&handle, own);
        if alive > 0 {
            let what = format!("shutdown was complete while {alive} tasks were alive");
            self.violate(Law::IncompleteShutdown, what);
        }
    }

    /// Tasks that are alive and should not be, of which `own` are known about.
    pub(super) fn left_behind(&self, handle: &Handle, own: usize) -> usize {
        let known = own + self.daemons.load(Ordering::Relaxed);
        let left = || handle.metrics().num_alive_tasks().saturating_sub(known);
        // On one thread a task has left the count before anybody is told of its end.
        if handle.runtime_flavor() != RuntimeFlavor::CurrentThread {
            let until = Instant::now() + GRACE;
            while left() > 0 && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        left()
    }

    /// A value came a second time where each may come once.
    pub(crate) fn seen_twice(&self, what: String) {
        self.violate(Law::DuplicateItem, what);
    }

    fn violate(&self, law: Law, what: String) {
        let violation =
            Violation { law, what, task: None, object: None, at: None, helpers: Vec::new() };
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(violation);
    }

    pub(super) fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut *self.violations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
