//! A shutdown that admits and drains tasks, against a tracker with a token.

use crate::complete;
use benches::load::Load;
use benches::patterns;
use benches::point::Bench;
use benches::probe::Probe;
use futures_util::StreamExt;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub fn compare(bench: &mut Bench<'_>, load: Load) {
    let shutdown = "shutdown";
    bench.price(shutdown, load, ("pattern", ""), patterns::shutdown_tasks);
    bench.price(shutdown, load, ("bare", "deadline, atomic admission, panics, report"), tracker);
    let lacks = "deadline, atomic admission, report";
    bench.price(shutdown, load, ("joinset_token", lacks), joinset);
}

async fn tracker(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let (tracker, token) = (TaskTracker::new(), CancellationToken::new());
    let mut source = load.source(load.items, &probe);
    let mut spawned = 0;
    while let Some(item) = source.next().await {
        let probe = probe.clone();
        let job = async move { load.consumer.take(load.cost.run(item).await, &probe) };
        if !token.is_cancelled() {
            tracker.spawn(job);
            spawned += 1;
        }
    }
    token.cancel();
    tracker.close();
    tracker.wait().await;
    complete(load, spawned, begun)
}

/// A set of join handles, that reaps what has ended as it goes.
async fn joinset(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let (mut tasks, token) = (tokio::task::JoinSet::new(), CancellationToken::new());
    let mut source = load.source(load.items, &probe);
    let mut received = 0;
    while let Some(item) = source.next().await {
        let probe = probe.clone();
        let job = async move { load.consumer.take(load.cost.run(item).await, &probe) };
        while let Some(ended) = tasks.try_join_next() {
            received += u64::from(ended.is_ok());
        }
        if !token.is_cancelled() {
            tasks.spawn(job);
        }
    }
    token.cancel();
    while let Some(ended) = tasks.join_next().await {
        received += u64::from(ended.is_ok());
    }
    complete(load, received, begun)
}
