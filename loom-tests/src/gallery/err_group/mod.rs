//! An error group by hand: the small correct one, and twelve ways to get it wrong.
//!
//! Each file is a whole group with its caller. Read [`correct`] first, then any variant beside it: the
//! difference is the lesson, and the line marked `BUG` says what it costs.
//!
//! Every `scenario(limit, tasks, _)` is the body of a root task; a group has no buffer. Where the bug is
//! not in the way it ends by itself, with every task joined and every end looked at.

pub mod awaits_in_spawn_order;
pub mod cancel_then_record;
pub mod correct;
pub mod guard_over_await;
pub mod ignores_join_error;
pub mod outcomes_sender_kept;
pub mod permit_by_hand;
pub mod permit_inside_task;
pub mod returns_before_drain;
pub mod shared_push_as_index;
pub mod spawn_deaf_to_cancel;
pub mod told_before_stored;
pub mod try_join_detaches;
