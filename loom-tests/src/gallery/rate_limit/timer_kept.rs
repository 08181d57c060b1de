//! Wrong: a waiter that is told to stop leaves its timer with the limiter, to be used again, and with it a
//! handle of the limiter: the two keep each other alive.
//!
//! Checklist: resource cleanup. Law: `TimerLeak`.

use super::INTERVAL;
use rt::blocking::Mutex;
use rt::sync::CancellationToken;
use rt::task::JoinSet;
use rt::time::{Sleep, sleep};
use selvedge_rt as rt;
use std::pin::Pin;
use std::sync::Arc;

#[derive(Default)]
struct Limiter {
    spare: Mutex<Vec<Spare>>,
}

/// A timer that is not needed any more.
struct Spare {
    _timer: Pin<Box<Sleep>>,
    _limit: Arc<Limiter>,
}

impl Limiter {
    async fn acquire_or(self: Arc<Self>, token: CancellationToken) -> bool {
        let mut timer = Box::pin(sleep(INTERVAL));
        rt::select! {
            biased;
            () = &mut timer => return true,
            () = token.cancelled() => {}
        }
        // BUG: nobody drops the limiter as long as it has this, and nobody drops this as long as there is
        // the limiter: the timer stays armed.
        let spare = Spare { _timer: timer, _limit: self.clone() };
        self.spare.lock().expect("nobody panics").push(spare);
        false
    }
}

/// Workers wait for a permit each, and are told to stop.
pub async fn scenario(workers: usize, _: u64, _: usize) {
    let (limit, token) = (Arc::new(Limiter::default()), CancellationToken::new());
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(limit.clone().acquire_or(token.clone()));
    }
    drop(limit);
    token.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no task panics");
    }
}
