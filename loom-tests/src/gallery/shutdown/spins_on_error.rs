//! Wrong: whatever the listener says, the acceptor asks it again at once.
//!
//! Checklist: error handling. Law: `Livelock`. On a real runtime it takes a whole core, and on one thread
//! everything else with it, the signal too.

use rt::async_channel::{Receiver, unbounded};
use rt::sync::CancellationToken;
use rt::time::{Duration, sleep};
use selvedge_rt as rt;

/// Accepts connections until the drain begins. A closed channel stands for a listener that fails.
async fn accept(listener: Receiver<u64>, drain: CancellationToken) {
    while !drain.is_cancelled() {
        // BUG: an error that stays comes back at once, every time. (Right: it ends the loop, or a pause
        // that hears the drain comes before the next try.)
        let Ok(_connection) = listener.recv().await else { continue };
    }
}

/// Has connections come, then none ever again; the signal comes a while later.
pub async fn scenario(workers: usize, jobs: u64, _buffer: usize) {
    let drain = CancellationToken::new();
    let (connect, listener) = unbounded();
    let acceptors: Vec<_> =
        (0..workers).map(|_| rt::spawn(accept(listener.clone(), drain.clone()))).collect();
    for connection in 0..jobs {
        connect.send(connection).await.expect("the acceptors listen");
    }
    drop(connect);

    sleep(Duration::from_millis(200)).await;
    drain.cancel();
    for acceptor in acceptors {
        acceptor.await.expect("no acceptor panics");
    }
    while listener.try_recv().is_ok() {}
}
