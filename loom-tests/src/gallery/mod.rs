//! The gallery: small wrong siblings of correct code, each with its wrong line marked `// BUG:`.
//!
//! A variant is caught *for the law that it breaks*. The correct siblings and the near-misses raise
//! nothing; without them a law that always cries would pass.

pub mod near_miss;
pub mod worker_pool;

use crate::scenario::{Root, Shape, shape};
use selvedge::{Check, Law};

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
    /// The program.
    pub root: fn(Shape) -> Root,
    /// What the check is told besides.
    pub check: fn(Check) -> Check,
    /// The shape at which it is explored and sampled.
    pub shape: Shape,
    /// The shape under loom, where it fits.
    pub loom: Option<Shape>,
    /// Schedules within which a seeded random walk must find it.
    pub sampled: u64,
}

impl Variant {
    /// `pattern/name`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.pattern, self.name)
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

fn plain(check: Check) -> Check {
    check
}

macro_rules! variant {
    ($pattern:ident / $name:ident: $wrong:literal, $law:ident) => {
        Variant {
            pattern: stringify!($pattern),
            name: stringify!($name),
            wrong: $wrong,
            law: Law::$law,
            root: |s| Box::pin($pattern::$name::scenario(s.workers, s.jobs, s.buffer)),
            check: plain,
            shape: shape(2, 3, 1),
            loom: Some(shape(1, 3, 1)),
            sampled: 100,
        }
    };
}

/// All variants, pattern by pattern.
pub const VARIANTS: &[Variant] = &[
    variant!(worker_pool / bare_result_send: "result send without cancel", IgnoredCancellation),
    variant!(worker_pool / coordinator_keeps_sender: "a sender held by the coordinator", NeverClosed),
    variant!(worker_pool / every_worker_closes: "each worker closes the results", DoubleClose),
    Variant {
        loom: Some(shape(2, 2, 1)),
        ..variant!(worker_pool / guard_across_job: "the guard is held through the job", Deadlock)
    },
    Variant {
        shape: shape(2, 4, 1),
        ..variant!(worker_pool / panic_kills_worker: "capacity shrinks with each panic", Deadlock)
    },
    variant!(worker_pool / whole_loop_cancelled: "the loop is cancelled with a job in hand", LostItem),
    variant!(worker_pool / detached_workers: "closed while the workers run", Unjoined),
    variant!(worker_pool / no_closed_check: "does not look at the end of the queue", Livelock),
    Variant {
        check: |check| check.high_water(2),
        ..variant!(worker_pool / unbounded_queue: "no backpressure", UnboundedGrowth)
    },
];
