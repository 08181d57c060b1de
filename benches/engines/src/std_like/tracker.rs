//! How many there are of something, threads above all.

use super::monitor::Monitor;
use std::sync::Arc;

/// The count. Clones share it.
#[derive(Clone)]
pub struct Tracker(Arc<Monitor<usize>>);

impl Tracker {
    /// None so far.
    pub fn new() -> Tracker {
        Tracker(Arc::new(Monitor::new(0)))
    }

    /// One more, for as long as the result lives.
    pub fn enter(&self) -> Inside {
        self.0.change(|count| *count += 1);
        Inside(self.clone())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.look(|count| *count)
    }

    /// Waits until there is none.
    pub fn wait(&self) {
        self.0.wait(|count| (*count == 0).then_some(()));
    }
}

/// One of them. A clone is another.
pub struct Inside(Tracker);

impl Clone for Inside {
    fn clone(&self) -> Inside {
        self.0.enter()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.0.change(|count| *count -= 1);
        }
    }
}
