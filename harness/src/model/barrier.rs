//! A barrier: how many have arrived, and who waits. One that was let go is told from one that has yet to
//! arrive by its place among the waiters, which it keeps until it goes on.

use super::Waiter;
use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

/// What the last to arrive is told.
const LEADS: Outcome = Outcome::Done(1);

#[derive(Clone, Debug, Default)]
pub(crate) struct Barrier {
    arrived: u64,
}

impl Barrier {
    /// `first`: the operation is the first poll of its wait.
    pub fn apply(
        &mut self,
        op: Op,
        outcome: Outcome,
        first: bool,
        waiters: &mut [Waiter],
    ) -> Outcome {
        if op.kind == OpKind::Arrive && first {
            self.arrived += 1;
        }
        if op.kind == OpKind::Arrive && outcome == LEADS {
            self.arrived = 0;
            // Every one, also several of one task: the real one wakes a task, this is about its waits.
            waiters.iter_mut().for_each(|w| w.woken = true);
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        match self.arrived {
            0 => 0,
            n => hash::mix(31, n),
        }
    }
}
