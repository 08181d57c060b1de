//! Each pattern under a load. A run gives the time that it took, and checks that nothing got lost.
//!
//! The consumer is the run's own task, on a worker of the runtime like all others.

use crate::load::{Load, Producer, nonzero};
use crate::probe::{Item, Probe};
use futures_util::{StreamExt, stream};
use rt::sync::CancellationToken;
use selvedge_patterns::err_group::ErrGroup;
use selvedge_patterns::fan::{fan_in, fan_out};
use selvedge_patterns::pipeline::Pipeline;
use selvedge_patterns::rate_limit::{Quota, RateLimiter, rate_limited};
use selvedge_patterns::shutdown::{Config, ServeConfig, Shutdown, serve};
use selvedge_patterns::worker_pool::WorkerPool;
use selvedge_rt as rt;
use std::convert::Infallible;
use std::future::{pending, ready};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Sources of a fan-in.
pub const SOURCES: u64 = 4;
/// Permits a second of the rate limiter: 20 for each tick of tokio's timers.
pub const RATE: u32 = 20_000;
/// Burst of the rate limiter where the queue is the question: three ticks' worth.
pub const RATE_BURST: u32 = 60;

/// Tasks of an error group at once: enough that both threads always have some.
pub const GROUP: usize = 16;
/// Permits that are there at once: more than a run takes.
pub const BURST: u32 = 1 << 20;

/// Checks that all came.
fn complete(load: Load, received: u64, begun: Instant) -> Duration {
    let elapsed = begun.elapsed();
    assert_eq!(received, load.items, "items were lost under {load:?}");
    elapsed
}

/// A pool whose queue and results have the load's capacity each.
pub async fn worker_pool(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let (mut pool, mut results) = WorkerPool::new(move |item: Item| load.cost.run(item))
        .workers(nonzero(load.workers))
        .queue(load.room())
        .results(load.room())
        .start(&CancellationToken::new());
    let mut source = load.source(load.items, &probe);
    rt::spawn(async move {
        while let Some(item) = source.next().await {
            pool.submit(item).await.expect("nobody cancels");
        }
    });
    let mut received = 0;
    while let Some(done) = results.next().await {
        load.consumer.take(done.outcome.returned().expect("no job panics"), &probe);
        received += 1;
    }
    complete(load, received, begun)
}

/// One source, `workers` branches, read in turn.
pub async fn fan_out_read(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let source = load.source(load.items, &probe);
    let (branches, token) = (nonzero(load.workers), CancellationToken::new());
    let mut fan = fan_out(&token, source, branches, load.room(), move |i| load.cost.run(i));
    let mut received = 0;
    while let Some(indexed) = fan.next().await {
        load.consumer.take(indexed.value, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

/// [`SOURCES`] sources into one; the consumer does the job.
pub async fn fan_in_read(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let token = CancellationToken::new();
    let sources = (0..SOURCES).map(|_| load.source(load.items / SOURCES, &probe));
    let mut merged = fan_in(&token, sources, load.room());
    let mut received = 0;
    while let Some(item) = merged.next().await {
        load.consumer.take(load.cost.run(item).await, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

/// Source, job, and a second stage that costs the same: three buffers of the load's capacity.
pub async fn pipeline(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let cap = load.room();
    let mut output = Pipeline::generate(cap, load.source(load.items, &probe))
        .map(cap, move |item| load.cost.spend(item))
        .map(cap, move |item| load.cost.spend(item))
        .start(&CancellationToken::new());
    let mut received = 0;
    while let Some(item) = output.next().await {
        load.consumer.take(item, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

fn quota(burst: u32) -> Quota {
    let n = |n| NonZeroU32::new(n).expect("not zero");
    Quota { permits: n(RATE), per: Duration::from_secs(1), burst: n(burst) }
}

/// A queue of the load's capacity in front of a rate-limited consumer.
pub async fn rate_limited_stage(load: Load, probe: Probe) -> Duration {
    limited(load, probe, load.room().get(), RATE_BURST).await
}

/// The same with a fixed queue, and the load's capacity as the limiter's burst.
pub async fn rate_limit_burst(load: Load, probe: Probe) -> Duration {
    limited(load, probe, 1, load.room().get() as u32).await
}

async fn limited(load: Load, probe: Probe, queue: usize, burst: u32) -> Duration {
    let begun = Instant::now();
    let (send, mut receive) = rt::sync::mpsc::channel(queue);
    let mut source = load.source(load.items, &probe);
    rt::spawn(async move {
        while let Some(item) = source.next().await {
            send.send(item).await.expect("the consumer is there");
        }
    });
    let limit = RateLimiter::new(quota(burst)).expect("a quota that can be kept");
    // Without the credit of the start, which would be most of a short run.
    let all = NonZeroU32::new(burst).expect("not zero");
    limit.try_acquire(all).expect("a full burst at the start");
    let queue = stream::poll_fn(move |cx| receive.poll_recv(cx));
    let mut items = rate_limited(&CancellationToken::new(), queue, limit);
    let mut received = 0;
    while let Some(item) = items.next().await {
        load.consumer.take(load.cost.run(item).await, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

/// A server under way, with the load's capacity as its queue, until its source ends.
pub async fn server(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let shutdown = Shutdown::new(Config::default());
    let source = load.source(load.items, &probe).map(Ok::<Item, Infallible>);
    let handler = move |item: Item| {
        let probe = probe.clone();
        async move { load.consumer.take(load.cost.run(item).await, &probe) }
    };
    let config =
        ServeConfig { queue: load.room(), workers: nonzero(load.workers), ..Default::default() };
    let report = serve(shutdown.handle(), "server", source, handler, config).await;
    complete(load, report.done, begun)
}

/// A server that is told to stop after half of the load's items; gives the time from then to the end.
///
/// The source has no end, so the queue is full when the drain begins.
pub async fn drain(load: Load, probe: Probe) -> Duration {
    let shutdown = Shutdown::new(Config::default());
    let handle = shutdown.handle().clone();
    let endless = Load { producer: Producer::Steady, ..load };
    let source = endless.source(u64::MAX, &probe).map(Ok::<Item, Infallible>);
    // Unbounded, it would take items for ever and never be told: no more than the run has.
    let source = match load.capacity {
        Some(_) => source.left_stream(),
        None => source.take(load.items as usize).chain(stream::pending()).right_stream(),
    };
    let done = Arc::new(AtomicU64::new(0));
    let (seen, told) = (handle.clone(), done.clone());
    let handler = move |item: Item| {
        let (probe, handle, done) = (probe.clone(), seen.clone(), done.clone());
        async move {
            load.consumer.take(load.cost.run(item).await, &probe);
            if done.fetch_add(1, Relaxed) + 1 == load.items / 2 {
                probe.told();
                handle.drain();
            }
        }
    };
    let config =
        ServeConfig { queue: load.room(), workers: nonzero(load.workers), ..Default::default() };
    let server = serve(&handle, "server", source, handler, config);
    let (report, served) = rt::join!(shutdown.run(pending(), pending()), server);
    assert!(report.is_clean() && served.is_clean(), "the drain was not clean under {load:?}");
    assert_eq!(served.done, told.load(Relaxed), "accepted and not run");
    report.elapsed
}

/// A group of at most [`GROUP`] tasks at once, one for each item.
pub async fn err_group(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let mut group =
        ErrGroup::<Item, Infallible>::new(&CancellationToken::new()).limit(nonzero(GROUP));
    let mut source = load.source(load.items, &probe);
    while let Some(item) = source.next().await {
        let start = move |_| async move { Ok(load.cost.run(item).await) };
        group.spawn(start).await.expect("nothing fails");
    }
    let items = group.wait().await.expect("nothing fails");
    let received = items.len() as u64;
    items.into_iter().for_each(|item| load.consumer.take(item, &probe));
    complete(load, received, begun)
}

/// A permit for each item, which is there at once: what the limiter costs, and not the wait.
pub async fn rate_limit_permits(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let n = NonZeroU32::new(BURST).expect("not zero");
    let quota = Quota { permits: n, per: Duration::from_secs(1), burst: n };
    let limit = RateLimiter::new(quota).expect("a quota that can be kept");
    let mut source = load.source(load.items, &probe);
    let mut received = 0;
    while let Some(item) = source.next().await {
        limit.acquire(NonZeroU32::MIN).await.expect("within the burst");
        load.consumer.take(item, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

/// A task of the shutdown for each item, then the drain.
pub async fn shutdown_tasks(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let shutdown = Shutdown::new(Config::default());
    let mut source = load.source(load.items, &probe);
    while let Some(item) = source.next().await {
        let probe = probe.clone();
        let job = async move { load.consumer.take(load.cost.run(item).await, &probe) };
        shutdown.handle().spawn("job", job).expect("it has not begun");
    }
    let report = shutdown.run(ready(()), pending()).await;
    complete(load, report.drained, begun)
}
