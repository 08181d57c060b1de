//! Wrong: the splitter and the merger take the same two locks in opposite order.
//!
//! Checklist: lock ordering. Law: `LockOrder`, though no schedule deadlocks today: the merger happens to
//! wait for the whole batch. Once it takes items as they come, it does.

use rt::sync::{Mutex, Notify};
use selvedge_rt as rt;
use std::sync::Arc;

/// Items on their way.
#[derive(Default)]
struct Books {
    /// Handed to a branch.
    split: Mutex<Vec<u64>>,
    /// Back from one.
    merged: Mutex<Vec<u64>>,
    /// The batch is handed out.
    batch: Notify,
}

/// Hands out `0..jobs`, but for what is back already.
async fn split(books: Arc<Books>, jobs: u64) {
    for item in 0..jobs {
        let mut split = books.split.lock().await;
        let merged = books.merged.lock().await;
        if !merged.contains(&item) {
            split.push(item);
        }
    }
    books.batch.notify_one();
}

/// Takes back what was handed out.
async fn merge(books: Arc<Books>) {
    books.batch.notified().await;
    // BUG: the splitter takes `split` first, and `merged` while it holds that. (Right: the same order
    // here, whichever is needed first.)
    let mut merged = books.merged.lock().await;
    let mut split = books.split.lock().await;
    merged.append(&mut split);
}

/// Splits `jobs` items and merges them again.
pub async fn scenario(_workers: usize, jobs: u64, _buffer: usize) {
    let books = Arc::new(Books::default());
    let splitter = rt::spawn(split(books.clone(), jobs));
    let merger = rt::spawn(merge(books.clone()));
    splitter.await.expect("the splitter does not panic");
    merger.await.expect("the merger does not panic");
    assert_eq!(*books.merged.lock().await, (0..jobs).collect::<Vec<_>>());
}
