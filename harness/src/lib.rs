//! Selvedge: a deterministic concurrency test harness for async Rust on tokio.
#![allow(dead_code, missing_docs)]

mod check;
mod config;
mod exec;
mod explore;
mod hash;
mod law;
mod laws;
mod ledger;
#[cfg(feature = "loom")]
mod loom;
mod model;
mod panics;
mod real;
mod record;
mod replay;
mod sample;
mod scenario;
mod verdict;
mod watchdog;

pub use check::Check;
pub use config::{Clock, Grain, Limits, Reductions};
pub use law::{Law, Place, Row, Violation};
pub use sample::{Preemption, Sampling, Schedule, prop as proptest};
pub use record::{Record, daemon, shutdown_complete};
pub use verdict::{Bound, Coverage, Engine, Problem, Report, Verdict};
