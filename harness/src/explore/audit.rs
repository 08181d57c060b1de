//! The audit: does a merged state really lead to the same as the state it was merged with?
//!
//! For a sample of states, chosen by hash, it remembers the path of the first visit and of one later
//! visit. After the search it explores from both, with nothing but merging, and compares all that is
//! reached. It also does a sample of the steps that were taken to commute in both orders. A difference means that the scenario keeps state that the facade cannot see, or that a
//! fingerprint forgets something.

use super::Explorer;
use crate::config::{Config, Limits, Reductions};
use crate::exec::{Key, Machine, Pick};
use crate::scenario::Root;
use crate::verdict::Problem;
use std::collections::BTreeMap;
use std::rc::Rc;

/// One of so many states is sampled.
const SAMPLE: u128 = 64;
/// Executions that one side of a comparison may take.
const EXECUTIONS: u64 = 2_000;

pub(super) struct Audit {
    /// Comparisons to make.
    wanted: usize,
    first: BTreeMap<u128, Vec<Pick>>,
    pairs: Vec<(Vec<Pick>, Vec<Pick>)>,
    /// Paths, each with two steps that were taken to commute.
    swaps: Vec<(Vec<Pick>, Pick, Pick)>,
    /// How many such there were.
    swaps_seen: u64,
    /// Comparisons made to the end.
    pub audited: u64,
}

impl Audit {
    pub fn new(wanted: usize) -> Self {
        Audit {
            wanted,
            first: BTreeMap::new(),
            pairs: Vec::new(),
            swaps: Vec::new(),
            swaps_seen: 0,
            audited: 0,
        }
    }

    fn samples(&self, key: &Key) -> bool {
        self.pairs.len() < self.wanted && key.asleep == 0 && (key.hash >> 64).is_multiple_of(SAMPLE)
    }

    pub fn first_visit(&mut self, key: &Key, path: &[Pick]) {
        if self.samples(key) && self.first.len() < 4 * self.wanted {
            self.first.insert(key.hash, path.to_vec());
        }
    }

    pub fn revisit(&mut self, key: &Key, path: &[Pick]) {
        if self.samples(key)
            && let Some(first) = self.first.remove(&key.hash)
        {
            self.pairs.push((first, path.to_vec()));
        }
    }

    /// Two steps that follow `path` were taken to commute. A few are sampled, ever further apart.
    pub fn swap(&mut self, path: &[Pick], a: Pick, b: Pick) {
        self.swaps_seen += 1;
        if self.wanted > 0 && self.swaps_seen.is_power_of_two() {
            self.swaps.push((path.to_vec(), a, b));
        }
    }

    /// Does the sampled steps in both orders: what the tasks observe, and what they do next, must not
    /// depend on it. A task that depends on something unseen would tell the orders apart.
    fn run_swaps(&self, root: &Root, machine: &Machine) -> Option<Problem> {
        for (path, a, b) in &self.swaps {
            let after = |order: [Pick; 2]| {
                machine.start(|| root.task(), path, false);
                let mut alone = machine.follow().is_ok();
                for pick in order {
                    if !alone || !machine.can(pick) {
                        alone = false;
                        break;
                    }
                    machine.step(pick);
                    alone = machine.exec.borrow().within.is_empty();
                }
                let e = machine.exec.borrow();
                let names = e.tasks.iter().map(|t| t.name()).collect::<Vec<_>>();
                let after = (e.witness(), e.announcements(), names);
                drop(e);
                machine.finish();
                alone.then_some(after)
            };
            let (Some(ab), Some(ba)) = (after([*a, *b]), after([*b, *a])) else { continue };
            if (ab.0, &ab.1) != (ba.0, &ba.1) {
                let differ = ab.1.iter().zip(&ba.1).map(|(x, y)| x != y);
                let tasks = ab.2.iter().zip(differ).filter(|(_, differ)| *differ);
                return Some(Problem::HiddenState {
                    tasks: tasks.map(|(n, _)| n.clone()).collect(),
                });
            }
        }
        None
    }

    /// Compares what the sampled pairs of paths lead to.
    pub fn run(&mut self, root: &Root, config: &Rc<Config>, machine: &Machine) -> Option<Problem> {
        if let Some(problem) = self.run_swaps(root, machine) {
            return Some(problem);
        }
        let reductions = Reductions { sleep_sets: false, settled: false, ..config.reductions };
        let limits = Limits { executions: EXECUTIONS, ..config.limits };
        let config = Rc::new(Config { reductions, limits, audits: 0, ..(**config).clone() });
        for (a, b) in &self.pairs {
            let reach = |path: &[Pick]| {
                let mut explorer = Explorer::new(&config, root);
                explorer.path = path.to_vec();
                explorer.reached = Some(BTreeMap::new());
                explorer.search()
            };
            let (a, b) = (reach(a), reach(b));
            if a.bound.is_some() || b.bound.is_some() {
                continue;
            }
            self.audited += 1;
            if a.problem.is_some() || b.problem.is_some() {
                return a.problem.or(b.problem);
            }
            let difference =
                a.reached.iter().find(|(state, _)| !b.reached.contains_key(*state)).or_else(|| {
                    b.reached.iter().find(|(state, _)| !a.reached.contains_key(*state))
                });
            if let Some((_, tasks)) = difference {
                return Some(Problem::HiddenState { tasks: tasks.clone() });
            }
            if a.outcomes.keys().ne(b.outcomes.keys()) {
                return Some(Problem::HiddenState { tasks: vec!["root".into()] });
            }
        }
        None
    }
}
