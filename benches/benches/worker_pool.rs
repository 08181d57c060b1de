//! Worker pool: throughput against the capacity of its buffers, next to the bare tokio that it replaces.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use selvedge_patterns::worker_pool::WorkerPool;
use selvedge_rt as rt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tokio::runtime::Runtime;

const JOBS: u64 = 2_000;
const WORKERS: usize = 2;

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).build().expect("a runtime")
}

/// A job that costs some CPU: about a microsecond at 200 rounds.
fn work(job: u64, rounds: u32) -> u64 {
    (0..rounds).fold(job, |x, _| std::hint::black_box(x.wrapping_mul(6364136223846793005) ^ x >> 7))
}

async fn pool(capacity: usize, rounds: u32) -> u64 {
    let token = rt::sync::CancellationToken::new();
    let capacity = NonZeroUsize::new(capacity).expect("a capacity");
    let (mut pool, mut results) = WorkerPool::new(move |job| async move { work(job, rounds) })
        .workers(NonZeroUsize::new(WORKERS).expect("workers"))
        .queue(capacity)
        .results(capacity)
        .start(&token);
    rt::spawn(async move {
        for job in 0..JOBS {
            pool.submit(job).await.expect("the pool takes jobs");
        }
    });
    let mut done = 0;
    while results.next().await.is_some() {
        done += 1;
    }
    done
}

/// The same with tokio's own parts and no guarantee: what the pattern replaces.
async fn bare(capacity: usize, rounds: u32) -> u64 {
    let (jobs, queue) = tokio::sync::mpsc::channel::<u64>(capacity);
    let (deliver, mut results) = tokio::sync::mpsc::channel(capacity);
    let queue = Arc::new(tokio::sync::Mutex::new(queue));
    for _ in 0..WORKERS {
        let (queue, deliver) = (queue.clone(), deliver.clone());
        tokio::spawn(async move {
            loop {
                let job = queue.lock().await.recv().await;
                let Some(job) = job else { return };
                let _ = deliver.send(work(job, rounds)).await;
            }
        });
    }
    drop(deliver);
    tokio::spawn(async move {
        for job in 0..JOBS {
            let _ = jobs.send(job).await;
        }
    });
    let mut done = 0;
    while results.recv().await.is_some() {
        done += 1;
    }
    done
}

fn capacities(c: &mut Criterion) {
    benches::production_only();
    let runtime = runtime();
    for (cost, rounds) in [("free", 0), ("1us", 200)] {
        let mut group = c.benchmark_group(format!("worker_pool/{cost}"));
        group.throughput(Throughput::Elements(JOBS));
        for capacity in [1, 2, 4, 16, 64, 256, 1024] {
            group.bench_with_input(BenchmarkId::new("pool", capacity), &capacity, |b, capacity| {
                b.iter(|| assert_eq!(runtime.block_on(pool(*capacity, rounds)), JOBS));
            });
            group.bench_with_input(BenchmarkId::new("bare", capacity), &capacity, |b, capacity| {
                b.iter(|| assert_eq!(runtime.block_on(bare(*capacity, rounds)), JOBS));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = worker_pool;
    config = Criterion::default().sample_size(20);
    targets = capacities
}
criterion_main!(worker_pool);
