//! A limit on how many there are at once.

use super::monitor::Monitor;
use std::sync::Arc;

/// Permits. Clones share them.
#[derive(Clone)]
pub struct Semaphore(Arc<Monitor<usize>>);

impl Semaphore {
    /// So many permits.
    pub fn new(permits: usize) -> Semaphore {
        Semaphore(Arc::new(Monitor::new(permits)))
    }

    /// Waits for a permit.
    pub fn acquire(&self) -> Permit {
        self.0.wait(|free| {
            *free = free.checked_sub(1)?;
            Some(())
        });
        Permit(self.clone())
    }

    /// Gives one back by hand.
    pub fn release(&self) {
        self.0.change(|free| *free += 1);
    }

    /// How many nobody has.
    pub fn free(&self) -> usize {
        self.0.look(|free| *free)
    }
}

/// A permit, which goes back by itself.
pub struct Permit(Semaphore);

impl Drop for Permit {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.release();
        }
    }
}
