//! The loom engine: what it proves, what it finds, how it stops, and that its outcomes are the explorer's.
//!
//! Every test runs in one process with the others: a model that took it down would be noticed.
#![cfg(feature = "loom")]

#[path = "loom/differential.rs"]
mod differential;
#[path = "loom/finds.rs"]
mod finds;
#[path = "loom/limits.rs"]
mod limits;
#[path = "support/locks.rs"]
mod locks;
#[path = "loom/memory.rs"]
mod memory;
#[path = "loom/orders.rs"]
mod orders;
#[path = "loom/replay.rs"]
mod replay;

use selvedge::{Check, Report};

/// Runs a scenario under loom and prints what it took (seen with `--nocapture`).
#[track_caller]
fn loom<F>(name: &str, root: impl Fn() -> F + Send + Sync + 'static) -> Report
where
    F: Future<Output = ()> + Send + 'static,
{
    shown(Check::new(name).loom(root))
}

fn shown(report: Report) -> Report {
    println!("{report}");
    report
}
