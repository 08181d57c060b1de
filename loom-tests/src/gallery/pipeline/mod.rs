//! A pipeline by hand: the small correct one, and ten ways to get it wrong.
//!
//! Each file is a whole pipeline with its caller. Read [`correct`] first, then any variant beside it: the
//! difference is the lesson, and the line marked `BUG` says what it costs.
//!
//! Every `scenario(stages, items, buffer)` is the body of a root task: `stages` stages in a row, each a
//! task. Where the bug is not in the way it ends by itself, with every task joined and every item
//! accounted for.

pub mod cancelled_looks_complete;
pub mod correct;
pub mod filter_returns;
pub mod forgets_close;
pub mod fresh_token_in_stage;
pub mod generator_outlives_output;
pub mod guard_over_send;
pub mod no_cancel_on_recv;
pub mod no_cancel_on_send;
pub mod swallows_errors;
pub mod unbounded_between_stages;
