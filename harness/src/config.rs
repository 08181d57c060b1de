//! How a scenario is searched: grain, time, reductions, limits.

use selvedge_rt::check::engine::Site;
use std::any::TypeId;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Where tasks may interleave. Part of every verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Grain {
    /// At every operation: what a multi-thread runtime can do.
    #[default]
    Operation,
    /// At every await that suspends: exactly what a current-thread runtime can do. Far fewer states,
    /// and fewer outcomes. Closures of `spawn_blocking` have threads of their own: they interleave at every
    /// operation, theirs and others'.
    Poll,
}

impl std::fmt::Display for Grain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Grain::Operation => "operation",
            Grain::Poll => "poll",
        })
    }
}

/// When virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Clock {
    /// Only while every task waits: computation takes no time.
    #[default]
    Idle,
    /// At any step: a timer may beat any computation. Deadlines keep their order.
    Racing,
}

/// The reductions of the explorer. Each is on by default and can be switched off, to test it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reductions {
    /// A schedule that reaches a state seen before is cut.
    pub merging: bool,
    /// Objects are told apart by their state. Off: by their whole history.
    pub fingerprints: bool,
    /// Of two orders of operations that commute, one is explored.
    pub sleep_sets: bool,
    /// An operation that no other task can influence or notice any more is done at once.
    pub settled: bool,
}

impl Default for Reductions {
    fn default() -> Self {
        Reductions { merging: true, fingerprints: true, sleep_sets: true, settled: true }
    }
}

impl Reductions {
    /// Plain depth-first search.
    pub const NONE: Reductions =
        Reductions { merging: false, fingerprints: false, sleep_sets: false, settled: false };
}

/// Where a search stops. What is hit is named in the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Executions, complete or cut.
    pub executions: u64,
    /// Wall-clock time.
    pub time: Duration,
    /// Steps in one execution.
    pub steps: usize,
    /// Bytes held by the table of states.
    pub memory_bytes: usize,
    /// Wall-clock time that code under test may run between two operations; after it the check is
    /// given up ([`NeverYields`](crate::Problem::NeverYields)).
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            executions: u64::MAX,
            time: Duration::from_secs(300),
            steps: 10_000,
            memory_bytes: 8 << 30,
            silence: Duration::from_secs(20),
        }
    }
}

/// What a check knows of a type of value.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    // Takes a pointer to a live value of the type that it is registered under.
    hash: Option<unsafe fn(*const ()) -> u64>,
    is_err: Option<unsafe fn(*const ()) -> bool>,
}

/// Types whose values are identified by `Hash`, or looked at for errors.
#[derive(Clone, Default)]
pub(crate) struct Types(HashMap<TypeId, Known>);

impl std::fmt::Debug for Types {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} types", self.0.len())
    }
}

impl Types {
    pub fn identify<T: Hash + 'static>(&mut self) {
        /// # Safety
        /// `value` points to a live `T`.
        unsafe fn hash<T: Hash>(value: *const ()) -> u64 {
            // SAFETY: the caller's promise.
            crate::hash::of(unsafe { &*value.cast::<T>() })
        }
        self.entry::<T>().hash = Some(hash::<T>);
    }

    pub fn watch_errors<T: 'static, E: 'static>(&mut self) {
        /// # Safety
        /// `value` points to a live `Result<T, E>`.
        unsafe fn is_err<T, E>(value: *const ()) -> bool {
            // SAFETY: the caller's promise.
            unsafe { &*value.cast::<Result<T, E>>() }.is_err()
        }
        self.entry::<Result<T, E>>().is_err = Some(is_err::<T, E>);
    }

    fn entry<T: 'static>(&mut self) -> &mut Known {
        self.0.entry(TypeId::of::<T>()).or_insert(Known { hash: None, is_err: None })
    }

    /// The hash of the value by its own `Hash`, if the type is known, and whether it is an `Err`.
    pub fn inspect(&self, ty: TypeId, value: *const ()) -> (Option<u64>, bool) {
        let Some(known) = self.0.get(&ty) else { return (None, false) };
        // SAFETY: both functions are registered under the id of the type they read, and the facade
        // passes a pointer to a live value of type `ty` (`Object::inspect`, where the id comes from
        // the same `T` as the pointer). The id leaves lifetimes out; the registered type is `'static`
        // and the value is only read, to a number, while it lives.
        unsafe { (known.hash.map(|h| h(value)), known.is_err.is_some_and(|e| e(value))) }
    }
}

/// All that one check was told.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub name: String,
    pub grain: Grain,
    pub clock: Clock,
    pub reductions: Reductions,
    pub limits: Limits,
    pub types: Types,
    /// Tasks of a `JoinSet` with the same spawn site and type are interchangeable.
    pub equal_tasks: bool,
    /// Laws that are waived, each with the reason.
    pub waived: Vec<(crate::Law, String)>,
    /// Every task must have ended when the root returns.
    pub joined: bool,
    /// The most items that an unbounded channel may hold.
    pub high_water: Option<usize>,
    /// A write that rests on an overtaken look is a violation.
    pub lost_updates: bool,
    /// The capacity of the channels that are made at one place, in place of the one asked for.
    pub capacity: Option<(crate::Place, usize)>,
    pub stack_bytes: usize,
    /// How many merged states the audit explores a second time.
    pub audits: usize,
    /// Tasks are aborted in this scenario: found out by a search, which then starts again.
    pub aborts: bool,
    /// Tasks are asked which they are: found out in the same way.
    pub ids: bool,
    /// Loom: so often a task may be preempted in one execution.
    #[cfg(feature = "loom")]
    pub preemptions: Option<usize>,
    /// Loom: each task is woken once for nothing.
    #[cfg(feature = "loom")]
    pub spurious: bool,
}

impl Config {
    pub fn new(name: &str) -> Self {
        Config {
            name: name.into(),
            grain: Grain::default(),
            clock: Clock::default(),
            reductions: Reductions::default(),
            limits: Limits::default(),
            types: Types::default(),
            equal_tasks: false,
            waived: Vec::new(),
            joined: true,
            high_water: None,
            lost_updates: false,
            capacity: None,
            stack_bytes: 256 << 10,
            audits: 4,
            aborts: false,
            ids: false,
            #[cfg(feature = "loom")]
            preemptions: None,
            #[cfg(feature = "loom")]
            spurious: false,
        }
    }

    /// Whether the law is waived.
    pub fn waives(&self, law: crate::Law) -> bool {
        self.waived.iter().any(|(waived, _)| *waived == law)
    }

    /// The capacity of a channel that is made there, asked for as `asked`.
    pub fn capacity_at(&self, made_at: Site, asked: usize) -> usize {
        match &self.capacity {
            Some((place, capacity)) if *place == crate::Place::from(made_at) => *capacity,
            _ => asked,
        }
    }
}
