//! Runs tasks together; the first failure cancels the rest; waits for all.
//!
//! ```text
//!           spawn ──► task ─┐ ends, with its index
//!  ErrGroup       ──► task ─┼──────────────────────► JoinSet ──► spawn at the limit, wait
//!           spawn ──► task ─┘
//!                      │ the first failure: claims the cause, then cancels
//!                      └──► token of the group, a child of the caller's ──► every task, spawn
//! ```
//!
//! The contract; each line is a test, and is proved on every schedule by the suite:
//!
//! 1. [`wait`](ErrGroup::wait) returns after every task has ended, with its future dropped.
//! 2. The first failure *recorded* is the [`Cause`]. It is recorded before the group is cancelled, and
//!    a failure that comes after a cancel, the caller's too, is never the cause: a reaction masks nothing.
//! 3. A panic is a failure: of the closure, of its future, or of a destructor of either.
//! 4. After a cancel [`spawn`](ErrGroup::spawn) never runs its closure, and gives it back; nor does a
//!    task start that was accepted before and that sees the cancel as it starts.
//! 5. A `spawn` that waits for the limit is freed by a cancel.
//! 6. Never more tasks than the [`limit`](ErrGroup::limit); a task gives its place back when it
//!    ends, in whatever way.
//! 7. Success gives the results in spawn order; a failure keeps those that there are.
//! 8. A group whose caller is cancelled ends as [`Cause::Cancelled`]; an empty one gives `Ok(vec![])`.
//! 9. Dropping the group cancels it and aborts its tasks.
//! 10. Conservation: `spawned = done + failed + panicked + cancelled`, each listed by its index.
//!
//! Who owns what:
//!
//! * The group has one owner and is no handle to share, so spawn order is a fact and not a race. It
//!   owns the tasks; nothing of it outlives `wait`.
//! * The token of the group is cancelled once by whoever comes first: the task that has the cause, the
//!   caller's own token above it, or the end of the group.
//! * There is no buffer but the results themselves: one a task, kept until `wait`.
//!
//! What it costs: a task takes about 40 % more instructions than one in a bare `JoinSet`. Up to half is a
//! token of its own for each task, a look at it before anything starts, and an index; panics as data are
//! next to nothing; the rest is what tells the cause from its reactions.
//!
//! Roads not taken:
//!
//! * A semaphore for the limit. The set of tasks already counts them, and its count cannot leak: an
//!   abort or a panic takes the task out as well. A permit would be two operations a task.
//! * The owner records failures as it joins. It joins only in `spawn` at the limit and in `wait`; until
//!   then nobody would cancel the siblings.
//! * The cause behind a lock. Whoever claims it first returns it as its output, so one atomic is enough.

mod error;
mod group;
mod task;

pub use error::{Cause, Failure, GroupError, Rejected, TryRejected};
pub use group::ErrGroup;
#[doc(hidden)]
pub use task::Ended;
