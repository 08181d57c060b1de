//! How fast the engines are, on the production worker pool.
//!
//! The unit is executions: criterion's `elem/s` is executions a second, complete searches included.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use selvedge::{Check, Grain, Sampling};
use selvedge_loom_tests::scenario::{Scenario, Shape, shape};
use selvedge_loom_tests::scenarios;

fn pool() -> Scenario {
    let all = scenarios::all();
    let cancelled = all.into_iter().find(|s| s.name == "cancel_at_any_time_loses_nothing");
    cancelled.expect("the worker pool's main scenario")
}

/// One complete search as one iteration, its executions as the elements.
fn search(c: &mut Criterion, name: &str, grain: Grain, shape: Shape) {
    let scenario = pool();
    let check = || -> Check { scenario.check().grain(grain) };
    let executions = check().explore(scenario.at(shape)).assert_proved().coverage.executions;
    let mut group = c.benchmark_group("explore");
    group.throughput(Throughput::Elements(executions));
    group.bench_function(format!("{name} {shape}"), |b| {
        b.iter(|| check().explore(scenario.at(shape)));
    });
    group.finish();
}

fn explore(c: &mut Criterion) {
    search(c, "operation", Grain::Operation, shape(1, 1, 1));
    search(c, "operation", Grain::Operation, shape(2, 2, 2));
    search(c, "poll", Grain::Poll, shape(3, 4, 2));
}

fn sample(c: &mut Criterion) {
    const CASES: u64 = 500;
    let scenario = pool();
    let mut group = c.benchmark_group("sample");
    group.throughput(Throughput::Elements(CASES));
    group.bench_function("random walk 4x8 b2", |b| {
        let sampling = || Sampling::random(1).cases(CASES);
        b.iter(|| scenario.check().sample(sampling(), scenario.at(shape(4, 8, 2))));
    });
    group.finish();
}

criterion_group! {
    name = engines;
    config = Criterion::default().sample_size(10);
    targets = explore, sample
}
criterion_main!(engines);
