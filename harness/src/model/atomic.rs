//! An atomic cell: its value.

use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

#[derive(Clone, Debug)]
pub(crate) struct Atomic {
    value: u64,
}

impl Atomic {
    /// The first value is told by where it came from.
    pub fn new(born: u64) -> Self {
        Atomic { value: born }
    }

    pub fn apply(&mut self, op: Op, outcome: Outcome) -> Outcome {
        if matches!(op.kind, OpKind::Store | OpKind::Wrote) {
            self.value = op.arg;
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        hash::mix(17, self.value)
    }
}

pub(super) fn commute(a: &Op, b: &Op) -> bool {
    a.kind == OpKind::Load && b.kind == OpKind::Load
}
