//! The audit: does a merged state really lead to the same as the state it was merged with?
//!
//! For a sample of states, chosen by hash, it remembers the path of the first visit and of one later
//! visit. After the search it explores from both, with nothing but merging, and compares all that is
//! reached. A difference means that the scenario keeps state that the facade cannot see, or that a
//! fingerprint forgets something.

use super::Explorer;
use crate::config::{Config, Limits, Reductions};
use crate::exec::{Key, Pick};
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
    /// Comparisons made to the end.
    pub audited: u64,
}

impl Audit {
    pub fn new(wanted: usize) -> Self {
        Audit { wanted, first: BTreeMap::new(), pairs: Vec::new(), audited: 0 }
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

    /// Compares what the sampled pairs of paths lead to.
    pub fn run(&mut self, root: &Root, config: &Rc<Config>) -> Option<Problem> {
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
