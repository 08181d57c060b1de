//! The safe default: an object's state is everything that ever happened to it.
//!
//! Always right, because a real primitive is a function of its operations; merges nothing through it.

use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

#[derive(Clone, Debug)]
pub(crate) struct History {
    hash: u128,
    pub locked: bool,
}

impl History {
    pub fn new(born: u128) -> Self {
        History { hash: born, locked: false }
    }

    /// `class`: of the task. Which of several equal ones it was shows where it waits.
    pub fn apply(&mut self, op: Op, class: u64, outcome: Outcome) -> Outcome {
        match op.kind {
            OpKind::LockBlocking => self.locked = true,
            OpKind::UnlockBlocking => self.locked = false,
            _ => {}
        }
        let outcome_hash = hash::of(&outcome);
        let site = (op.site.line() as u64) << 32 | op.site.column() as u64;
        let what = [class, op.kind as u64, op.arg, op.value, site, outcome_hash];
        self.hash = what.into_iter().fold(self.hash, hash::mix);
        match (op.kind, outcome) {
            // What a receive or a look sees is a function of the history.
            (
                OpKind::Recv | OpKind::TryRecv | OpKind::Borrow | OpKind::Changed,
                Outcome::Done(0),
            ) => Outcome::Done(hash::fold(self.hash)),
            _ => outcome,
        }
    }

    pub fn fingerprint(&self) -> u128 {
        self.hash
    }
}
