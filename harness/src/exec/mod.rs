//! One execution of a scenario under one schedule, and the machine that runs many.
//!
//! [`Machine`] is an [`Engine`]: a task *announces* its next operation and suspends; whoever drives
//! the machine picks one of the [`options`](Machine::options); the operation runs, and the task goes
//! on to its next announcement. Woken tasks go on to theirs at once.
//!
//! 1. Nothing outside an execution reaches it: no clock, address or global counter.
//! 2. No part of the machine is borrowed while code under test, or a real primitive, runs.
//! 3. An execution that is cut short is wound up with its operations switched off
//!    ([`Machine::finish`]); nothing of it outlives it.

mod engine;
mod fiber;
mod machine;
mod observe;
mod schedule;
mod state;
mod task;
mod wake;

use crate::config::{Config, Grain};
use crate::ledger::Event;
use crate::model::Object;
use crate::{Violation, hash, laws};
pub(crate) use machine::Machine;
use selvedge_rt::check::engine::{ObjectId, Site};
pub(crate) use state::{Key, Scratch, Sleeping, mask};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Waker;
pub(crate) use task::{Announced, Look, Status, Task, Wait};

/// One thing that may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pick {
    pub task: u16,
    /// The alternative, where the task announced a choice.
    pub choice: u16,
}

impl Pick {
    /// The earliest timer fires ([`Clock::Racing`]).
    pub const FIRE: Pick = Pick { task: u16::MAX, choice: 0 };

    pub fn task(task: usize) -> Pick {
        Pick { task: task as u16, choice: 0 }
    }
}

/// Why a search cannot go on, which is nobody's lifecycle bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An object was used in an execution that it does not belong to.
    Outlives(Site),
    /// An object that one of several equal tasks made was used by another task.
    NotEqual(Site),
    /// A task waits for something that no engine controls.
    Foreign { task: String },
}

/// Whether the scenario can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    No,
    /// Every task is done, or blocked for ever.
    Quiet,
}

/// The state of one execution.
pub(crate) struct Exec {
    pub config: Rc<Config>,
    pub execution: u32,
    pub tasks: Vec<Task>,
    pub objects: Vec<Object>,
    pub current: usize,
    pub now: u64,
    /// Somebody looked at the clock: absolute time is part of the state.
    pub clock_observed: bool,
    pub timers: Vec<Timer>,
    pub root_done: bool,
    pub root_panicked: bool,
    pub record: u128,
    pub noted: Vec<(u64, u64)>,
    pub violations: Vec<Violation>,
    pub trouble: Option<Trouble>,
    pub steps: usize,
    /// Schedules in which one task starved the others were cut.
    pub unfair: bool,
    /// A task was aborted, in this execution or one before.
    pub aborts: bool,
    /// Somebody asked which task one was, in this execution or one before.
    pub ids: bool,
    /// Events, while somebody wants them.
    pub log: Option<Vec<Event>>,
    /// Tasks that were woken, or aborted between polls, and must be run.
    pub ready: VecDeque<usize>,
    /// Operations are done without being announced, noted or judged.
    pub winding_up: bool,
    /// Tasks with a thread of their own that are not done.
    blocking: usize,
    /// Real operations that are going on: destructors of values inside one may do more.
    operating: u32,
    /// Objects of operations in this step that were not announced, and are no business of one task only.
    pub within: Vec<ObjectId>,
    /// Operations of the task that is being wound up.
    wound_up: u32,
    /// Steps by the same task in a row.
    streak: (usize, u32),
    /// Settled steps in a row.
    settled_streak: u32,
    fires: u32,
    script: Vec<Pick>,
    script_at: usize,
    woken: Vec<wake::Woken>,
    woken_tasks: Vec<usize>,
    foreign: Arc<AtomicBool>,
    thread: std::thread::ThreadId,
}

pub(crate) struct Timer {
    pub object: ObjectId,
    pub deadline: u64,
    pub waker: Waker,
}

impl Exec {
    /// Marks a task for abortion, as the runtime does: at once where it is between polls.
    pub(super) fn abort(&mut self, t: usize) {
        let Some(task) = self.tasks.get_mut(t) else { return };
        if task.done() || task.aborted {
            return;
        }
        self.aborts = true;
        // A closure that has begun goes on.
        if task.blocking && task.begun {
            return;
        }
        task.aborted = true;
        let between_polls = match task.status {
            Status::Parked | Status::Announced(Announced::Poll) => true,
            Status::Announced(_) => {
                // It was woken but has done nothing yet: in a real runtime it may still be queued.
                task.killed = task.poll_ops == 0;
                if task.killed && self.config.grain == Grain::Poll {
                    // What it has made since the poll began is dropped with it. At the other grain it always
                    // has: there is no state just before.
                    task.seen = hash::mix(task.seen, 31);
                }
                task.killed
            }
            _ => false,
        };
        if between_polls && t != self.current {
            task.status = Status::Ready;
            self.ready.push_back(t);
        }
    }

    pub fn end_task(&mut self, t: usize) {
        let task = &mut self.tasks[t];
        task.status = Status::Done;
        // The future is gone already; what is left is the packet, which the joiner shares.
        task.body = None;
        task.held.clear();
        task.looks.clear();
        task.wrote.clear();
        self.blocking -= usize::from(task.blocking);
        if t == 0 {
            self.root_done = true;
            self.fires = 0;
            laws::root_returned(self);
        }
        self.drain_wakes(None);
    }

    /// A violation, unless its law is waived or already broken on this execution.
    pub fn violate(&mut self, violation: Violation) {
        if !self.config.waives(violation.law)
            && !self.violations.iter().any(|v| v.law == violation.law)
        {
            self.violations.push(violation);
        }
    }

    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index as usize]
    }

    /// A value was recorded.
    pub fn note(&mut self, value: u64) {
        if self.winding_up {
            return;
        }
        let t = self.current;
        self.record = self.record.wrapping_add(hash::part(value, 1));
        self.noted.push((value, self.tasks[t].key));
    }

    /// Work of other threads reached a waker of ours.
    pub fn foreign_wakes(&self) -> bool {
        self.foreign.load(std::sync::atomic::Ordering::Relaxed)
    }
}
