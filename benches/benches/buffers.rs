//! Which capacity? Throughput, latency, items and bytes held, for each pattern.
//!
//! Slices, and not the full product, which would take hours: each job cost with two workers; then, at
//! one microsecond, other numbers of workers, a bursty producer, and a slow consumer.

use benches::load::{Cost, Load};
use benches::patterns::{self, RATE};
use benches::point::{Bench, COSTS, Timed};
use benches::profile::Profile;

#[global_allocator]
static ALLOCATOR: benches::memory::Counting = benches::memory::Counting;

fn main() {
    let mut criterion = Profile::get().criterion();
    let mut bench = Bench::new(&mut criterion);
    worker_pool(&mut bench);
    fan(&mut bench);
    pipeline(&mut bench);
    rate_limit(&mut bench);
    shutdown(&mut bench);
    criterion.final_summary();
}

/// The loads that most patterns share.
fn common(costs: &[Cost]) -> Vec<Load> {
    let us1 = Load::steady(Cost::Us1);
    let mut loads: Vec<Load> = costs.iter().map(|cost| Load::steady(*cost)).collect();
    loads.extend([us1.bursty(), us1.slow()]);
    loads
}

fn worker_pool(bench: &mut Bench<'_>) {
    let mut loads = common(&COSTS);
    loads.extend([1, 4, 8].map(|workers| Load::steady(Cost::Us1).workers(workers)));
    loads.push(Load::steady(Cost::Us20).bursty());
    // Waits overlap: here more workers than threads are of use.
    loads.push(Load::steady(Cost::Wait).workers(8));
    for load in loads {
        bench.capacities("worker_pool", Timed::Items, load, patterns::worker_pool);
    }
}

fn fan(bench: &mut Bench<'_>) {
    for load in common(&[Cost::Free, Cost::Us1, Cost::Us20]) {
        bench.capacities("fan_out", Timed::Items, load, patterns::fan_out_read);
    }
    // The job is the consumer's here: one at a time.
    for load in
        [Load::steady(Cost::Free), Load::steady(Cost::Us1), Load::steady(Cost::Us1).bursty()]
    {
        bench.capacities("fan_in", Timed::Items, load.workers(1), patterns::fan_in_read);
    }
}

fn pipeline(bench: &mut Bench<'_>) {
    for load in common(&[Cost::Free, Cost::Us1, Cost::Us20]) {
        bench.capacities("pipeline", Timed::Items, load, patterns::pipeline);
    }
}

fn rate_limit(bench: &mut Bench<'_>) {
    // A fiftieth of a second's worth.
    let load = Load { items: u64::from(RATE / 50), ..Load::steady(Cost::Free).workers(1) };
    let bursty = Load { items: load.items, ..load.bursty() };
    bench.capacities("rate_limit_queue", Timed::Items, load, patterns::rate_limited_stage);
    bench.capacities("rate_limit_queue", Timed::Items, bursty, patterns::rate_limited_stage);
    bench.capacities("rate_limit_burst", Timed::Items, load, patterns::rate_limit_burst);
}

fn shutdown(bench: &mut Bench<'_>) {
    for cost in [Cost::Us1, Cost::Us20, Cost::Wait] {
        bench.capacities("server", Timed::Items, Load::steady(cost), patterns::server);
        bench.capacities("drain", Timed::Stop, Load::steady(cost), patterns::drain);
    }
    bench.capacities("server", Timed::Items, Load::steady(Cost::Us1).bursty(), patterns::server);
}
