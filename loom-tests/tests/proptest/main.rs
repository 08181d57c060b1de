//! Large shapes that no search reaches: up to 16 workers, 200 items and buffers of 64. What happens is
//! generated and shrunk together with the schedule: when it is cancelled, what fails or panics, when the
//! consumer stops.
//!
//! Each test also says which ends it must have reached: inputs that never cancel would prove nothing.

mod err_group;
mod fan;
mod pipeline;
mod rate_limit;
mod shutdown;
mod worker_pool;

use proptest::option;
use proptest::prelude::*;
use selvedge::proptest::Runs;
use selvedge::{Check, Limits};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

const WORKERS_MAX: usize = 16;
const ITEMS_MAX: u64 = 200;
const BUFFER_MAX: usize = 64;

fn workers() -> impl Strategy<Value = usize> {
    1..=WORKERS_MAX
}

fn items() -> impl Strategy<Value = u64> {
    0..=ITEMS_MAX
}

fn buffer() -> impl Strategy<Value = usize> {
    1..=BUFFER_MAX
}

/// After so many items, or never.
fn after() -> impl Strategy<Value = Option<u64>> {
    option::of(0..=ITEMS_MAX)
}

fn size(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("at least one")
}

/// Which ends were reached, over all cases. Beside the program: nothing in a run depends on it.
#[derive(Clone, Default)]
struct Ends(Arc<Mutex<BTreeSet<String>>>);

impl Ends {
    fn reached(&self, end: impl std::fmt::Debug) {
        self.0.lock().expect("nobody panics with it").insert(format!("{end:?}"));
    }
}

/// So many cases hold, on hardly fewer schedules, and between them they reach all these `ends`.
#[track_caller]
fn check<S, F>(
    check: Check,
    cases: u64,
    inputs: S,
    ends: &[&str],
    root: impl Fn(S::Value, Ends) -> F + Send + Sync + 'static,
) where
    S: Strategy,
    S::Value: Clone + std::fmt::Debug + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let reached = Ends::default();
    let seen = reached.clone();
    let limits = Limits { steps: 1_000_000, ..Limits::default() };
    let report =
        check.limits(limits).proptest(Runs::new(cases), inputs, move |i| root(i, seen.clone()));
    report.assert_passed();
    assert!(report.coverage.schedules > cases / 2, "{report}");
    let reached = reached.0.lock().expect("the run is over");
    let missing: Vec<_> = ends.iter().filter(|end| !reached.contains(**end)).collect();
    assert!(missing.is_empty(), "{missing:?} were never reached, only {reached:?}");
}
