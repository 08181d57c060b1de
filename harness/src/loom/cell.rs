//! Cells with loom's memory model.

use super::active;
use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicU64;
use selvedge_rt::check::engine::{RaceCell, WeakCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{self as real, Ordering};

/// A loom atomic. An access to it is an access in loom's sense, so its object needs no mutex.
pub(super) struct Cell {
    atomic: AtomicU64,
    /// What was stored last, in the order of this execution: the value where loom is out of reach,
    /// and a good guess at the newest one.
    latest: real::AtomicU64,
}

impl Cell {
    pub(super) fn new(initial: u64) -> Self {
        Cell { atomic: AtomicU64::new(initial), latest: real::AtomicU64::new(initial) }
    }

    fn latest(&self) -> u64 {
        self.latest.load(Ordering::Relaxed)
    }

    /// One access. `None`: the execution is over, and loom is not asked any more.
    fn access<R>(&self, access: impl FnOnce(&AtomicU64) -> R) -> Option<R> {
        active().and_then(|machine| machine.access(1, || access(&self.atomic)))
    }

    /// Replaces `old` by `new`; the other value that it is, if it is another.
    fn exchange(
        &self,
        old: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let swap = |a: &AtomicU64| a.compare_exchange(old, new, success, failure);
        let swapped = self.access(swap).unwrap_or_else(|| match self.latest() {
            latest if latest == old => Ok(old),
            latest => Err(latest),
        });
        if swapped.is_ok() {
            self.latest.store(new, Ordering::Relaxed);
        }
        swapped
    }
}

impl WeakCell for Cell {
    fn load(&self, order: Ordering) -> u64 {
        // While a panic unwinds, loom cannot explore which of several values a load sees: the newest
        // is one of them.
        let loaded = match std::thread::panicking() {
            true => self.access(|a| a.fetch_or(0, order)),
            false => self.access(|a| a.load(order)),
        };
        loaded.unwrap_or_else(|| self.latest())
    }

    fn store(&self, value: u64, order: Ordering) {
        self.access(|a| a.store(value, order));
        self.latest.store(value, Ordering::Relaxed);
    }

    fn update(
        &self,
        success: Ordering,
        failure: Ordering,
        f: &mut dyn FnMut(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        // Loom has no read-modify-write by a function. The newest value is nearly always the one
        // stored last, so this is one access; where it is not, it is a loop as programs write it.
        let mut guess = self.latest();
        loop {
            let found = match f(guess) {
                Some(new) => match self.exchange(guess, new, success, failure) {
                    Ok(old) => return Ok(old),
                    Err(found) => found,
                },
                // An exchange that fails is a read of the newest value. Should it not fail, it
                // stores what is there.
                None => match self.exchange(!guess, !guess, failure, failure) {
                    Err(found) if found == guess => return Err(found),
                    Ok(found) | Err(found) => found,
                },
            };
            guess = found;
        }
    }
}

/// What loom knows of the accesses to a cell; the value is elsewhere. No other thread runs at one.
#[derive(Default)]
pub(super) struct Race(UnsafeCell<()>);

// SAFETY: loom's threads are coroutines on one thread of the system.
unsafe impl Sync for Race {}

impl Race {
    /// Whether loom bears it: at an access that nothing orders it panics, and the search is over.
    fn ordered(&self, access: impl FnOnce(&UnsafeCell<()>)) -> bool {
        let over = active().is_none_or(|machine| machine.is_over());
        over || catch_unwind(AssertUnwindSafe(|| access(&self.0))).is_ok()
    }
}

impl RaceCell for Race {
    fn read(&self) -> bool {
        self.ordered(|cell| cell.with(|_| ()))
    }

    fn write(&self) -> bool {
        self.ordered(|cell| cell.with_mut(|_| ()))
    }
}
