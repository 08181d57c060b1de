//! `Notify`: a stored permit, and waiters in order, each woken by one or by all.

use super::Waiter;
use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

#[derive(Clone, Debug, Default)]
pub(crate) struct Notify {
    permit: bool,
    /// `notify_waiters` reaches futures that exist but were never polled, so how many calls there
    /// were matters. A sum over all calls, as the real one counts.
    generation: u64,
    /// Tasks that were woken by `notify_one` and have not yet noticed.
    by_one: Vec<usize>,
}

impl Notify {
    pub fn apply(
        &mut self,
        op: Op,
        outcome: Outcome,
        own: Option<Waiter>,
        others_woken: bool,
        waiters: &mut [Waiter],
    ) -> Outcome {
        match (op.kind, outcome) {
            // Which calls the new future has missed is all that tells it from one made at another time.
            (OpKind::Listen, _) => return Outcome::Done(self.generation),
            (OpKind::NotifyOne, _) if others_woken => {
                let woken =
                    waiters.iter().rev().find(|w| w.woken && !self.by_one.contains(&w.task));
                self.by_one.extend(woken.map(|w| w.task));
            }
            (OpKind::NotifyOne, _) => self.permit = true,
            (OpKind::NotifyWaiters, _) => self.generation += 1,
            (OpKind::Notified, Outcome::Done(_)) => match own {
                Some(w) if w.woken => self.by_one.retain(|t| *t != w.task),
                _ => self.permit = false,
            },
            (OpKind::DropNotified, _) => {
                if let Some(w) = own.filter(|w| w.woken && self.by_one.contains(&w.task)) {
                    self.by_one.retain(|t| *t != w.task);
                    if !others_woken {
                        self.permit = true;
                    }
                }
            }
            _ => {}
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        let by_one = self.by_one.len() as u64;
        [self.permit as u64, self.generation, by_one].into_iter().fold(13, hash::mix)
    }
}
