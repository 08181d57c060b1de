//! What may happen next, and what is left out of it.

use super::{Announced, Exec, Pick, Status, engine};
use crate::config::{Clock, Grain};
use selvedge_rt::check::engine::{Op, OpKind};

/// So many steps in a row one task may take while others could: enough for any burst of real work.
const STREAK_MAX: u32 = 400;
/// So many yields in a row one task may do while others could run.
const YIELDS_MAX: u32 = 3;
/// So many settled steps in a row are taken without looking at others, so that no cycle of states is
/// explored for one task only.
const SETTLED_MAX: u32 = 64;

impl Exec {
    /// A task begins a step: book-keeping for fairness, time and the log.
    pub(super) fn begin_step(&mut self, t: usize, choice: u16) {
        self.within.clear();
        self.steps += 1;
        if self.streak.0 == t {
            self.streak.1 += 1;
        } else {
            self.streak = (t, 1);
        }
        let task = &mut self.tasks[t];
        match task.status {
            Status::Announced(Announced::Op(op)) if op.kind == OpKind::Yield => {
                task.yields += 1;
            }
            Status::Announced(Announced::Choice(_)) => task.choice = choice as usize,
            _ => {}
        }
        if self.streak.1 == 1 {
            for (i, task) in self.tasks.iter_mut().enumerate() {
                if i != t {
                    task.yields = 0;
                }
            }
        }
    }

    pub(super) fn options(&mut self, into: &mut Vec<Pick>) {
        into.clear();
        let mut settled = None;
        // A step may look at the clock, or take back a timer, without an announcement.
        let time_may_pass = self.config.clock == Clock::Racing && !self.timers.is_empty();
        let settles = self.config.reductions.settled && !time_may_pass;
        let mut starved = None;
        let polling = self.polling();
        for (i, task) in self.tasks.iter().enumerate() {
            let Status::Announced(announced) = task.status else { continue };
            if polling.is_some_and(|p| p != i && !task.blocking) {
                continue;
            }
            match announced {
                // A choice is its own business: nobody else's step can matter to it.
                Announced::Choice(n) => {
                    into.clear();
                    into.extend((0..n).map(|c| Pick { task: i as u16, choice: c as u16 }));
                    return;
                }
                Announced::Op(op) => {
                    let object = &self.objects[op.object.index as usize];
                    if !object.enabled(&op) {
                        continue;
                    }
                    // Not where an abort may come before it.
                    let sure = !self.config.aborts || i == 0 || task.poll_ops > 0;
                    if settled.is_none() && settles && sure && object.settled(&op) {
                        settled = Some(i);
                    }
                }
                Announced::Poll => {}
            }
            let hogs =
                task.yields >= YIELDS_MAX || (self.streak.0 == i && self.streak.1 >= STREAK_MAX);
            if hogs {
                starved = Some(i);
                continue;
            }
            into.push(Pick::task(i));
        }
        if time_may_pass && polling.is_none() {
            into.push(Pick::FIRE);
        }
        match starved {
            Some(i) if into.is_empty() => into.push(Pick::task(i)),
            Some(_) => self.unfair = true,
            None => {}
        }
        match settled {
            Some(i) if self.settled_streak < SETTLED_MAX && starved.is_none() => {
                self.settled_streak += 1;
                into.clear();
                into.push(Pick::task(i));
            }
            _ => self.settled_streak = 0,
        }
    }

    /// At the grain of polls: the task whose poll was interrupted, to interleave with tasks that have threads
    /// of their own. It keeps the thread that all others share.
    fn polling(&self) -> Option<usize> {
        if self.config.grain != Grain::Poll {
            return None;
        }
        self.tasks.iter().position(|task| {
            let goes_on = |op: Op| self.object(op.object).enabled(&op);
            let begun = task.fiber.is_some() && task.poll_ops < engine::POLL_OPS_MAX;
            begun && !task.blocking && task.announced_op().is_some_and(goes_on)
        })
    }
}
