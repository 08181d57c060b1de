//! Wrong: waits for a permit beside something else, by reference, and asks again while the first wait is
//! still in the queue.
//!
//! Checklist: exit paths. Law: `FutureLock`: the turn goes to the future that came first, and nobody polls it.

use rt::sync::{Mutex, mpsc};
use selvedge_rt as rt;
use std::pin::pin;
use std::sync::Arc;

/// Hands out permits in order: who waits has the turn, or a place in the queue for it.
#[derive(Clone, Default)]
struct Limiter(Arc<Mutex<u64>>);

impl Limiter {
    async fn acquire(&self) -> u64 {
        let mut granted = self.0.lock().await;
        *granted += 1;
        *granted
    }
}

/// A worker waits for its turn and is told to hurry; `burst` is room for messages.
pub async fn scenario(_: usize, _: u64, burst: usize) {
    let limit = Limiter::default();
    let (hurry, mut told) = mpsc::channel(burst);
    let turn = limit.0.clone().lock_owned().await;
    let waiting = limit.clone();
    let worker = rt::spawn(async move {
        let mut acquire = pin!(waiting.acquire());
        loop {
            rt::select! {
                _ = &mut acquire => return,
                message = told.recv() => match message {
                    // BUG: `acquire` keeps its place in the queue, and is not polled until this one is done.
                    Some(()) => drop(waiting.acquire().await),
                    None => return,
                },
            }
        }
    });
    // The worker may be gone: it has its permit.
    let _ = hurry.send(()).await;
    drop(turn);
    drop(hurry);
    worker.await.expect("the worker does not panic");
}
