//! A clock that stands still until somebody moves it.
//!
//! Two kinds of waits, because nothing here knows whether all others wait. Whoever sleeps moves the clock on
//! to the end of the sleep, and the others may be as late as they like. Whoever waits does not: there the
//! scenario moves it, when it knows that nothing else is left to do.

use super::monitor::Monitor;
use super::token::Cancel;
use std::time::Duration;

/// The clock.
pub struct Clock(Monitor<State>);

#[derive(Default)]
struct State {
    now: Duration,
    cancelled: bool,
}

impl Clock {
    /// At zero.
    pub fn new() -> Clock {
        Clock(Monitor::new(State::default()))
    }

    /// What it shows.
    pub fn now(&self) -> Duration {
        self.0.look(|state| state.now)
    }

    /// Moves it.
    pub fn advance(&self, by: Duration) {
        self.0.change(|state| state.now += by);
    }

    /// Sleeps until then, and moves the clock there; returns what it shows at the end.
    pub fn sleep_until(&self, due: Duration) -> Duration {
        self.0.change(|state| {
            state.now = state.now.max(due);
            state.now
        })
    }

    /// The same; `None` where it would sleep, and is cancelled.
    pub fn sleep_or_cancel(&self, due: Duration) -> Option<Duration> {
        self.0.change(|state| {
            if state.now < due && state.cancelled {
                return None;
            }
            state.now = state.now.max(due);
            Some(state.now)
        })
    }

    /// Waits until others have moved it there; `false` where cancelled.
    pub fn wait_or_cancel(&self, due: Duration) -> bool {
        self.0.wait(|state| match state.cancelled {
            true => Some(false),
            false => (state.now >= due).then_some(true),
        })
    }
}

impl Cancel for Clock {
    fn cancel(&self) {
        self.0.change(|state| state.cancelled = true);
    }
}
