//! A scenario: one claim of a pattern's contract as a program, with the shapes at which each engine
//! runs it.

use selvedge::Check;
use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;

/// The root future of a scenario.
pub type Root = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How large a scenario is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
    /// Tasks that work.
    pub workers: usize,
    /// Items that go through.
    pub jobs: u64,
    /// Capacity of each buffer.
    pub buffer: usize,
}

/// A shape, in the order workers, jobs, buffer.
pub const fn shape(workers: usize, jobs: u64, buffer: usize) -> Shape {
    Shape { workers, jobs, buffer }
}

impl Shape {
    /// The workers, as the patterns take them.
    ///
    /// # Panics
    ///
    /// With none.
    pub fn workers(self) -> NonZeroUsize {
        NonZeroUsize::new(self.workers).expect("a scenario has at least one worker")
    }

    /// The capacity, as the patterns take it.
    ///
    /// # Panics
    ///
    /// With none.
    pub fn buffer(self) -> NonZeroUsize {
        NonZeroUsize::new(self.buffer).expect("a scenario has buffers of at least one")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} b{}", self.workers, self.jobs, self.buffer)
    }
}

/// One claim, as a program that every engine runs.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// The pattern that it is about.
    pub pattern: &'static str,
    /// Its name, which is the claim.
    pub name: &'static str,
    /// The numbered statements of the pattern's contract that it stands for.
    pub statements: &'static [u8],
    /// The program.
    pub root: fn(Shape) -> Root,
    /// What the check is told besides.
    pub check: fn(Check) -> Check,
    /// Explored at operation grain, completely.
    pub operation: Shape,
    /// Explored at poll grain, completely.
    pub poll: Shape,
    /// On loom threads: at most four tasks besides the root.
    pub loom: Option<Shape>,
    /// Preemptions under loom; `None` is unbounded.
    pub preemptions: Option<usize>,
}

impl Scenario {
    /// `pattern/name`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.pattern, self.name)
    }

    /// The check, before an engine is chosen. A queue without bound holds nothing, unless the scenario says
    /// what it may.
    pub fn check(&self) -> Check {
        (self.check)(Check::new(&self.id()).high_water(0).lost_updates())
    }

    /// The program at `shape`, to be called once an execution.
    pub fn at(&self, shape: Shape) -> impl Fn() -> Root + Send + Sync + 'static {
        let root = self.root;
        move || root(shape)
    }
}
