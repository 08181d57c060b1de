//! A graceful shutdown by hand: the small correct one, and twelve ways to get it wrong.
//!
//! Each file is a whole server with its shutdown. Read [`correct`] and [`correct_tasks`] first, then any
//! variant beside them: the difference is the lesson, and the line marked `BUG` says what it costs.
//!
//! Every `scenario(workers, jobs, buffer)` is the body of a root task. Where the bug is not in the
//! way it ends by itself, with every task joined and every job accounted for.

pub mod blocking_send;
pub mod break_before_drain;
pub mod clone_has_own_tracker;
pub mod closed_check_not_atomic;
pub mod correct;
pub mod correct_tasks;
pub mod drained_before_registered;
pub mod magic_queue_100;
pub mod no_deadline;
pub mod owner_keeps_sender;
pub mod registry_locked_over_drain;
pub mod returns_without_join;
pub mod second_signal_ignored;
pub mod spins_on_error;
