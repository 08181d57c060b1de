//! Wrong: one bad item ends its branch, and nobody looks at how a branch ended. With the last branch
//! gone, the rest of the source is dropped in silence.
//!
//! Checklist: error handling. Law: `SwallowedError`, where the check watches for [`Bad`].

use rt::async_channel::{Receiver, bounded};
use rt::sync::mpsc;
use selvedge_rt as rt;

/// An item that cannot be worked on.
#[derive(Debug)]
pub struct Bad;

/// Works on one item; item 0 is bad.
fn work(item: u64) -> Result<u64, Bad> {
    if item == 0 { Err(Bad) } else { Ok(item * 10) }
}

/// Works until the source ends.
async fn branch(source: Receiver<u64>, output: mpsc::Sender<u64>) -> Result<(), Bad> {
    while let Ok(item) = source.recv().await {
        // BUG: `?` ends the branch and not only the item, and the error goes where nobody looks.
        // (Right: send the `Result` on, and let the consumer decide.)
        let value = work(item)?;
        if output.send(value).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Offers `jobs` items, reads the values to their end, and takes out what is left of the source.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (offer, source) = bounded(buffer);
    let (output, mut values) = mpsc::channel(buffer);
    for _ in 0..workers {
        // The values end when the last branch does: a reason to wait for that only, and to miss why.
        drop(rt::spawn(branch(source.clone(), output.clone())));
    }
    drop(output);
    let producer = rt::spawn(async move {
        for item in 0..jobs {
            offer.send(item).await.expect("the caller holds the source too");
        }
    });
    while values.recv().await.is_some() {}
    while source.recv().await.is_ok() {}
    producer.await.expect("the producer does not panic");
}
