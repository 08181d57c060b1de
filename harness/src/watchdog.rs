//! A search on a thread of its own, watched: code under test that never comes back cannot be stopped,
//! but it can be reported.
//!
//! The only place, besides the limit of time, where a search meets the clock.

use crate::verdict::Problem;
use selvedge_rt::check::engine::Site;
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a watched thread shows of itself. Written by that thread only.
#[derive(Debug, Default)]
pub(crate) struct Heart {
    beats: AtomicU64,
    task: AtomicUsize,
    /// Spawn site of each task of the running execution.
    sites: Mutex<Vec<Site>>,
}

thread_local! {
    static HEART: RefCell<Arc<Heart>> = RefCell::default();
}

impl Heart {
    /// The heart of this thread; one that nobody listens to where it is not watched.
    pub fn mine() -> Arc<Heart> {
        HEART.with(|heart| heart.borrow().clone())
    }

    /// Task `t` goes on, or did an operation.
    pub fn beat(&self, t: usize) {
        // One writer: no read-modify-write is needed.
        self.beats.store(self.beats.load(Relaxed).wrapping_add(1), Relaxed);
        self.task.store(t, Relaxed);
    }

    /// A new execution begins.
    pub fn begin(&self) {
        self.sites().clear();
    }

    /// A task was spawned.
    pub fn spawned(&self, site: Site) {
        self.sites().push(site);
    }

    fn sites(&self) -> std::sync::MutexGuard<'_, Vec<Site>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> String {
        match self.sites().get(self.task.load(Relaxed)) {
            Some(site) => format!("the task spawned at {}:{}", site.file(), site.line()),
            None => "the root".into(),
        }
    }
}

/// Runs `work` on a thread of its own and waits for it; gives up on it, and leaves the thread behind,
/// where the code under test is silent for `silence`.
///
/// # Panics
///
/// With what `work` panics with.
pub(crate) fn watch<T: Send + 'static>(
    silence: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let heart = Arc::new(Heart::default());
    let (done, wait) = channel();
    let its = heart.clone();
    let thread = std::thread::spawn(move || {
        HEART.set(its);
        // The receiver is gone where the watch gave up.
        let _ = done.send(work());
    });
    let mut last = None;
    loop {
        match wait.recv_timeout(silence) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => {
                let panic = thread.join().expect_err("a thread that sent nothing has panicked");
                resume_unwind(panic);
            }
            Err(RecvTimeoutError::Timeout) => {
                let beats = heart.beats.load(Relaxed);
                if last.replace(beats) == Some(beats) {
                    let seconds = silence.as_secs();
                    return Err(Problem::NeverYields { task: heart.running(), seconds });
                }
            }
        }
    }
}
