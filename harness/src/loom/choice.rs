//! `choose` under loom: decided outside it.
//!
//! Loom branches on schedules and stale loads only, and neither makes an exact choice once a task has
//! synchronised with others. So the k-th choice of a task is *fixed* for a whole search of all
//! schedules, which is then done again for each other value. Any schedule with any values for its
//! choices is met in the search that has these values; so nothing is left out. It costs a search for
//! each combination.

use std::collections::HashMap;

/// The `nth` choice of a task, among `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Choice {
    /// The task's stable key.
    pub task: u64,
    pub nth: u32,
    pub n: usize,
}

/// All choices met so far on the way to the current combination, the deepest last.
#[derive(Default)]
pub(super) struct Choices {
    stack: Vec<(Choice, usize)>,
    index: HashMap<Choice, usize>,
}

impl Choices {
    /// The value of a choice in this search: 0 where it is met for the first time.
    pub(super) fn get(&mut self, choice: Choice) -> usize {
        let i = *self.index.entry(choice).or_insert_with(|| {
            self.stack.push((choice, 0));
            self.stack.len() - 1
        });
        self.stack[i].1
    }

    /// Moves on to the next combination. False: there is none.
    pub(super) fn next(&mut self) -> bool {
        while let Some((choice, value)) = self.stack.last_mut() {
            *value += 1;
            if *value < choice.n {
                return true;
            }
            // What is met after it may be different under the next value of the one before.
            self.index.remove(choice);
            self.stack.pop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_comes_once_even_where_one_choice_decides_which_others_there_are() {
        let mut choices = Choices::default();
        let mut met = Vec::new();
        loop {
            let mut get = |nth, n| choices.get(Choice { task: 1, nth, n });
            let first = get(0, 3);
            met.push(if first == 1 { (first, get(1, 2), get(2, 2)) } else { (first, 0, 0) });
            if !choices.next() {
                break;
            }
        }
        let all = [(0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1), (2, 0, 0)];
        assert_eq!(met, all);
    }
}
