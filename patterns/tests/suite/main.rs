//! The patterns on real tokio: each line of a contract, and each edge, as a claim.
//!
//! Nothing here measures time. Where a test says that something *waits*, it runs on one thread with
//! a paused clock, which moves only when no task can.

mod err_group;
mod fan;
#[cfg(unix)]
mod job_server;
mod pipeline;
#[cfg(unix)]
mod process;
mod rate_limit;
mod runtimes;
mod shutdown;
mod sources;
mod worker_pool;
