//! The same slot under shuttle, which has no cell: it is read too early where it is empty.

use shuttle::sync::Mutex;

/// The result of one thread.
pub struct Slot(Mutex<Option<u64>>);

impl Slot {
    /// Empty.
    pub fn new() -> Slot {
        Slot(Mutex::new(None))
    }

    /// Stores the result.
    pub fn set(&self, value: u64) {
        *self.0.lock().unwrap() = Some(value);
    }

    /// Reads it.
    pub fn get(&self) -> Option<u64> {
        *self.0.lock().unwrap()
    }
}
