//! Concurrency patterns that start, stop and clean up correctly, on tokio.
//!
//! All code here is written on [`selvedge_rt`], which in production *is* tokio, re-exported; under
//! test the `selvedge` harness sees every operation and runs the same code on every schedule.
//!
//! | module | what it is |
//! |---|---|
//! | [`worker_pool`] | a fixed number of workers takes jobs from a shared queue |
//! | [`fan`] | several branches pull from one source; several sources merge into one |
//! | [`pipeline`] | a source and stages, each a task of its own, joined by bounded buffers |
//! | [`err_group`] | tasks that succeed together, or fail with the first that fails |
//! | [`rate_limit`] | a limit on how often work may start, shared by clones |
//! | [`shutdown`] | stops accepting, drains what was accepted, and has a deadline |
//!
//! What all patterns share:
//!
//! 1. *Conservation*: nothing that was accepted vanishes; what was not done is listed in a report.
//! 2. The end has a reason ([`End`]); a truncated run never looks like a complete one.
//! 3. Dropping a handle cancels; only an awaited `close()` promises that every task is gone.
//! 4. A panic in user code is caught and becomes data.
//! 5. Counts and capacities are non-zero by type.
//!
//! Start reading at [`worker_pool`]. Deliberately absent: a runtime, a logger, and every primitive
//! that the facade does not have (`tests/suite/sources.rs` fails on one).

mod end;
pub mod err_group;
pub mod fan;
#[cfg(doctest)]
mod forbidden;
mod panic;
pub mod pipeline;
pub mod rate_limit;
pub mod shutdown;
pub mod worker_pool;

pub use end::End;
