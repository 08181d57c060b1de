//! A cell: its value. Of an atomic each operation says it; else it is an identity, and seen by who reads.

use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

#[derive(Clone, Debug)]
pub(crate) struct Atomic {
    value: u64,
    opaque: bool,
}

impl Atomic {
    /// The first value is told by where it came from.
    pub fn new(born: u64) -> Self {
        Atomic { value: born, opaque: false }
    }

    /// The same, of a value that is told by its identity only.
    pub fn opaque(born: u64) -> Self {
        Atomic { value: born, opaque: true }
    }

    pub fn apply(&mut self, op: Op, outcome: Outcome) -> Outcome {
        if matches!(op.kind, OpKind::Store | OpKind::Wrote) {
            self.value = op.arg;
        }
        match outcome {
            Outcome::DONE if self.opaque => Outcome::Done(self.value),
            _ => outcome,
        }
    }

    pub fn fingerprint(&self) -> u128 {
        hash::mix(17, self.value)
    }
}

pub(super) fn commute(a: &Op, b: &Op) -> bool {
    a.kind == OpKind::Load && b.kind == OpKind::Load
}
