//! What a permit costs where it is there at once: the limiter itself, and not the wait.

use crate::complete;
use benches::load::Load;
use benches::patterns::{self, BURST};
use benches::point::Bench;
use benches::probe::Probe;
use futures_util::StreamExt;
use std::convert::Infallible;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tower::{Service, ServiceExt};

pub fn compare(bench: &mut Bench<'_>, load: Load) {
    let limiter = "rate_limit";
    bench.price(limiter, load, ("pattern", ""), patterns::rate_limit_permits);
    bench.price(limiter, load, ("bare", "a rate: only counts"), semaphore);
    bench.price(limiter, load, ("semaphore_clock", "a rate: only counts"), semaphore_clock);
    bench.price(limiter, load, ("governor", "first come first served, tokio's clock"), governor);
    bench.price(limiter, load, ("leaky_bucket", "an exact rate: refills by ticks"), leaky_bucket);
    bench.price(limiter, load, ("tower", "sharing, first come first served; windows"), tower_limit);
}

/// One task takes a permit for each item.
macro_rules! acquire {
    ($load:ident, $probe:ident, $permit:expr) => {{
        let begun = Instant::now();
        let mut source = $load.source($load.items, &$probe);
        let mut received = 0;
        while let Some(item) = source.next().await {
            $permit;
            $load.consumer.take(item, &$probe);
            received += 1;
        }
        complete($load, received, begun)
    }};
}

async fn semaphore(load: Load, probe: Probe) -> Duration {
    let limit = Semaphore::new(BURST as usize);
    acquire!(load, probe, limit.acquire().await.expect("it stays open").forget())
}

/// With a look at the clock, which a rate needs.
async fn semaphore_clock(load: Load, probe: Probe) -> Duration {
    let limit = Semaphore::new(BURST as usize);
    acquire!(load, probe, {
        limit.acquire().await.expect("it stays open").forget();
        std::hint::black_box(tokio::time::Instant::now())
    })
}

async fn governor(load: Load, probe: Probe) -> Duration {
    let burst = NonZeroU32::new(BURST).expect("not zero");
    let limit = governor::RateLimiter::direct(governor::Quota::per_second(burst));
    acquire!(load, probe, limit.until_ready().await)
}

async fn leaky_bucket(load: Load, probe: Probe) -> Duration {
    let limit = leaky_bucket::RateLimiter::builder()
        .max(BURST as usize)
        .initial(BURST as usize)
        .interval(Duration::from_secs(1))
        .refill(BURST as usize)
        .build();
    acquire!(load, probe, limit.acquire_one().await)
}

async fn tower_limit(load: Load, probe: Probe) -> Duration {
    let rate = tower::limit::rate::Rate::new(BURST.into(), Duration::from_secs(1));
    let service = tower::service_fn(|()| std::future::ready(Ok::<(), Infallible>(())));
    let mut limit = tower::limit::RateLimit::new(service, rate);
    acquire!(
        load,
        probe,
        match limit.ready().await.map(|ready| ready.call(())) {
            Ok(call) => call.await.expect("it never fails"),
            Err(never) => match never {},
        }
    )
}
