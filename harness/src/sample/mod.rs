//! The sampling engine: for scenarios too large to explore, schedules drawn by a seeded strategy.
//!
//! | strategy | draws |
//! |---|---|
//! | [`random`] | every step among all options, evenly; start reading here |
//! | [`pct`] | priorities with a few changes: finds a bug of depth `d` with a known chance |
//! | [`scripted`] | nothing: it follows a [`Schedule`], which is data; [`proptest`](crate::proptest) draws that |
//!
//! 1. The same seed gives the same run, byte for byte, but for the seconds.
//! 2. A failing schedule is [shrunk](shrink) towards fewest preemptions before it is reported.
//! 3. A verdict is [`Sampled`](crate::Verdict::Sampled), never more: what was not drawn was not seen.

mod pct;
pub mod prop;
mod random;
mod run;
mod scripted;
mod shrink;

use crate::exec::Pick;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

pub use scripted::{Preemption, Schedule};

/// Draws schedules: at each step, one of the options.
///
/// It is asked only where there are several, and must give one of them. The options are either
/// alternatives of one task's own choice, or one for each task that can go on, and perhaps
/// [`Pick::FIRE`]; always in the same order. All that it draws must follow from its seed and from what
/// it was asked before.
pub(crate) trait Strategy {
    /// A new execution begins.
    fn begin(&mut self);

    /// One of `options`. `last` is the task of the step before.
    fn pick(&mut self, options: &[Pick], last: Option<u16>) -> Pick;
}

/// How schedules are drawn, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    how: How,
    seed: u64,
    cases: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum How {
    Random,
    Pct { depth: usize },
}

impl Sampling {
    /// A uniform random walk: at each step every option is as likely as any other.
    pub fn random(seed: u64) -> Self {
        Sampling { how: How::Random, seed, cases: 1_000 }
    }

    /// Probabilistic concurrency testing: a bug that needs `depth` ordering constraints is hit by each
    /// case with a chance of at least 1 in `tasks * steps^(depth - 1)`. A depth of 0 counts as 1.
    pub fn pct(seed: u64, depth: usize) -> Self {
        Sampling { how: How::Pct { depth: depth.max(1) }, seed, cases: 1_000 }
    }

    /// How many schedules are drawn; 1,000 unless told. None is [`Problem::Nothing`](crate::Problem::Nothing).
    pub fn cases(mut self, cases: u64) -> Self {
        self.cases = cases;
        self
    }

    fn strategy(&self) -> Box<dyn Strategy> {
        match self.how {
            How::Random => Box::new(random::Random::new(self.seed)),
            How::Pct { depth } => Box::new(pct::Pct::new(self.seed, depth)),
        }
    }
}

impl std::fmt::Display for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.how {
            How::Random => write!(f, "random walk, seed {}", self.seed),
            How::Pct { depth } => write!(f, "PCT of depth {depth}, seed {}", self.seed),
        }
    }
}

/// Random numbers that are the same on every machine and in every version of the generator's crate.
struct Dice(Xoshiro256PlusPlus);

impl Dice {
    fn new(seed: u64) -> Self {
        Dice(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// One of `0..n`. The bias of the multiplication, `n` in 2^64, is nothing to a schedule.
    fn below(&mut self, n: usize) -> usize {
        ((self.0.next_u64() as u128 * n as u128) >> 64) as usize
    }

    fn any(&mut self) -> u64 {
        self.0.next_u64()
    }
}
