//! PCT: "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (Burckhardt, Kothari,
//! Musuvathi, Nagarakatte, ASPLOS 2010).
//!
//! Every task gets a random priority, and the highest that can go on does. At `d - 1` random points of
//! the execution the task that would go on falls below all others for good. Most bugs are shallow: they
//! need `d` steps of different tasks in one order, whatever the rest does.
//!
//! The guarantee needs the number of steps beforehand; here it is the most seen in an execution so
//! far, counting only steps at which there was something to decide. So the first execution never
//! changes priorities.

use super::{Dice, Strategy};
use crate::exec::Pick;
use std::collections::BTreeMap;

pub(super) struct Pct {
    dice: Dice,
    depth: usize,
    /// Of each task met in this execution; the highest goes on. Fallen ones are below `depth`.
    priorities: BTreeMap<u16, u64>,
    /// Where a priority changes, and to what.
    changes: Vec<(usize, u64)>,
    step: usize,
    steps_max: usize,
}

impl Pct {
    pub(super) fn new(seed: u64, depth: usize) -> Self {
        let dice = Dice::new(seed);
        Pct { dice, depth, priorities: BTreeMap::new(), changes: Vec::new(), step: 0, steps_max: 0 }
    }

    fn highest(&mut self, options: &[Pick]) -> Pick {
        for pick in options {
            let (dice, fallen) = (&mut self.dice, self.depth as u64);
            self.priorities
                .entry(pick.task)
                .or_insert_with(|| dice.any() | fallen.next_power_of_two());
        }
        let highest = options.iter().max_by_key(|p| self.priorities[&p.task]);
        *highest.expect("a strategy is asked where there are options")
    }
}

impl Strategy for Pct {
    fn begin(&mut self) {
        self.steps_max = self.steps_max.max(self.step);
        self.step = 0;
        self.priorities.clear();
        self.changes.clear();
        if self.steps_max > 0 {
            let dice = &mut self.dice;
            self.changes.extend((1..self.depth).map(|i| (dice.below(self.steps_max), i as u64)));
        }
    }

    fn pick(&mut self, options: &[Pick], _: Option<u16>) -> Pick {
        // Alternatives of one task's own choice have no priority.
        if options[0].task == options[1].task {
            return options[self.dice.below(options.len())];
        }
        for i in 0..self.changes.len() {
            let (at, priority) = self.changes[i];
            if at == self.step {
                let falls = self.highest(options).task;
                self.priorities.insert(falls, priority);
            }
        }
        self.step += 1;
        self.highest(options)
    }
}
