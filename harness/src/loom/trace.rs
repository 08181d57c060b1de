//! Whether each execution begins as the last one did.
//!
//! Loom replays a prefix of the last execution and then turns off. Code that is not deterministic would
//! make it run threads that wait or have ended, for ever. So what a task does after equal steps with
//! equal outcomes must be equal; and as parking and ending are steps too, a difference is seen before
//! any other thread runs.

use crate::hash;
use selvedge_rt::check::engine::{Op, Outcome};

/// One step of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    task: usize,
    what: u64,
    outcome: u64,
}

/// What a task does in one step.
pub(super) enum Event<'a> {
    Poll,
    Op(&'a Op),
    Park,
    End,
}

/// The steps of the last execution, overwritten by those of the running one.
#[derive(Default)]
pub(super) struct Trace {
    steps: Vec<Step>,
    at: usize,
    /// All steps so far were the same.
    same: bool,
}

impl Trace {
    /// A new execution begins.
    pub(super) fn begin(&mut self) {
        self.steps.truncate(self.at);
        (self.at, self.same) = (0, true);
    }

    /// A new search begins: there is nothing to compare with.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
        self.at = 0;
    }

    /// What a task is about to do, before loom is asked who may: the number of the step. `Err`: in the
    /// last execution it did something else.
    pub(super) fn step(&mut self, task: usize, event: Event<'_>) -> Result<usize, usize> {
        let what = match event {
            Event::Poll => 0,
            Event::Park => 1,
            Event::End => 2,
            Event::Op(op) => {
                let place = (op.site.line() as u64) << 32 | op.site.column() as u64;
                let what = (op.kind as u64) << 32 | op.object.index as u64;
                hash::fold(hash::mix(hash::mix(41, what), place))
            }
        };
        let step = Step { task, what, outcome: 0 };
        let at = self.at;
        self.at += 1;
        match self.steps.get_mut(at) {
            // Here loom turned off, at the latest.
            Some(last) if self.same && last.task != task => self.same = false,
            Some(last) if self.same && last.what != what => return Err(at),
            Some(_) if self.same => return Ok(at),
            _ => {}
        }
        self.same = false;
        self.steps.truncate(at);
        self.steps.push(step);
        Ok(at)
    }

    /// The outcome of a step.
    pub(super) fn outcome(&mut self, at: usize, outcome: Outcome) {
        let outcome = hash::of(&outcome);
        let step = &mut self.steps[at];
        // A load may see another value: loom turned off there.
        self.same &= step.outcome == outcome;
        step.outcome = outcome;
    }
}
