//! Permits: semaphores, mutexes and readers-writer locks, which tokio builds on one batch semaphore.
//!
//! Free permits are `total - held` less what was already handed to woken waiters, and the waiters
//! are in the fingerprint with that; so total, held and closed are all the rest there is, but for
//! the value behind a lock: its identity is told when the lock is given back, and seen when it is taken.

use super::Waiter;
use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

/// A writer takes them all.
pub(crate) const WRITER: u64 = 1 << 32;

#[derive(Clone, Debug)]
pub(crate) struct Permits {
    pub total: u64,
    pub held: u64,
    pub closed: bool,
    pub forgotten: u64,
    pub added: u64,
    /// The identity of the value behind a lock; a semaphore has none.
    content: Option<u64>,
}

impl Permits {
    pub fn new(total: u64, content: Option<u64>) -> Self {
        Permits { total, held: 0, closed: false, forgotten: 0, added: 0, content }
    }

    fn amount(&self, op: &Op) -> u64 {
        use OpKind::*;
        match op.kind {
            Acquire | TryAcquire | Release | LockBlocking | UnlockBlocking
                if self.total == WRITER =>
            {
                WRITER
            }
            LockBlocking | UnlockBlocking => 1,
            AcquireShared | TryAcquireShared | ReleaseShared => 1,
            _ => op.arg,
        }
    }

    /// Permits that nobody has, or was handed.
    pub fn free(&self, waiters: &[Waiter]) -> u64 {
        let given: u64 = waiters.iter().map(|w| w.given).sum();
        self.total.saturating_sub(self.held + given)
    }

    pub fn apply(&mut self, op: Op, outcome: Outcome) -> Outcome {
        use OpKind::*;
        let n = self.amount(&op);
        let done = matches!(outcome, Outcome::Done(_));
        match op.kind {
            Acquire | TryAcquire | AcquireShared | TryAcquireShared | LockBlocking if done => {
                self.held += n;
                // Whoever has the lock can see what is behind it.
                if let (Some(content), Outcome::Done(poisoned)) = (self.content, outcome) {
                    return Outcome::Done(content ^ poisoned << 63);
                }
            }
            Release | ReleaseShared | UnlockBlocking => {
                self.held = self.held.saturating_sub(n);
                if op.kind != ReleaseShared && self.content.is_some() {
                    self.content = Some(op.value);
                }
            }
            Downgrade => {
                self.held = self.held.saturating_sub(WRITER - 1);
                self.content = self.content.and(Some(op.value));
            }
            AddPermits => {
                self.total += n;
                self.added += n;
            }
            Forget => {
                // Of a permit that was held, or of free ones: the outcome says which.
                let lost = if let Outcome::Done(k @ 1..) = outcome { k } else { n };
                if op.arg != 0 {
                    self.held = self.held.saturating_sub(n);
                }
                self.total = self.total.saturating_sub(lost);
                self.forgotten += lost;
            }
            CloseSemaphore => self.closed = true,
            _ => {}
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        let leak = self.forgotten.saturating_sub(self.added);
        let content = self.content.unwrap_or(0);
        [self.total, self.held, self.closed as u64, leak, content].into_iter().fold(5, hash::mix)
    }

    pub fn commute(&self, a: &Op, b: &Op, nobody_waits: bool) -> bool {
        use OpKind::*;
        let free = self.total.saturating_sub(self.held);
        let need = |op: &Op| match op.kind {
            Acquire | TryAcquire | AcquireShared | TryAcquireShared => Some(self.amount(op)),
            Release | ReleaseShared => Some(0),
            _ => None,
        };
        if let (Some(x), Some(y)) = (need(a), need(b)) {
            return nobody_waits && !self.closed && x.saturating_add(y) <= free;
        }
        matches!((a.kind, b.kind), (Available, Available))
    }
}
