//! Threads that are joined together.

use std::sync::Arc;
use traceforge::msg::Message;
use traceforge::sync::Mutex;
use traceforge::thread::{self, JoinHandle};

/// Waits for all of them.
pub fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("a panic is the end of the exploration");
    }
}

/// How many threads are still at work. TraceForge minds no thread that nobody joins, as long as it ends.
#[derive(Clone)]
pub struct AtWork(Arc<Mutex<u32>>);

impl AtWork {
    pub fn nobody() -> AtWork {
        AtWork(Arc::new(Mutex::new(0)))
    }

    /// Starts a thread that counts until it ends.
    pub fn spawn<T: Message + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        *self.0.blocking_lock() += 1;
        let count = self.0.clone();
        thread::spawn(move || {
            let ended = work();
            *count.blocking_lock() -= 1;
            ended
        })
    }

    /// Where all must be over.
    pub fn assert_nobody(&self) {
        assert_eq!(*self.0.blocking_lock(), 0, "still at work when all is said to be over");
    }
}
