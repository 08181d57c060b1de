//! A shutdown that stops accepting, drains what was accepted, and has a deadline.
//!
//! ```text
//!            trigger          grace, or force           all gone, or abort_wait
//!  Running ──────────▶ Draining ──────────▶ Aborting ──────────▶ Done: Report
//!  accepts             refuses; work        tasks are dropped    what could not be
//!                      goes on to its end   at their next await  aborted is `leaked`
//! ```
//!
//! The contract; each line is a test, and is proved on every schedule by the suite:
//!
//! 1. [`Phase`]s only go forward, and going to one again does nothing.
//! 2. Admission is atomic with the count: each task and guard is either refused, or drained or listed.
//! 3. [`serve`] stops accepting when the drain begins, whether it waits for the source or for room, and
//!    holds no job in its hand; jobs that never start come back.
//! 4. The drain takes [`grace`](Config::grace), then everything is aborted, and that takes
//!    [`abort_wait`](Config::abort_wait); what cannot be aborted (a guard that is kept, a task that
//!    blocks its thread) is reported as leaked. There is always a deadline.
//! 5. A second signal skips to the abort.
//! 6. Errors of a source never spin: each ends accepting, or is followed by a pause.
//! 7. A panic, of a task, a job, a source or a destructor, does not stop the drain; it is listed.
//! 8. A clean stop is `Ok` ([`Report::ok`]); nothing else is.
//! 9. When [`run`](Shutdown::run) returns, every task is gone but for those listed as leaked.
//!
//! Who owns what:
//!
//! * [`Shutdown`] is the one owner. [`Handle`]s admit; they keep nothing open, so a drain ends whoever
//!   still holds one.
//! * What was accepted is behind one lock while there is admission; then the owner takes it all, and
//!   with it goes admission: nothing can slip in between a look at the phase and the count.
//! * The phases are three tokens, children of each other; there is no other flag that could disagree.
//!
//! What it costs: a task takes about 30 % more instructions than one in a bare tracker, and fewer than one
//! in a set of join handles. They buy admission that is atomic, an end that is known for each task by its
//! name, and a deadline.
//!
//! The road not taken: a counter and a `Notify` (a wakeup between the count and the wait is lost), or a
//! tracker that each task is registered with after it was admitted (it is drained before it is known).

mod crew;
mod handle;
mod owner;
mod report;
mod serve;
#[cfg(feature = "signal")]
pub mod signal;
mod source;

pub use handle::{Guard, Handle, Phase, Refused};
pub use owner::{Config, Shutdown};
pub use report::{BoxError, Name, Report, TaskOutput, Unclean};
pub use serve::{ServeConfig, ServeReport, Stopped, serve};
pub use source::{Backoff, OnSourceError, ZeroBackoff};
