//! `interval` and `interval_at`: one timer, set again after each tick.

use super::{Duration, FAR, Instant, MissedTickBehavior, Sleep, sleep_until};
use crate::check::engine::{self, Site};
use std::future::poll_fn;
use std::panic::Location;
use std::task::{Context, Poll, ready};

/// Ticks every `period`, at once for the first time. See `tokio::time::interval`.
///
/// # Panics
///
/// Panics on a period of zero; with no engine running, outside a tokio runtime.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, for the first time at `start`. See `tokio::time::interval_at`.
///
/// # Panics
///
/// Panics on a period of zero; with no engine running, outside a tokio runtime.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "`period` must be non-zero.");
    if engine::current().is_none() {
        return Interval(Inner::Real(tokio::time::interval_at(start.real(), period)));
    }
    Interval(Inner::Engine(Ticks {
        next: sleep_until(start),
        period: period.min(FAR),
        missed: MissedTickBehavior::default(),
    }))
}

/// Ticks for ever. See `tokio::time::Interval`.
#[derive(Debug)]
pub struct Interval(Inner);

#[derive(Debug)]
enum Inner {
    Real(tokio::time::Interval),
    Engine(Ticks),
}

#[derive(Debug)]
struct Ticks {
    next: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

/// A tick that is at most this late is not missed, as in tokio: its timers are no finer.
const SLACK: Duration = Duration::from_millis(5);

impl Ticks {
    fn poll(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<Instant> {
        ready!(self.next.poll_at(cx, site));
        let due = self.next.deadline();
        let now = Instant::now();
        let next = if now <= due + SLACK {
            due + self.period
        } else {
            match self.missed {
                MissedTickBehavior::Burst => due + self.period,
                MissedTickBehavior::Delay => now + self.period,
                MissedTickBehavior::Skip => {
                    // The first multiple of the period after `now`.
                    let into_period = (now - due).as_nanos() % self.period.as_nanos();
                    let into_period = u64::try_from(into_period)
                        .expect("a remainder of a period of 30 years at most");
                    now + (self.period - Duration::from_nanos(into_period))
                }
            }
        };
        self.next.set(next);
        Poll::Ready(due)
    }
}

impl Interval {
    /// Waits for the next tick; returns when it was due.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, no tick was consumed.
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Instant> {
        let site = Location::caller();
        poll_fn(move |cx| self.poll_at(cx, site))
    }

    /// Polls for the next tick. See [`tick`](Self::tick).
    #[track_caller]
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        self.poll_at(cx, Location::caller())
    }

    pub(crate) fn poll_at(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<Instant> {
        match &mut self.0 {
            Inner::Real(interval) => interval.poll_tick(cx).map(Instant::from_real),
            Inner::Engine(ticks) => ticks.poll(cx, site),
        }
    }

    /// The next tick is one period from now.
    pub fn reset(&mut self) {
        self.reset_after(self.period());
    }

    /// The next tick is now.
    pub fn reset_immediately(&mut self) {
        self.reset_after(Duration::ZERO);
    }

    /// The next tick is `after` from now.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now() + after.min(FAR));
    }

    /// The next tick is at `deadline`.
    pub fn reset_at(&mut self, deadline: Instant) {
        match &mut self.0 {
            Inner::Real(interval) => interval.reset_at(deadline.real()),
            Inner::Engine(ticks) => ticks.next.set(deadline),
        }
    }

    /// What happens after a tick was missed.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        match &self.0 {
            Inner::Real(interval) => interval.missed_tick_behavior(),
            Inner::Engine(ticks) => ticks.missed,
        }
    }

    /// Sets what happens after a tick was missed.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        match &mut self.0 {
            Inner::Real(interval) => interval.set_missed_tick_behavior(behavior),
            Inner::Engine(ticks) => ticks.missed = behavior,
        }
    }

    /// The time between two ticks.
    pub fn period(&self) -> Duration {
        match &self.0 {
            Inner::Real(interval) => interval.period(),
            Inner::Engine(ticks) => ticks.period,
        }
    }
}
