//! The facade under the engines: what a scenario can observe of each primitive, written out.
//!
//! Each test names the whole set of observations. The explorer must reach exactly these, with reductions and
//! without; so must loom, where it is compiled in and a test asks for it.

mod blocking;
mod blocking_calls;
mod cells;
mod ready_branch;
mod sets;
mod signals;

use selvedge::{Check, Grain, Record, Reductions};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// What a scenario observes: written down for the engine, and for the test.
#[derive(Clone)]
struct Seen {
    record: Record<u64>,
    all: Arc<Mutex<BTreeSet<u64>>>,
}

impl Seen {
    fn note(&self, value: u64) {
        self.record.note(value);
        self.all.lock().unwrap().insert(value);
    }
}

/// All that is noted in any execution that `engine` runs.
#[track_caller]
fn all_noted<F>(
    scenario: impl Fn(Seen) -> F + Send + Sync + Clone + 'static,
    engine: impl FnOnce(Box<dyn Fn() -> F + Send + Sync>) -> selvedge::Report,
) -> BTreeSet<u64>
where
    F: Future<Output = ()> + Send + 'static,
{
    let all = Arc::<Mutex<BTreeSet<u64>>>::default();
    let given = all.clone();
    let report = engine(Box::new(move || {
        scenario(Seen { record: Record::new("seen"), all: given.clone() })
    }));
    report.assert_passed();
    let all = all.lock().unwrap();
    all.clone()
}

/// The explorer reaches exactly `expected`, reduced or not, at the given grain.
#[track_caller]
fn check_at<F>(
    grain: Grain,
    expected: &[u64],
    scenario: impl Fn(Seen) -> F + Send + Sync + Clone + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let expected = BTreeSet::from_iter(expected.iter().copied());
    for reductions in [Reductions::default(), Reductions::NONE] {
        let check = Check::new("facade").grain(grain).reductions(reductions);
        let noted = all_noted(scenario.clone(), |root| check.explore(root));
        assert_eq!(noted, expected, "at the grain of a {grain}, {reductions:?}");
    }
}

/// The same at the grain of operations, and under loom.
#[track_caller]
fn check<F>(expected: &[u64], scenario: impl Fn(Seen) -> F + Send + Sync + Clone + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    check_at(Grain::Operation, expected, scenario.clone());
    #[cfg(feature = "loom")]
    {
        let noted = all_noted(scenario, |root| Check::new("facade").loom(root));
        assert_eq!(noted, BTreeSet::from_iter(expected.iter().copied()), "under loom");
    }
}
