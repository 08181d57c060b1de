//! `Notify`: a stored permit, and waiters in order, each woken by one or by all.

use super::Waiter;
use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

/// What a waiter was given: a notification for whoever came first, or last.
const FIRST: u64 = 1;
const LAST: u64 = 2;

#[derive(Clone, Debug, Default)]
pub(crate) struct Notify {
    permit: bool,
    /// `notify_waiters` reaches futures that exist but were never polled, so how many calls there
    /// were matters. A sum over all calls, as the real one counts.
    generation: u64,
}

impl Notify {
    /// `own` is the place in the queue that this very operation gave up.
    pub fn apply(
        &mut self,
        op: Op,
        outcome: Outcome,
        own: Option<Waiter>,
        waiters: &mut [Waiter],
    ) -> Outcome {
        match (op.kind, outcome) {
            // Which calls the new future has missed is all that tells it from one made at another time.
            (OpKind::Listen, _) => return Outcome::Done(self.generation),
            (OpKind::NotifyOne, _) => self.notify(waiters, FIRST),
            (OpKind::NotifyLast, _) => self.notify(waiters, LAST),
            (OpKind::NotifyWaiters, _) => {
                self.generation += 1;
                waiters.iter_mut().for_each(|w| w.woken = true);
            }
            // Without a place in the queue it took what was stored, but where a call had reached it: then
            // that is left to others.
            (OpKind::Notified, Outcome::Done(_))
                if own.is_none() && op.value == self.generation =>
            {
                self.permit = false;
            }
            // It hands on what it was given, the way that came to it.
            (OpKind::DropNotified, _) => match own {
                Some(w) if w.given > 0 => self.notify(waiters, w.given),
                _ => {}
            },
            _ => {}
        }
        outcome
    }

    fn notify(&mut self, waiters: &mut [Waiter], way: u64) {
        let mut waiting = waiters.iter_mut().filter(|w| !w.woken);
        let chosen = if way == LAST { waiting.next_back() } else { waiting.next() };
        match chosen {
            Some(w) => (w.woken, w.given) = (true, way),
            None => self.permit = true,
        }
    }

    pub fn fingerprint(&self) -> u128 {
        [self.permit as u64, self.generation].into_iter().fold(13, hash::mix)
    }
}
