//! The ends of tasks: of one, or of the members of a `JoinSet` in the order in which they came.

use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};
use std::collections::VecDeque;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub task: usize,
    /// What tells the task from others, the same on every schedule.
    pub key: u64,
    pub outcome: Outcome,
    /// Somebody looked at the result.
    pub seen: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Join {
    pub end: Option<End>,
    pub detached: bool,
}

impl Join {
    pub fn apply(&mut self, op: Op, key: u64, outcome: Outcome) -> Outcome {
        match (op.kind, outcome) {
            (OpKind::Finish, _) => {
                self.end = Some(End { task: op.arg as usize, key, outcome, seen: false });
            }
            (OpKind::Join, Outcome::Done(_) | Outcome::Failed(_)) => {
                if let Some(end) = &mut self.end {
                    end.seen = true;
                    return end.outcome;
                }
            }
            (OpKind::Detach, _) => self.detached = true,
            _ => {}
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        match self.end {
            // Joined, or gone unseen with nothing to see: nobody can tell any more.
            Some(End { seen: true, .. }) => 0,
            Some(End { outcome: Outcome::Done(_), .. }) if self.detached => 0,
            None => self.detached as u128,
            Some(end) => hash::mix(7 + self.detached as u128, hash::of(&end.outcome)),
        }
    }

    /// The end of a task that nobody can look at any more; a look at an end that is there to stay.
    pub fn settled(&self, op: &Op) -> bool {
        match op.kind {
            OpKind::Join | OpKind::IsFinished | OpKind::Abort => self.end.is_some(),
            _ => false,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct JoinSet {
    /// Whoever joins asks which task it was.
    pub told_apart: bool,
    /// Ends not yet taken, first come first.
    pub ended: VecDeque<End>,
    /// Ends that nobody looked at before the set was gone.
    pub unseen: Vec<End>,
}

impl JoinSet {
    pub fn apply(&mut self, op: Op, key: u64, outcome: Outcome) -> Outcome {
        match (op.kind, outcome) {
            (OpKind::Finish, _) => {
                self.ended.push_back(End { task: op.arg as usize, key, outcome, seen: false });
            }
            (OpKind::Join | OpKind::TryJoin, Outcome::Done(_) | Outcome::Failed(_))
                if outcome != Outcome::CLOSED && outcome != Outcome::BUSY =>
            {
                if let Some(end) = self.ended.pop_front() {
                    return end.outcome;
                }
            }
            (OpKind::Detach, _) => {
                let task = op.arg as usize;
                if let Some(i) = self.ended.iter().position(|e| e.task == task) {
                    let end = self.ended.remove(i).expect("just found");
                    self.unseen.push(end);
                }
            }
            _ => {}
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        let failed = self.unseen.iter().filter(|e| matches!(e.outcome, Outcome::Failed(3 | 5)));
        if self.ended.is_empty() && self.unseen.is_empty() {
            return 0;
        }
        self.ended.iter().chain(failed).fold(11, |h, end| {
            let which = if self.told_apart { end.key } else { 0 };
            hash::mix(hash::mix(h, hash::of(&end.outcome)), which)
        })
    }

    /// Two members whose outputs are alike may end in any order, unless whoever joins them asks which it was.
    pub fn commute(&self, a: &Op, b: &Op) -> bool {
        let ends = (a.kind, b.kind) == (OpKind::Finish, OpKind::Finish);
        ends && a.value != 0 && a.value == b.value && !self.told_apart
    }
}
