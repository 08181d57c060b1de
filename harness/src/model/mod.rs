//! What the harness knows of each object: just enough to tell states apart, to say which operations
//! commute, and to judge the laws. Kept up to date from operations and outcomes alone, the same way
//! under every engine.
//!
//! 1. A model never decides what a primitive does: the real one does, the model follows.
//! 2. [`Model::fingerprint`] must separate any two states of the real object that some future
//!    operation can tell apart. The safe default is the whole [history](history::History).
//! 3. [`Model::commute`] may only say yes where both orders lead to the same state and neither
//!    operation disables the other.
//! 4. [`Model::settled`] may only say yes where the operation's outcome and effect can no longer be
//!    changed by, or noticed by, any other task.
//!
//! Rules 2 to 4 are tested against a plain search without any reduction (`tests/differential.rs`).

mod atomic;
mod channel;
mod history;
mod join;
mod lock;
mod notify;
mod token;

pub(crate) use channel::{Channel, ClosedBy};
pub(crate) use join::{Join, JoinSet};
pub(crate) use lock::Permits;

use crate::hash;
use smallvec::SmallVec;
use selvedge_rt::check::engine::{Flavor, ObjectKind, Op, OpKind, Outcome, Site};

/// A task that waits on an object, in the order in which the real primitive holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub task: usize,
    pub kind: OpKind,
    pub arg: u64,
    /// Woken and not yet polled: it may have been handed a permit.
    pub woken: bool,
    pub site: Site,
}

impl Waiter {
    /// What it waits for, and whether it was woken.
    pub fn place(&self) -> u128 {
        hash::mix(hash::mix(self.kind as u128, self.arg), self.woken as u64)
    }
}

/// An operation with the task that does it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub task: usize,
    pub op: Op,
}

/// The part of a model that differs between primitives. See the [module](self) for its contract.
#[derive(Clone, Debug)]
pub(crate) enum Model {
    Channel(Channel),
    Permits(Permits),
    Token(token::Token),
    Join(Join),
    JoinSet(JoinSet),
    Notify(notify::Notify),
    Atomic(atomic::Atomic),
    /// Armed until this time, in nanoseconds.
    Timer(Option<u64>),
    /// Whether its one task has given way and not gone on: private to it, but no observation of its.
    Yield(bool),
    History(history::History),
}

/// One object of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Stable across schedules.
    pub key: u64,
    pub creator: usize,
    pub kind: ObjectKind,
    pub site: Site,
    pub model: Model,
    pub waiters: SmallVec<[Waiter; 2]>,
}

impl Object {
    pub fn new(
        key: u64,
        creator: usize,
        kind: ObjectKind,
        site: Site,
        whole_history: bool,
    ) -> Self {
        let model = match kind {
            _ if whole_history && !matches!(kind, ObjectKind::Join | ObjectKind::JoinSet) => {
                Model::History(history::History::default())
            }
            ObjectKind::Channel { flavor: Flavor::Watch, .. } | ObjectKind::Tracker => {
                Model::History(history::History::default())
            }
            ObjectKind::Channel { flavor, capacity } => {
                Model::Channel(Channel::new(flavor, capacity))
            }
            ObjectKind::Semaphore { permits } => Model::Permits(Permits::new(permits as u64)),
            ObjectKind::Mutex | ObjectKind::BlockingMutex => Model::Permits(Permits::new(1)),
            ObjectKind::RwLock => Model::Permits(Permits::new(lock::WRITER)),
            ObjectKind::Token => Model::Token(token::Token::default()),
            ObjectKind::Join => Model::Join(Join::default()),
            ObjectKind::JoinSet => Model::JoinSet(JoinSet::default()),
            ObjectKind::Notify => Model::Notify(notify::Notify::default()),
            ObjectKind::Atomic => Model::Atomic(atomic::Atomic::default()),
            ObjectKind::Timer => Model::Timer(None),
            ObjectKind::Yield => Model::Yield(false),
        };
        Object { key, creator, kind, site, model, waiters: SmallVec::new() }
    }

    /// Follows one operation. `identity` is what a receive observed, where the model knows better
    /// than the wrapper; `woken` are the tasks that the real operation woke.
    pub fn apply(&mut self, step: Step, key: u64, outcome: Outcome, woken: &[usize]) -> Outcome {
        let kind = step.op.kind;
        let own = self.take_waiter(step, outcome);
        for task in woken {
            if let Some(w) = self.waiters.iter_mut().find(|w| w.task == *task && !w.woken) {
                w.woken = true;
            }
        }
        let others_woken = woken.iter().any(|t| *t != step.task);
        match &mut self.model {
            Model::Channel(m) => m.apply(step.op, outcome),
            Model::Permits(m) => m.apply(step.op, outcome),
            Model::Token(m) => m.apply(step.op, outcome),
            Model::Join(m) => m.apply(step.op, outcome),
            Model::JoinSet(m) => m.apply(step.op, outcome),
            Model::Notify(m) => m.apply(step.op, outcome, own, others_woken, &mut self.waiters),
            Model::Atomic(m) => m.apply(step.op, outcome),
            Model::Timer(armed) => {
                *armed = match (kind, outcome) {
                    (OpKind::Timer, Outcome::Pending) => Some(step.op.arg),
                    _ => None,
                };
                outcome
            }
            Model::Yield(given_way) => {
                *given_way = outcome == Outcome::Pending;
                outcome
            }
            Model::History(m) => m.apply(step.op, key, outcome),
        }
    }

    /// Keeps the queue of waiters as the real primitive does, and returns the entry of this very
    /// operation from before it.
    fn take_waiter(&mut self, step: Step, outcome: Outcome) -> Option<Waiter> {
        let waits_on = match step.op.kind {
            OpKind::DropSend => OpKind::Send,
            OpKind::DropRecv => OpKind::Recv,
            OpKind::DropCancelled => OpKind::Cancelled,
            OpKind::DropNotified => OpKind::Notified,
            OpKind::DropAcquire => {
                let of = |w: &&Waiter| {
                    w.task == step.task
                        && matches!(
                            w.kind,
                            OpKind::Acquire | OpKind::AcquireShared | OpKind::Reserve
                        )
                };
                self.waiters.iter().find(of).map_or(OpKind::Acquire, |w| w.kind)
            }
            kind if kind.is_poll() => kind,
            _ => return None,
        };
        let found = self.waiters.iter().position(|w| w.task == step.task && w.kind == waits_on);
        let entry = Waiter {
            task: step.task,
            kind: waits_on,
            arg: step.op.arg,
            woken: false,
            site: step.op.site,
        };
        match (found, outcome) {
            (None, Outcome::Pending) => self.waiters.push(entry),
            // Polled before it was woken: it keeps its place.
            (Some(i), Outcome::Pending) if !self.waiters[i].woken => {}
            // Woken for nothing: it queues again.
            (Some(i), Outcome::Pending) => {
                self.waiters.remove(i);
                self.waiters.push(entry);
            }
            (Some(i), _) => return Some(self.waiters.remove(i)),
            (None, _) => {}
        }
        None
    }

    /// What tells this state of the object from others. 0: nothing is left that a task could notice.
    /// `waiter` gives the identity of a waiting task.
    pub fn fingerprint(&self, now: u64, waiter: impl Fn(usize) -> u128) -> u128 {
        let state = match &self.model {
            Model::Channel(m) => m.fingerprint(),
            Model::Permits(m) => m.fingerprint(),
            Model::Token(m) => m.fingerprint(),
            Model::Join(m) => m.fingerprint(),
            Model::JoinSet(m) => m.fingerprint(),
            Model::Notify(m) => m.fingerprint(),
            Model::Atomic(m) => m.fingerprint(),
            Model::Timer(None) => 0,
            Model::Yield(given_way) => *given_way as u128,
            Model::Timer(Some(at)) => hash::mix(1, at.saturating_sub(now)),
            Model::History(m) => return m.fingerprint(),
        };
        let (mut queue, mut registered) = (state, 0u128);
        for w in &self.waiters {
            let what = w.place();
            if self.queues(w.kind) {
                queue = hash::mix128(hash::mix128(queue | 1, waiter(w.task)), what);
            } else if self.counts(w) {
                registered = registered.wrapping_add(hash::mix128(waiter(w.task), what));
            }
        }
        queue.wrapping_add(registered)
    }

    /// Whether a waiter is part of the state. A waker that is used once, or woken with all others, is
    /// there or not; once woken it is not.
    pub fn counts(&self, w: &Waiter) -> bool {
        self.queues(w.kind) || !w.woken
    }

    /// Whether waiters of this kind stand in a queue whose order decides who is served.
    fn queues(&self, kind: OpKind) -> bool {
        use OpKind::*;
        match (&self.model, kind) {
            (Model::Channel(m), Recv) => m.flavor == Flavor::Mpmc,
            (_, Send | Reserve | Acquire | AcquireShared | Notified) => true,
            _ => false,
        }
    }

    /// Whether two operations of different tasks on this object can be swapped without anyone noticing.
    pub fn commute(&self, a: &Op, b: &Op) -> bool {
        let one_way = |a: &Op, b: &Op| match &self.model {
            Model::Channel(m) => m.commute(a, b, self.waiters.is_empty()),
            Model::Permits(m) => m.commute(a, b, self.waiters.is_empty()),
            Model::Token(m) => m.commute(a, b),
            Model::Join(_) => false,
            Model::JoinSet(_) => false,
            Model::Notify(_) => false,
            Model::Atomic(_) => atomic::commute(a, b),
            Model::Timer(_) | Model::Yield(_) => true,
            Model::History(_) => false,
        };
        one_way(a, b) || one_way(b, a)
    }

    /// Whether an operation's outcome and effect are settled: no other task can change or notice them.
    pub fn settled(&self, op: &Op) -> bool {
        match &self.model {
            Model::Channel(m) => m.settled(op),
            Model::Token(m) => m.settled(op),
            Model::Join(m) => m.settled(op),
            _ => false,
        }
    }

    /// Whether a blocking operation can go on now. Everything else always can.
    pub fn enabled(&self, op: &Op) -> bool {
        match (&self.model, op.kind) {
            (Model::Permits(m), OpKind::LockBlocking) => m.held == 0,
            (Model::History(m), OpKind::LockBlocking) => !m.locked,
            _ => true,
        }
    }
}
