//! The gallery: small wrong siblings of correct code, each with its wrong line marked `// BUG:`.
//!
//! A variant is caught *for the law that it breaks*. The correct siblings and the near-misses raise
//! nothing; without them a law that always cries would pass.

pub mod err_group;
pub mod fan;
pub mod near_miss;
pub mod pipeline;
pub mod rate_limit;
pub mod shutdown;
pub mod worker_pool;

use crate::scenario::{Root, Shape, shape};
use selvedge::{Check, Law, Row};
use std::convert::identity;
use std::fmt::Write;

/// One wrong variant.
#[derive(Clone, Copy)]
pub struct Variant {
    /// The pattern that it gets wrong.
    pub pattern: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What is wrong, in a few words.
    pub wrong: &'static str,
    /// The law that catches it.
    pub law: Law,
    /// The rows of the checklist that it fails, where these are not the law's own; else empty.
    pub fails: &'static [Row],
    /// The program.
    pub root: fn(Shape) -> Root,
    /// What the check is told besides.
    pub check: fn(Check) -> Check,
    /// The shape at which it is explored and sampled.
    pub shape: Shape,
    /// The shape under loom, where it fits.
    pub loom: Option<Shape>,
    /// Schedules within which a seeded random walk must find it, and so must PCT.
    pub sampled: u64,
}

impl Variant {
    /// `pattern/name`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.pattern, self.name)
    }

    /// The rows of the checklist that it fails. A law stands in one row, and yet a pool that waits for
    /// ever because of a guard is a matter of locks.
    pub fn rows(&self) -> Vec<Row> {
        if self.fails.is_empty() { vec![self.law.row()] } else { self.fails.to_vec() }
    }

    /// The check, before an engine is chosen.
    pub fn check(&self) -> Check {
        (self.check)(Check::new(&self.id()))
    }

    /// The program at `shape`, to be called once an execution.
    pub fn at(&self, shape: Shape) -> impl Fn() -> Root + Send + Sync + 'static {
        let root = self.root;
        move || root(shape)
    }
}

/// A right sibling of a pattern's variants: the same small program with nothing wrong.
#[derive(Clone, Copy)]
pub struct Correct {
    /// The pattern.
    pub pattern: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The program.
    pub root: fn(Shape) -> Root,
    /// The shape at which it is explored and sampled.
    pub shape: Shape,
    /// The shape under loom, and the bound on preemptions there.
    pub loom: Option<(Shape, usize)>,
}

impl Correct {
    /// `pattern/name`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.pattern, self.name)
    }

    /// The check, before an engine is chosen.
    pub fn check(&self) -> Check {
        Check::new(&self.id())
    }

    /// The program at `shape`, to be called once an execution.
    pub fn at(&self, shape: Shape) -> impl Fn() -> Root + Send + Sync + 'static {
        let root = self.root;
        move || root(shape)
    }
}

/// The variant of an id, if there is one.
pub fn variant(id: &str) -> Option<&'static Variant> {
    VARIANTS.iter().find(|variant| variant.id() == id)
}

/// The table of all variants as the README shows it.
pub fn markdown_table() -> String {
    let mut table =
        String::from("| variant | what is wrong | law | checklist row |\n|---|---|---|---|\n");
    for v in VARIANTS {
        let source = format!("loom-tests/src/gallery/{}.rs", v.id());
        writeln!(
            table,
            "| [`{}`]({source}) | {} | `{}` | {} |",
            v.id(),
            v.wrong,
            v.law,
            v.rows().iter().map(Row::to_string).collect::<Vec<_>>().join(", ")
        )
        .expect("a string takes everything");
    }
    table
}

macro_rules! variant {
    ($pattern:ident / $name:ident: $wrong:literal, $law:ident $(, [$($row:ident),+])?) => {
        Variant {
            pattern: stringify!($pattern),
            name: stringify!($name),
            wrong: $wrong,
            law: Law::$law,
            fails: &[$($(Row::$row),+)?],
            root: |s| Box::pin($pattern::$name::scenario(s.workers, s.jobs, s.buffer)),
            check: identity,
            shape: shape(2, 3, 1),
            loom: Some(shape(1, 3, 1)),
            sampled: 100,
        }
    };
}

macro_rules! correct {
    ($pattern:ident / $name:ident) => {
        Correct {
            pattern: stringify!($pattern),
            name: stringify!($name),
            root: |s| Box::pin($pattern::$name::scenario(s.workers, s.jobs, s.buffer)),
            shape: shape(2, 3, 1),
            loom: None,
        }
    };
}

/// All variants, pattern by pattern.
pub const VARIANTS: &[Variant] = &[
    variant!(worker_pool / bare_result_send: "result send without cancel", IgnoredCancellation, [ExitPaths, Cancellation]),
    variant!(worker_pool / coordinator_keeps_sender: "a sender held by the coordinator", NeverClosed),
    Variant {
        // One worker closes once.
        loom: Some(shape(2, 2, 1)),
        ..variant!(worker_pool / every_worker_closes: "each worker closes the results", DoubleClose)
    },
    Variant {
        loom: Some(shape(2, 2, 1)),
        ..variant!(worker_pool / first_worker_closes: "closed with a job in another's hand", SendAfterClose)
    },
    Variant {
        loom: Some(shape(2, 2, 1)),
        ..variant!(worker_pool / guard_across_job: "the guard is held through the job", Deadlock, [LockOrdering])
    },
    Variant {
        shape: shape(2, 4, 1),
        ..variant!(worker_pool / panic_kills_worker: "capacity shrinks with each panic", Deadlock, [ErrorHandling, ExitPaths])
    },
    variant!(worker_pool / whole_loop_cancelled: "the loop is cancelled with a job in hand", LostItem, [Cancellation]),
    variant!(worker_pool / detached_workers: "closed while the workers run", Unjoined, [ResourceCleanup]),
    Variant {
        // Loom has no law for tasks that run for ever.
        loom: None,
        ..variant!(worker_pool / no_closed_check: "does not look at the end of the queue", Livelock)
    },
    Variant {
        check: |check| check.high_water(2),
        ..variant!(worker_pool / unbounded_queue: "no backpressure", UnboundedGrowth)
    },
    Variant {
        loom: Some(shape(1, 2, 1)),
        ..variant!(worker_pool / clone_numbers_jobs: "each clone numbers jobs for itself", DuplicateItem, [CopySafety])
    },
    variant!(err_group / try_join_detaches: "the first error detaches the siblings", Unjoined, [ExitPaths, ResourceCleanup]),
    variant!(err_group / awaits_in_spawn_order: "a failure waits for those before it", Deadlock, [ErrorHandling]),
    variant!(err_group / returns_before_drain: "told to stop taken for stopped", IncompleteShutdown, [ResourceCleanup, ExitPaths]),
    variant!(err_group / cancel_then_record: "a reaction may be recorded first", Panic),
    variant!(err_group / permit_by_hand: "the permit of a failed task is gone", PermitLeak),
    variant!(err_group / ignores_join_error: "a panic goes nowhere", Panic),
    variant!(err_group / shared_push_as_index: "finish order read as spawn order", Panic, [CopySafety]),
    Variant {
        loom: Some(shape(1, 2, 1)),
        ..variant!(err_group / told_before_stored: "told before the result is there", ResultRace)
    },
    Variant {
        // One task at a time: no schedule deadlocks.
        shape: shape(1, 3, 1),
        ..variant!(err_group / guard_over_await: "a lock held over the wait for another", LockOrder)
    },
    variant!(err_group / permit_inside_task: "bounds who works, not who is there", Panic, [BufferSizing]),
    variant!(err_group / outcomes_sender_kept: "the group keeps a sender, `wait` never ends", NeverClosed),
    Variant {
        loom: Some(shape(1, 2, 1)),
        shape: shape(1, 2, 1),
        ..variant!(err_group / spawn_deaf_to_cancel: "waits for the limit through the cancel", IgnoredCancellation)
    },
    Variant {
        shape: shape(2, 4, 1),
        ..variant!(fan / bare_branch_send: "branch send without cancel", IgnoredCancellation, [ExitPaths, Cancellation])
    },
    Variant {
        shape: shape(2, 4, 1),
        loom: Some(shape(2, 4, 1)),
        ..variant!(fan / round_robin_dispatch: "deals items to a branch that nobody reads", Deadlock, [BufferSizing, ExitPaths])
    },
    variant!(fan / sender_kept: "the original sender is kept, the merge never ends", NeverClosed),
    variant!(fan / ends_on_first_none: "the merge ends when one source does", LostItem),
    Variant {
        // Told apart by their value, items that come again and again are a loop. Loom sees none.
        check: |check| check.identify::<u64>(),
        loom: None,
        ..variant!(fan / biased_merge: "a fixed order starves a source", Livelock)
    },
    Variant {
        loom: Some(shape(2, 2, 1)),
        ..variant!(fan / broadcast_not_compete: "every branch gets every item", DuplicateItem, [CopySafety])
    },
    Variant {
        // The branches are not joined: that is the bug, but not the one that this is about.
        check: |check| check.watch_errors::<(), fan::error_breaks_branch::Bad>().unjoined(),
        ..variant!(fan / error_breaks_branch: "an error ends the branch in silence", SwallowedError)
    },
    variant!(fan / opposite_locks: "splitter and merger take two locks in opposite order", LockOrder),
    variant!(fan / close_without_join: "told to stop taken for stopped", IncompleteShutdown),
    variant!(pipeline / no_cancel_on_recv: "an idle input is deaf to the cancel", IgnoredCancellation),
    variant!(pipeline / no_cancel_on_send: "a full output is deaf to the cancel", IgnoredCancellation, [ExitPaths, Cancellation]),
    variant!(pipeline / forgets_close: "the sender outlives its stage", NeverClosed),
    variant!(pipeline / filter_returns: "the first reject ends the stage", LostItem, [ExitPaths]),
    variant!(pipeline / swallows_errors: "items that fail are skipped", Panic),
    variant!(pipeline / cancelled_looks_complete: "a truncated run reports a clean end", Panic, [ErrorHandling, Cancellation]),
    variant!(pipeline / fresh_token_in_stage: "a stage that no cancel reaches", Deadlock, [CopySafety, Cancellation]),
    Variant {
        check: |check| check.high_water(2),
        ..variant!(pipeline / unbounded_between_stages: "no backpressure", UnboundedGrowth)
    },
    Variant {
        check: Check::unjoined,
        ..variant!(pipeline / generator_outlives_output: "an idle generator does not see the output dropped", TaskLeak, [ResourceCleanup])
    },
    Variant {
        // One stage waits for nobody who needs the board.
        loom: Some(shape(2, 2, 1)),
        ..variant!(pipeline / guard_over_send: "a shared board is locked through a send", Deadlock, [LockOrdering])
    },
    // The wait for a permit is a timer, which loom does not have.
    Variant {
        loom: None,
        ..variant!(rate_limit / sleep_per_worker: "limits each worker, not the whole", Panic, [CopySafety])
    },
    Variant {
        loom: None,
        ..variant!(rate_limit / clone_copies_state: "each clone counts for itself", SplitState)
    },
    Variant {
        loom: None,
        ..variant!(rate_limit / burst_after_idle: "missed ticks come all at once", Panic, [BufferSizing])
    },
    Variant {
        shape: shape(2, 2, 2),
        loom: None,
        ..variant!(rate_limit / fixed_window: "twice the burst around an edge", Panic, [BufferSizing])
    },
    Variant {
        check: Check::lost_updates,
        loom: None,
        ..variant!(rate_limit / check_then_wait: "the lock is given back between look and take", ResultRace)
    },
    Variant {
        shape: shape(2, 2, 1),
        loom: None,
        ..variant!(rate_limit / commit_before_sleep: "a cancelled waiter burns a permit", Panic, [Cancellation, ResourceCleanup])
    },
    Variant {
        shape: shape(1, 3, 1),
        loom: None,
        ..variant!(rate_limit / bare_result_send: "delivers without cancel", IgnoredCancellation, [ExitPaths, Cancellation])
    },
    Variant {
        loom: Some(shape(1, 1, 1)),
        ..variant!(rate_limit / parked_acquire: "asks again beside a wait in the queue", FutureLock)
    },
    Variant {
        loom: None,
        ..variant!(rate_limit / float_refill: "time in floating point drifts", Panic)
    },
    Variant {
        shape: shape(2, 2, 1),
        loom: None,
        ..variant!(rate_limit / acquire_ignores_cancel: "waits through the cancel", IgnoredCancellation)
    },
    Variant {
        check: |check| check.unjoined(),
        shape: shape(2, 2, 1),
        loom: None,
        ..variant!(rate_limit / timer_not_stopped: "the ticker outlives its work", TaskLeak, [ResourceCleanup])
    },
    Variant {
        loom: None,
        ..variant!(rate_limit / timer_kept: "a timer and its limiter keep each other", TimerLeak)
    },
    Variant {
        shape: shape(2, 1, 1),
        loom: None,
        ..variant!(rate_limit / every_source_closes: "each limited source closes the shared output", DoubleClose)
    },
    Variant {
        shape: shape(1, 2, 1),
        loom: Some(shape(1, 1, 1)),
        ..variant!(rate_limit / two_limits_crossed: "taken in one order, refunded in the other", LockOrder)
    },
    variant!(shutdown / returns_without_join: "over before its work is", IncompleteShutdown, [ResourceCleanup, ExitPaths]),
    variant!(shutdown / blocking_send: "deaf to the drain while the queue is full", IgnoredCancellation),
    Variant {
        // No law for tasks that run for ever, and no timers.
        loom: None,
        ..variant!(shutdown / spins_on_error: "asks a broken listener again at once", Livelock, [ErrorHandling])
    },
    variant!(shutdown / no_deadline: "one stuck job holds the process", Deadlock),
    Variant {
        // The signal has to come between a worker's job and its look: rare, and out of PCT's reach at depth 2.
        sampled: 10_000,
        ..variant!(shutdown / break_before_drain: "accepted jobs are left in the queue", LostItem, [Cancellation])
    },
    variant!(shutdown / closed_check_not_atomic: "a job slips in between look and count", Panic, [ChannelOwnership]),
    variant!(shutdown / owner_keeps_sender: "the owner keeps a sender, the drain never ends", NeverClosed),
    variant!(shutdown / second_signal_ignored: "a stuck job hears no second signal", IgnoredCancellation),
    variant!(shutdown / drained_before_registered: "looks, then waits: the wakeup is lost", Deadlock),
    Variant {
        // Too many operations for loom.
        shape: shape(1, 101, 1),
        loom: None,
        ..variant!(shutdown / magic_queue_100: "hides a send that waits, until job 101", Deadlock, [BufferSizing])
    },
    variant!(shutdown / clone_has_own_tracker: "the drain waits for one handle's tasks", IncompleteShutdown, [CopySafety]),
    variant!(shutdown / registry_locked_over_drain: "the list of tasks is locked through the drain", Deadlock, [LockOrdering]),
];

/// The right siblings, one or more a pattern.
pub const CORRECT: &[Correct] = &[
    Correct { loom: Some((shape(1, 2, 1), 2)), ..correct!(worker_pool / correct) },
    Correct { loom: Some((shape(2, 3, 1), 2)), ..correct!(err_group / correct) },
    Correct { shape: shape(2, 2, 1), ..correct!(fan / correct) },
    Correct { loom: Some((shape(1, 2, 1), 2)), ..correct!(pipeline / correct) },
    Correct {
        name: "correct_output_closed",
        root: |s| Box::pin(pipeline::correct::output_closed(s.workers, s.jobs, s.buffer)),
        loom: Some((shape(1, 2, 1), 2)),
        ..correct!(pipeline / correct)
    },
    Correct { shape: shape(2, 2, 2), ..correct!(rate_limit / correct) },
    Correct { shape: shape(2, 2, 1), ..correct!(rate_limit / correct_sources) },
    Correct { shape: shape(2, 2, 1), ..correct!(shutdown / correct) },
    Correct { loom: Some((shape(1, 1, 1), 2)), ..correct!(shutdown / correct_tasks) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_is_broken_by_some_variant() {
        for law in Law::ALL {
            assert!(VARIANTS.iter().any(|variant| variant.law == *law), "{law}");
        }
    }
}
