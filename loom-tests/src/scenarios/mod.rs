//! Every claim of every pattern, written once.

pub mod worker_pool;

use crate::scenario::Scenario;

/// All scenarios, pattern by pattern.
pub fn all() -> Vec<Scenario> {
    worker_pool::SCENARIOS.to_vec()
}
