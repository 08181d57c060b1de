//! Wrong: the merge takes the end of one source for the end of all.
//!
//! Checklist: channel ownership. Law: `LostItem`: what the other source still has is dropped with it.

use rt::sync::mpsc;
use selvedge_rt as rt;

/// Merges two sources until both have ended.
async fn merge(mut a: mpsc::Receiver<u64>, mut b: mpsc::Receiver<u64>, merged: mpsc::Sender<u64>) {
    let (mut a_open, mut b_open) = (true, true);
    while a_open || b_open {
        let next = rt::select! {
            next = a.recv(), if a_open => {
                a_open = next.is_some();
                next
            }
            next = b.recv(), if b_open => {
                b_open = next.is_some();
                next
            }
        };
        // BUG: this is the end of one of them; the other may have items. (Right: `continue`.)
        let Some(item) = next else { return };
        if merged.send(item).await.is_err() {
            return;
        }
    }
}

/// A source of `jobs` items that is at its end after them.
fn source(jobs: u64) -> mpsc::Receiver<u64> {
    let (fill, source) = mpsc::channel(jobs as usize);
    for item in 0..jobs {
        fill.try_send(item).expect("there is room for all");
    }
    source
}

/// Merges a source of `jobs` items with one of a single item, and reads to the end. Needs two jobs.
pub async fn scenario(_workers: usize, jobs: u64, buffer: usize) {
    let (deliver, mut merged) = mpsc::channel(buffer);
    let merge = rt::spawn(merge(source(jobs), source(1), deliver));
    while merged.recv().await.is_some() {}
    merge.await.expect("the merge does not panic");
}
