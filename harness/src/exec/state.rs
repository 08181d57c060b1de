//! The state of an execution as one number, and what goes with it in the table of states.

use super::{Announced, Exec, Pick, Status, Task};
use crate::hash;
use crate::model::Model;
use selvedge_rt::check::engine::{Op, OpKind};

/// A task that need not be explored here: what it announces was explored from a state before, and
/// nothing since then conflicts with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sleeping {
    pub task: usize,
    pub op: Op,
}

/// Buffers that are kept from one state to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    locals: Vec<u128>,
    order: Vec<usize>,
    /// The rank of each task in the last state.
    pub ranks: Vec<u8>,
}

/// A state as the table keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub hash: u128,
    /// Tasks asleep, by rank.
    pub asleep: u32,
    /// What each task announces: four bits each, by rank.
    pub announced: u32,
}

impl Exec {
    /// This state, and the rank of each task in it: an order that depends on nothing but the state.
    pub fn state(&self, sleep: &[Sleeping], scratch: &mut Scratch) -> Key {
        let Scratch { locals, order, ranks } = scratch;
        locals.clear();
        locals.extend(self.tasks.iter().map(|t| hash::part(t.class, t.local(self.config.aborts))));
        if self.config.equal_tasks {
            // Of two equal tasks in one state of their own, one may stand in a queue and one not; or each
            // in two places, and which two are of one task matters. So a place says where in the queue.
            for object in &self.objects {
                let mut ahead = 0;
                for w in object.waiters.iter().filter(|w| object.counts(w)) {
                    let place = hash::mix(w.place(), if object.queues(w.kind) { ahead } else { 0 });
                    ahead += u64::from(object.queues(w.kind));
                    let place = hash::part(object.key, place);
                    locals[w.task] = locals[w.task].wrapping_add(place);
                }
            }
        }
        let mut sum = hash::mix(self.record, self.clock_observed as u64 * (self.now + 1));
        for local in &*locals {
            sum = sum.wrapping_add(*local);
        }
        for object in &self.objects {
            let print = object.fingerprint(self.now, |t| locals[t]);
            if print != 0 {
                // An object of one of several equal tasks is told apart by whose it is.
                let owner = self.tasks.get(object.creator).filter(|t| t.class != t.key);
                let key =
                    owner.map_or(object.key, |_| object.key ^ hash::fold(locals[object.creator]));
                sum = sum.wrapping_add(hash::part(key, print));
            }
        }
        let asleep = |t: usize| sleep.iter().any(|s| s.task == t);
        order.clear();
        order.extend(0..self.tasks.len());
        order.sort_unstable_by_key(|t| (self.tasks[*t].class, locals[*t], !asleep(*t), *t));
        ranks.clear();
        ranks.resize(self.tasks.len(), 0);
        let mut key = Key { hash: sum, asleep: 0, announced: 0 };
        for (rank, t) in order.iter().copied().enumerate() {
            ranks[t] = rank.min(u8::MAX as usize) as u8;
            if asleep(t) {
                key.asleep |= mask(ranks[t]);
            }
            key.announced ^= self.announced_digest(&self.tasks[t]) << (rank % 8 * 4);
        }
        key
    }

    /// What every task has observed and what was recorded: the same whenever the same path is followed.
    pub fn witness(&self) -> u128 {
        self.tasks.iter().fold(self.record, |h, task| hash::mix128(h, task.seen))
    }

    /// What each task announces.
    pub fn announcements(&self) -> Vec<u32> {
        self.tasks.iter().map(|task| self.announced_digest(task)).collect()
    }

    /// The state of all objects, whoever waits on them. Giving way is no state that matters to anybody:
    /// each time it is another object that gives way.
    pub fn objects_state(&self) -> u128 {
        let shared = self.objects.iter().filter(|o| !matches!(o.model, Model::Yield(_)));
        let prints = shared.map(|o| (o.key, o.fingerprint(self.now, |_| 0)));
        let left = prints.filter(|(_, print)| *print != 0);
        left.map(|(key, print)| hash::part(key, print)).fold(0, u128::wrapping_add)
    }

    /// The argument of an operation, free of the order in which tasks were created.
    pub fn stable_arg(&self, op: &Op) -> u64 {
        use OpKind::*;
        match op.kind {
            Finish | Join | IsFinished | Abort | Detach => {
                self.tasks.get(op.arg as usize).map_or(op.arg, |t| t.class)
            }
            Cancelled | IsCancelled | Cancel | DropCancelled | ChildToken => {
                let object = self.objects.get(op.object.index as usize);
                match object.map(|o| &o.model) {
                    Some(Model::Token(m)) => m.name(op.arg as u32),
                    _ => op.arg,
                }
            }
            _ => op.arg,
        }
    }

    /// What a task announces, as four bits: a check against hidden state, not an identity.
    fn announced_digest(&self, task: &Task) -> u32 {
        let digest = match task.status {
            Status::Announced(Announced::Op(op)) => {
                let what = hash::mix(op.kind as u128, self.stable_arg(&op));
                hash::fold(hash::mix(what, self.object(op.object).key))
            }
            Status::Announced(Announced::Choice(n)) => n as u64,
            _ => 0,
        };
        (digest & 15) as u32
    }

    /// Whether the operations of two tasks can be swapped here without anyone noticing.
    pub fn commute(&self, (a, op_a): (usize, &Op), (b, op_b): (usize, &Op)) -> bool {
        // By index: a sleeper's operation may be from an execution before.
        if op_a.object.index != op_b.object.index {
            // An abort reaches into another task.
            return !self.aborts(op_a, b) && !self.aborts(op_b, a);
        }
        self.objects[op_a.object.index as usize].commute(op_a, op_b)
    }

    fn aborts(&self, op: &Op, task: usize) -> bool {
        op.kind == OpKind::Abort && op.arg as usize == task
    }

    /// The operation that a pick stands for, if it is one.
    pub fn op_of(&self, pick: Pick) -> Option<Op> {
        self.tasks.get(pick.task as usize).and_then(Task::announced_op)
    }
}

/// The bit of a rank. Tasks past the 32nd are never put to sleep.
pub(crate) fn mask(rank: u8) -> u32 {
    1u32.checked_shl(rank as u32).unwrap_or(0)
}
