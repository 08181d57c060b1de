//! A worker pool by hand: the small correct one, and eleven ways to get it wrong.
//!
//! Each file is a whole pool with its caller. Read [`correct`] first, then any variant beside it: the
//! difference is the lesson, and the line marked `BUG` says what it costs.
//!
//! Every `scenario(workers, jobs, buffer)` is the body of a root task. Where the bug is not in the
//! way it ends by itself, with every task joined and every job accounted for.

pub mod bare_result_send;
pub mod clone_numbers_jobs;
pub mod coordinator_keeps_sender;
pub mod correct;
pub mod detached_workers;
pub mod every_worker_closes;
pub mod first_worker_closes;
pub mod guard_across_job;
pub mod no_closed_check;
pub mod panic_kills_worker;
pub mod unbounded_queue;
pub mod whole_loop_cancelled;
