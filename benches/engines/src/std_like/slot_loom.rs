//! A slot that no lock guards, under loom: loom sees a read that nothing orders with the write.

use loom::cell::UnsafeCell;

/// The result of one thread.
pub struct Slot(UnsafeCell<Option<u64>>);

// SAFETY: the thread writes, and whoever was told reads. (So it should be.)
unsafe impl Sync for Slot {}

impl Slot {
    /// Empty.
    pub fn new() -> Slot {
        Slot(UnsafeCell::new(None))
    }

    /// Stores the result.
    pub fn set(&self, value: u64) {
        // SAFETY: see `Sync`.
        self.0.with_mut(|slot| unsafe { *slot = Some(value) });
    }

    /// Reads it.
    pub fn get(&self) -> Option<u64> {
        // SAFETY: see `Sync`.
        self.0.with(|slot| unsafe { *slot })
    }
}
