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
mod barrier;
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
use selvedge_rt::check::engine::{Flavor, ObjectKind, Op, OpKind, Outcome, Site};
use smallvec::SmallVec;

/// A task that waits on an object, in the order in which the real primitive holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub task: usize,
    pub kind: OpKind,
    pub arg: u64,
    /// Which of the task's futures; see [`Op::future`].
    pub future: usize,
    /// Woken and not yet polled.
    pub woken: bool,
    /// What it was handed with the wake: permits, a slot, a `notify_one`. Dropped now, it hands that on.
    /// A wake by closing hands out nothing.
    pub given: u64,
    pub site: Site,
}

impl Waiter {
    /// What it waits for and where, and whether it was woken.
    pub fn place(&self) -> u128 {
        let site = (self.site.line() as u64) << 32 | self.site.column() as u64;
        let flags = self.woken as u64 | self.given << 1;
        hash::mix(hash::mix(hash::mix(self.kind as u128, self.arg), flags), site)
    }
}

/// An operation with the task that does it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub task: usize,
    /// The task's, stable across schedules.
    pub key: u64,
    /// The same for tasks that are equal.
    pub class: u64,
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
    Barrier(barrier::Barrier),
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

fn is_of(w: &Waiter, step: Step) -> bool {
    w.task == step.task && w.future == step.op.future
}

impl Object {
    /// `born` is a digest of all that its creator had observed: whatever it starts with follows from that.
    pub fn new(
        key: u64,
        creator: usize,
        kind: ObjectKind,
        site: Site,
        born: u128,
        whole_history: bool,
    ) -> Self {
        let model = match kind {
            _ if whole_history && !matches!(kind, ObjectKind::Join | ObjectKind::JoinSet) => {
                Model::History(history::History::new(born))
            }
            ObjectKind::Channel { flavor: Flavor::Watch | Flavor::Broadcast, .. }
            | ObjectKind::Tracker
            | ObjectKind::OnceCell => Model::History(history::History::new(born)),
            ObjectKind::Channel { flavor, capacity } => {
                Model::Channel(Channel::new(flavor, capacity))
            }
            ObjectKind::Semaphore { permits } => Model::Permits(Permits::new(permits as u64, None)),
            ObjectKind::Mutex | ObjectKind::BlockingMutex => {
                Model::Permits(Permits::new(1, Some(hash::fold(born))))
            }
            ObjectKind::RwLock => {
                Model::Permits(Permits::new(lock::WRITER, Some(hash::fold(born))))
            }
            ObjectKind::Token => Model::Token(token::Token::default()),
            ObjectKind::Join => Model::Join(Join::default()),
            ObjectKind::JoinSet => Model::JoinSet(JoinSet::default()),
            ObjectKind::Notify => Model::Notify(notify::Notify::default()),
            ObjectKind::Barrier { .. } => Model::Barrier(barrier::Barrier::default()),
            ObjectKind::Atomic => Model::Atomic(atomic::Atomic::new(hash::fold(born))),
            ObjectKind::Cell => Model::Atomic(atomic::Atomic::opaque(hash::fold(born))),
            ObjectKind::Timer => Model::Timer(None),
            ObjectKind::Yield => Model::Yield(false),
        };
        Object { key, creator, kind, site, model, waiters: SmallVec::new() }
    }

    /// Follows one operation. `identity` is what a receive observed, where the model knows better
    /// than the wrapper; `woken` are the tasks that the real operation woke.
    pub fn apply(&mut self, step: Step, outcome: Outcome, woken: &[usize]) -> Outcome {
        let kind = step.op.kind;
        let new = !self.waiters.iter().any(|w| is_of(w, step) && w.kind == kind);
        let own = self.take_waiter(step, outcome);
        self.note_woken(step, woken);
        match &mut self.model {
            Model::Channel(m) => m.apply(step.op, outcome),
            Model::Permits(m) => m.apply(step.op, outcome),
            Model::Token(m) => m.apply(step.op, step.key, outcome),
            Model::Join(m) => m.apply(step.op, step.key, outcome),
            Model::JoinSet(m) => m.apply(step.op, step.key, outcome),
            Model::Notify(m) => m.apply(step.op, outcome, own, &mut self.waiters),
            Model::Barrier(m) => m.apply(step.op, outcome, new, &mut self.waiters),
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
            Model::History(m) => m.apply(step.op, step.class, outcome),
        }
    }

    /// Keeps the queue of waiters as the real primitive does, and returns the entry of this very
    /// operation from before it.
    fn take_waiter(&mut self, step: Step, outcome: Outcome) -> Option<Waiter> {
        let waits_on = match step.op.kind {
            OpKind::DropSend => OpKind::Send,
            OpKind::DropRecv => OpKind::Recv,
            OpKind::DropCancelled => OpKind::Cancelled,
            OpKind::DropArrive => OpKind::Arrive,
            OpKind::DropNotified => OpKind::Notified,
            OpKind::DropAcquire => {
                use OpKind::{Acquire, AcquireShared, Reserve};
                let of = |w: &&Waiter| {
                    is_of(w, step) && matches!(w.kind, Acquire | AcquireShared | Reserve)
                };
                self.waiters.iter().find(of).map_or(Acquire, |w| w.kind)
            }
            kind if kind.is_poll() => kind,
            _ => return None,
        };
        let found = self.waiters.iter().position(|w| is_of(w, step) && w.kind == waits_on);
        let arg = match &self.model {
            Model::Token(m) => m.name(step.op.arg as u32),
            _ => step.op.arg,
        };
        let entry = Waiter {
            task: step.task,
            kind: waits_on,
            arg,
            future: step.op.future,
            woken: false,
            given: 0,
            site: step.op.site,
        };
        // An enabled `Notified` waits though it was told so at once.
        let waits = outcome == Outcome::Pending
            || (waits_on == OpKind::Notified && outcome == Outcome::BUSY);
        match (found, outcome) {
            (None, _) if waits => self.waiters.push(entry),
            // Polled before it was woken: it keeps its place.
            (Some(i), _) if waits && !self.waiters[i].woken => {}
            // Woken for nothing: it queues again.
            (Some(i), _) if waits => {
                self.waiters.remove(i);
                self.waiters.push(entry);
            }
            (Some(i), _) => return Some(self.waiters.remove(i)),
            (None, _) => {}
        }
        None
    }

    /// Whether several futures of one task wait here that only their place in the queue tells apart.
    pub fn has_alike(&self, step: &Step) -> bool {
        let alike =
            |w: &&Waiter| w.task == step.task && w.kind == step.op.kind && w.site == step.op.site;
        self.waiters.iter().filter(alike).count() > 1
    }

    /// Marks the waiters that an operation woke: for each wake the first of that task that it can be.
    fn note_woken(&mut self, step: Step, woken: &[usize]) {
        use OpKind::*;
        // `Notify` wakes also those that left no waker, so its model keeps count itself; so does a barrier.
        if let Model::Notify(_) | Model::Barrier(_) = self.model {
            return;
        }
        let closed = matches!(&self.model, Model::Channel(m) if m.closed.is_some());
        let hands_on = self.queues(Recv);
        let may_wake = |kind: OpKind| match step.op.kind {
            Send | TrySend | SendReserved | DropRecv => kind == Recv,
            // Of an MPMC channel, a receiver that was woken but did not need it hands that on.
            Recv => kind != Recv || hands_on,
            TryRecv => kind != Recv,
            // A slot goes to the next sender; of a closed channel, the last one tells the receiver.
            DropSend | DropPermit | DropAcquire => (kind == Recv) == closed,
            _ => true,
        };
        let closing = matches!(
            step.op.kind,
            CloseSend | CloseRecv | DropReceiver | DropSender | CloseSemaphore
        );
        // Permits that are free, yet too few for the first in the queue, are set aside for it.
        let aside = match &self.model {
            Model::Permits(m) => m.free(&self.waiters),
            _ => 0,
        };
        if let Some(first) = self.waiters.iter_mut().find(|w| closing && !w.woken) {
            first.given = aside;
        }
        for task in woken {
            let of = |w: &&mut Waiter| w.task == *task && !w.woken && may_wake(w.kind);
            if let Some(w) = self.waiters.iter_mut().find(of) {
                w.woken = true;
                if !closing {
                    w.given = w.arg.max(1);
                }
            }
        }
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
            Model::Barrier(m) => m.fingerprint(),
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
    /// there or not; once woken it is not. At a barrier it has arrived, which no other state tells.
    pub fn counts(&self, w: &Waiter) -> bool {
        self.queues(w.kind) || !w.woken || w.kind == OpKind::Arrive
    }

    /// Whether waiters of this kind stand in a queue whose order decides who is served.
    pub fn queues(&self, kind: OpKind) -> bool {
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
            Model::JoinSet(m) => m.commute(a, b),
            Model::Notify(_) | Model::Barrier(_) => false,
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
