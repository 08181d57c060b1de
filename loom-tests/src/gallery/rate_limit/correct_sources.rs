//! Correct: sources with a limit each, and one for all of them, deliver into one output, whose reader stops
//! after the first item.
//!
//! 1. The two limits are locked in one order, to take a permit and to give it back.
//! 2. No source closes the output: it ends with the last source's sender, or when its reader says so.
//! 3. A permit whose item was not delivered goes back.

use super::INTERVAL;
use rt::async_channel::{Sender, bounded};
use rt::sync::Mutex;
use rt::task::JoinSet;
use rt::time::sleep;
use selvedge_rt as rt;
use std::sync::Arc;

/// What is left of a source's permits, and of everybody's.
struct Limits {
    own: Arc<Mutex<u64>>,
    all: Arc<Mutex<u64>>,
}

impl Limits {
    /// Takes a permit of both, or of none.
    async fn try_acquire(&self) -> bool {
        let mut own = self.own.lock().await;
        let mut all = self.all.lock().await;
        let granted = *own > 0 && *all > 0;
        if granted {
            *own -= 1;
            *all -= 1;
        }
        granted
    }

    /// Gives a permit of both back.
    async fn refund(&self) {
        let mut own = self.own.lock().await;
        let mut all = self.all.lock().await;
        *own += 1;
        *all += 1;
    }
}

/// Delivers one item an interval, as long as there are permits and a reader; returns how many.
async fn source(limits: Limits, to: Sender<u64>) -> u64 {
    let mut delivered = 0;
    while limits.try_acquire().await {
        if to.send(delivered).await.is_err() {
            limits.refund().await;
            break;
        }
        delivered += 1;
        sleep(INTERVAL).await;
    }
    delivered
}

/// Sources of up to `jobs` items each, and together one less; the reader stops after the first.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let permits = workers as u64 * jobs - 1;
    let all = Arc::new(Mutex::new(permits));
    let (deliver, output) = bounded(buffer);
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        let limits = Limits { own: Arc::new(Mutex::new(jobs)), all: all.clone() };
        tasks.spawn(source(limits, deliver.clone()));
    }
    drop(deliver);

    let mut read = output.recv().await.is_ok() as u64;
    output.close();
    while output.recv().await.is_ok() {
        read += 1;
    }
    let mut delivered = 0;
    while let Some(ended) = tasks.join_next().await {
        delivered += ended.expect("no source panics");
    }
    assert_eq!((read, *all.lock().await), (delivered, permits - delivered));
}
