//! A semaphore: a queue that is full of permits, of which each holder has one out.

use crate::messages::queue::{Queue, permits};

#[derive(Clone)]
pub struct Semaphore(Queue);

/// Goes back when it is dropped.
pub struct Permit(Queue);

impl Semaphore {
    pub fn new(limit: usize) -> Semaphore {
        Semaphore(permits(limit, limit))
    }

    /// Waits for a permit.
    pub fn acquire(&self) -> Permit {
        self.0.recv().expect("it is never closed");
        Permit(self.0.clone())
    }

    /// Gives a permit back by hand.
    pub fn add_permit(&self) {
        self.0.give_back(0);
    }

    /// How many are there, all of which it takes.
    pub fn take_left(&self) -> usize {
        self.0.take_left()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Not where TraceForge takes an execution down.
        if !std::thread::panicking() {
            self.0.give_back(0);
        }
    }
}
