//! A schedule as data: where it departs from running each task as long as it can go on.
//!
//! The base is *run to completion*: the task of the last step goes on where it can, else the first that
//! can; of a task's own choices, the first. A [`Schedule`] lists departures from it, so that the empty one is
//! the simplest schedule there is and fewer departures are easier to follow.

use super::Strategy;
use crate::exec::Pick;
use std::collections::BTreeMap;

/// One departure from the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Preemption {
    /// Which decision of the execution, from 0: a step at which more than one thing could happen.
    pub at: usize,
    /// Which of the others goes on in place of the base's, counted round.
    pub other: usize,
}

/// A schedule: departures from running each task as long as it can go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Schedule(pub Vec<Preemption>);

/// Follows a [`Schedule`]. Of two departures at one decision the last counts.
pub(super) struct Scripted {
    departures: BTreeMap<usize, usize>,
    at: usize,
}

impl Scripted {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let departures = schedule.0.iter().map(|p| (p.at, p.other)).collect();
        Scripted { departures, at: 0 }
    }
}

impl Strategy for Scripted {
    fn begin(&mut self) {
        self.at = 0;
    }

    fn pick(&mut self, options: &[Pick], last: Option<u16>) -> Pick {
        let departs = self.departures.get(&self.at).copied();
        self.at += 1;
        let base = base(options, last);
        match departs {
            None => options[base],
            Some(other) => options[(base + 1 + other % (options.len() - 1)) % options.len()],
        }
    }
}

/// What the base does, by index.
pub(super) fn base(options: &[Pick], last: Option<u16>) -> usize {
    // A choice is the same task's: its first alternative.
    options.iter().position(|p| Some(p.task) == last).unwrap_or(0)
}
