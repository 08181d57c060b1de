//! Bytes held at most, and allocations, of a run: an allocator that counts while it is asked to.
//!
//! Own code, because the crates that do this count always, and so slow down what criterion measures next
//! to it. Off, this costs a relaxed load for each call.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);
static LIVE_MAX: AtomicI64 = AtomicI64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counting while [`usage`] runs. A bench makes it its global one.
pub struct Counting;

// SAFETY: every call goes to `System` as it came; the counters are no part of what it promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as i64);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(-(layout.size() as i64));
        // SAFETY: as above; what was allocated here was allocated by `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn note(bytes: i64) {
    if COUNTING.load(Relaxed) {
        let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
        if bytes > 0 {
            ALLOCATIONS.fetch_add(1, Relaxed);
            LIVE_MAX.fetch_max(live, Relaxed);
        }
    }
}

/// What a run took from the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Most bytes at once, beyond those at the start.
    pub bytes_max: u64,
    /// Calls that gave memory.
    pub allocations: u64,
}

/// Runs `f` and tells what it took, on all threads. One at a time: the counters are the process's.
///
/// # Panics
///
/// If the counting allocator is not the global one, which would measure zero in silence.
pub fn usage<R>(f: impl FnOnce() -> R) -> (R, Usage) {
    LIVE.store(0, Relaxed);
    LIVE_MAX.store(0, Relaxed);
    ALLOCATIONS.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    std::hint::black_box(Box::new(0u8));
    let result = f();
    COUNTING.store(false, Relaxed);
    // The box above is one, so that an allocator that counts is told from one that does not.
    let allocations = ALLOCATIONS.load(Relaxed).checked_sub(1);
    let allocations = allocations.expect("`memory::Counting` is the global allocator");
    (result, Usage { bytes_max: LIVE_MAX.load(Relaxed).max(0) as u64, allocations })
}

#[cfg(test)]
mod tests {
    #[global_allocator]
    static ALLOCATOR: super::Counting = super::Counting;

    #[test]
    fn usage_is_the_most_at_once_and_not_the_sum() {
        let ((), usage) = super::usage(|| {
            for _ in 0..4 {
                std::hint::black_box(vec![0u8; 1 << 20]);
            }
        });
        // Other tests run beside it, so there may be more; four at once would be 4 << 20.
        assert!((1 << 20..2 << 20).contains(&usage.bytes_max), "{usage:?}");
        assert!(usage.allocations >= 4, "{usage:?}");
    }
}
