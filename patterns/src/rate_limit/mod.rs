//! A limit on how often work may start, shared by everyone who holds a clone.
//!
//! ```text
//!  clone ── acquire ──┐                 ┌── the head sleeps until its permits are due,
//!  clone ── acquire ──┼── turn (FIFO) ──┤   and takes them then
//!  stream ────────────┘                 └── the others wait behind it
//! ```
//!
//! The contract; each line is a test, and is proved on every schedule by the suite:
//!
//! 1. In any window of length `d`, over all clones: permits granted <= `burst + floor(d / interval)`.
//! 2. Idle time earns credit up to `burst` permits, and no more.
//! 3. First come, first served. [`try_acquire`](RateLimiter::try_acquire) never takes what somebody
//!    waits for, and is never refused without one of the two reasons that it gives.
//! 4. A waiter that is cancelled or dropped consumes nothing.
//! 5. More than `burst` permits at once are an error at once, and not a wait for ever.
//! 6. Time is counted in whole nanoseconds: nothing drifts. A quota whose interval rounds to zero is
//!    rejected.
//! 7. [`RateLimited`] notices the end of its input, and a cancel, without waiting for a permit.
//! 8. Work-conserving: while somebody waits, no permit that is due stays unused, but for the time
//!    that it takes to wake up.
//! 9. Conservation: an item that [`RateLimited`] took is yielded or [handed back](Rest::held).
//!
//! A limiter shapes *starts*: what starts may overlap without end. It has no task, no ticker and no
//! timer of its own: nothing is left running when it is dropped.
//!
//! How it works: the *generic cell rate algorithm*. The whole state is one number, the time up to which
//! granted permits have used up the rate; a grant moves it on by `interval` a permit, and is allowed
//! while it stays within `burst * interval` of now. The limiter waits first and takes then, in the
//! same poll in which it returns: that is why a dropped waiter leaves no trace.
//!
//! What it costs, where the permit is there: one look at the clock, which is about half of the time that it
//! takes. Without the clock it would only count, as a semaphore does at the price of the rest.
//!
//! Roads not taken: a ticker that refills a bucket (a task to stop, bursts after a pause, a tick
//! late), a window with a counter (twice the burst around its edge), reserving a place in time before
//! the sleep (a cancelled waiter leaves a hole), and a count in floating point (drifts).

mod gcra;
mod limited;
mod limiter;
mod quota;

pub use limited::{RateLimited, Rest, rate_limited};
pub use limiter::{AcquireError, ExceedsBurst, RateLimiter, TryAcquireError};
pub use quota::{Quota, QuotaError};
