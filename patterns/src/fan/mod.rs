//! Fan-out: several branches pull from one source. Fan-in: several sources merge into one.
//!
//! ```text
//!               ┌─ branch: f ── buffer (`cap`) ── Branch            source ─┐
//!  source ──────┼─ branch: f ── buffer (`cap`) ── Branch            source ─┼─ pump ── buffer (`cap`) ── Merged
//!  (one lock)   └─ branch: f ── buffer (`cap`) ── Branch            source ─┘  (in turn)
//!                      all of them: FanOut
//! ```
//!
//! The contract; each line is a test, and is proved on every schedule by the suite:
//!
//! 1. Each item of the source goes to exactly one branch.
//! 2. Branches *pull*: a branch that waits for room is given nothing, and holds up no other.
//! 3. Dropping a [`Branch`] stops that branch only, before it takes another item. It looks at its token
//!    right before it takes one; an item taken in between is worked on, and listed.
//! 4. When every branch is dropped, so is the source.
//! 5. A merge ends when every source has ended; a merge of none, at once.
//! 6. A merge keeps the order of each source.
//! 7. A merge serves a source that is ready within as many items as there are sources.
//! 8. A merge that is cancelled hands back what it held.
//! 9. Conservation: `accepted = delivered + undelivered + panicked + abandoned`, where all but the first
//!    are listed. A run that was cut short never ends as [`Complete`](crate::End::Complete).
//!
//! Who closes what:
//!
//! * A *branch's buffer* ends with its task, the only one that sends. The same task closes it from the
//!   receiving side when its branch is cancelled while it waits for room: that is how a send that
//!   waits gives its item back.
//! * The *merged buffer* ends with the pump, its only sender.
//! * [`FanOut`] and [`Merged`] hold a token of their own, a child of the one that they were given, and
//!   each [`Branch`] a child of that: dropping one cancels what is below it and nothing else.
//!
//! No task watches over the others: a source that ends, a cancel and a consumer that leaves reach each
//! task by themselves.
//!
//! Roads not taken: a dispatcher that deals items to the branches in turn (it waits for a branch that
//! nobody reads while others starve: a deadlock where branches are read one after another); a feeder
//! with a queue between source and branches (a buffer more, whose items somebody must hand back); a
//! task for each source of a merge (which source is served is then for the scheduler to say).

mod branch;
mod fan_in;
mod fan_out;
mod input;
mod report;
mod turns;
mod work;

pub use branch::Branch;
pub use fan_in::{Merged, fan_in};
pub use fan_out::{FanOut, fan_out};
#[doc(hidden)]
pub use report::{BranchEnd, MergeEnd};
pub use report::{FanOutReport, MergeReport};

/// A value with the place of what it was made from in the order of the source, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Indexed<T> {
    /// Which item of the source.
    pub index: u64,
    /// The value.
    pub value: T,
}
