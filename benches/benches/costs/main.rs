//! What a pattern costs over the bare tokio that it replaces, and next to its peers: same work, same run.
//!
//! Everybody gets the pattern's default buffers, two workers, and a producer in a task of its own where
//! the pattern has one. `bare` is what one writes by hand with tokio and no guarantee. Each says what it
//! lacks.

mod err_group;
mod pipeline;
mod rate_limit;
mod shutdown;
mod worker_pool;

use benches::load::{Cost, Load};
use benches::point::Bench;
use benches::profile::Profile;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: benches::memory::Counting = benches::memory::Counting;

/// What the jobs cost: nothing, so that only the pattern is left, and what is a small real job.
const COSTS: [Cost; 2] = [Cost::Free, Cost::Us1];
/// The buffer of everybody who has one.
const CAPACITY: usize = 16;

fn main() {
    let mut criterion = Profile::get().criterion();
    let mut bench = Bench::new(&mut criterion);
    for cost in COSTS {
        let load = Load { capacity: Some(CAPACITY), ..Load::steady(cost) };
        worker_pool::compare(&mut bench, load);
        err_group::compare(&mut bench, load);
        pipeline::compare(&mut bench, load);
        shutdown::compare(&mut bench, load);
    }
    rate_limit::compare(&mut bench, Load { items: 20_000, ..Load::steady(Cost::Free) });
    criterion.final_summary();
}

/// Polls user code, with its panics caught where that is asked for.
async fn caught<const PANICS: bool, T>(code: impl Future<Output = T>) -> T {
    match PANICS {
        true => AssertUnwindSafe(code).catch_unwind().await.expect("no user code panics"),
        false => code.await,
    }
}

/// The time since `begun`, of a run that did all its work.
fn complete(load: Load, received: u64, begun: Instant) -> Duration {
    let elapsed = begun.elapsed();
    assert_eq!(received, load.items, "items were lost under {load:?}");
    elapsed
}
