//! The runtimes that a claim is checked on.

use std::future::Future;
use std::time::Duration;

/// Longer than any test: what is left then hangs. On a paused clock it passes at once.
const HANGS: Duration = Duration::from_secs(30);

/// Runs `body` on one thread with a paused clock.
#[track_caller]
pub(crate) fn on_one_thread<Fut: Future>(body: impl FnOnce() -> Fut) -> Fut::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(HANGS, body()).await.expect("it hangs") })
}

/// Runs `body` on one thread with a paused clock, and many times on several threads.
#[track_caller]
pub(crate) fn on_every_runtime<Fut: Future>(body: impl Fn() -> Fut) {
    on_one_thread(&body);
    on_several_threads(body);
}

/// Runs `body` many times on several threads, with the real clock.
#[track_caller]
pub(crate) fn on_several_threads<Fut: Future>(body: impl Fn() -> Fut) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_time()
        .build()
        .unwrap();
    for _ in 0..50 {
        runtime.block_on(async { tokio::time::timeout(HANGS, body()).await.expect("it hangs") });
    }
}

/// Waits until every other task waits. On a paused clock only.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
