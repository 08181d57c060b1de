//! Fan-out and fan-in by hand: the small correct one, and nine ways to get it wrong.
//!
//! Each file is a whole program with its caller. Read [`correct`] first, then any variant beside it: the
//! difference is the lesson, and the line marked `BUG` says what it costs.
//!
//! Every `scenario(workers, jobs, buffer)` is the body of a root task; `workers` are the branches, or
//! the sources of a merge. Where the bug is not in the way it ends by itself, with every task joined
//! and every item accounted for.

pub mod bare_branch_send;
pub mod biased_merge;
pub mod broadcast_not_compete;
pub mod close_without_join;
pub mod correct;
pub mod ends_on_first_none;
pub mod error_breaks_branch;
pub mod opposite_locks;
pub mod round_robin_dispatch;
pub mod sender_kept;
