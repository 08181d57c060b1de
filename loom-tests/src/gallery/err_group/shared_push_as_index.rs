//! Wrong: the tasks push their results into one shared list, and the owner reads it by spawn order. The
//! lock makes each push safe, not the order of the pushes.
//!
//! Checklist: copy safety. Law: `Panic`: every access is under the lock, so only the scenario's assertion
//! can tell that the order matters.

use rt::blocking::Mutex;
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// Runs `tasks` tasks and reads their results by index.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let results = Arc::new(Mutex::new(Vec::new()));
    let mut group = JoinSet::new();
    for n in 0..tasks {
        let results = results.clone();
        group.spawn(async move {
            let value = n * 10;
            // BUG: this is the order in which they finish. (Right: return `(n, value)`, or store into
            // slot `n`.)
            results.lock().expect("no panic").push(value);
        });
    }
    while let Some(ended) = group.join_next().await {
        ended.expect("no task panics");
    }
    let results = results.lock().expect("no panic");
    for n in 0..tasks {
        assert_eq!(results[n as usize], n * 10, "the result of task {n}");
    }
}
