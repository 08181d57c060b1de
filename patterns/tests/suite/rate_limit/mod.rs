//! The rate limiter: shared helpers; the claims are in the modules.

mod law;
mod queue;
mod stream;

use selvedge_patterns::rate_limit::{Quota, RateLimiter};
use selvedge_rt::time::{Duration, Instant};
use std::num::NonZeroU32;

const ONE: NonZeroU32 = NonZeroU32::MIN;

fn nz(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// One permit every `per_ms`, so that tokio's timers, which count milliseconds, meet it exactly.
fn limiter(per_ms: u64, burst: u32) -> RateLimiter {
    RateLimiter::new(Quota { permits: ONE, per: ms(per_ms), burst: nz(burst) }).unwrap()
}

/// A limiter with no credit left.
fn drained(per_ms: u64, burst: u32) -> RateLimiter {
    let limit = limiter(per_ms, burst);
    limit.try_acquire(nz(burst)).unwrap();
    limit
}

/// Milliseconds since `start`.
fn since(start: Instant) -> u64 {
    let passed = start.elapsed();
    assert_eq!(passed.subsec_nanos() % 1_000_000, 0, "a whole number of milliseconds");
    passed.as_millis() as u64
}
