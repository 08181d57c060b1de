//! Wrong: a task says that it is done before its result is in its slot, and the owner, who is told, reads the
//! slot at once.
//!
//! Checklist: copy safety. Law: `ResultRace`: nothing orders the write and the read. The compiler does not say
//! so, because of the `unsafe impl`, whose reason is wrong.

use rt::cell::UnsafeCell;
use rt::sync::mpsc;
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// The result of one task.
struct Slot(UnsafeCell<Option<u64>>);

// SAFETY: the task writes, and the owner reads once it was told. (So it should be.)
unsafe impl Sync for Slot {}

/// Runs `tasks` tasks and reads each result when its task is done.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let slots: Arc<[Slot]> = (0..tasks).map(|_| Slot(UnsafeCell::new(None))).collect();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut group = JoinSet::new();
    for n in 0..tasks {
        let (slots, tell) = (slots.clone(), tell.clone());
        group.spawn(async move {
            // BUG: the owner may read from here on. (Right: store first, and tell then.)
            tell.send(n).expect("the owner listens");
            // SAFETY: see `Sync`.
            slots[n as usize].0.with_mut(|slot| unsafe { *slot = Some(n * 10) });
        });
    }
    drop(tell);
    while let Some(n) = told.recv().await {
        // SAFETY: see `Sync`.
        let result = slots[n as usize].0.with(|slot| unsafe { *slot });
        assert_eq!(result, Some(n * 10), "the result of task {n}");
    }
    while let Some(ended) = group.join_next().await {
        ended.expect("no task panics");
    }
}
