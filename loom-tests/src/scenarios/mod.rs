//! Every claim of every pattern, written once.

pub mod dropped;
pub mod err_group;
pub mod fan;
pub mod pipeline;
pub mod rate_limit;
pub mod shutdown;
pub mod worker_pool;

use crate::scenario::Scenario;

/// All scenarios, pattern by pattern.
pub fn all() -> Vec<Scenario> {
    let mut all = [
        worker_pool::SCENARIOS,
        fan::SCENARIOS,
        pipeline::SCENARIOS,
        err_group::SCENARIOS,
        rate_limit::SCENARIOS,
        shutdown::SCENARIOS,
        dropped::SCENARIOS,
    ]
    .concat();
    let order: Vec<&str> = all.iter().map(|s| s.pattern).collect();
    all.sort_by_key(|s| order.iter().position(|pattern| *pattern == s.pattern));
    all
}
