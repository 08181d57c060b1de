//! The README's example: a producer that can be stopped, and loses what it was about to send.

use rt::sync::{CancellationToken, mpsc};
use selvedge::{Check, Report};
use selvedge_rt as rt;

/// Sends numbers until it is told to stop; returns how many were sent.
async fn produce(tx: mpsc::Sender<u32>, stop: CancellationToken) -> u32 {
    let mut sent = 0;
    while sent < 3 {
        rt::select! {
            () = stop.cancelled() => break,
            result = tx.send(sent) => match result {
                Ok(()) => sent += 1,
                Err(_) => break,
            },
        }
    }
    sent
}

/// What a test of it looks like.
pub fn check() -> Report {
    Check::new("produce").explore(|| async {
        let (tx, mut rx) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let producer = rt::spawn(produce(tx, stop.clone()));

        let first = rx.recv().await;
        stop.cancel();
        let sent = producer.await.unwrap();
        let mut received = u32::from(first.is_some());
        while rx.recv().await.is_some() {
            received += 1;
        }
        assert_eq!(received, sent);
    })
}

fn main() {
    println!("{}", check());
}
