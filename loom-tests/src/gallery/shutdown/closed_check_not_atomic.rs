//! Wrong: admission looks whether the door is open, and counts the job afterwards. The shutdown may close
//! the door and see a count of zero in between; it is over, and then the job starts.
//!
//! Checklist: channel ownership. Law: `Panic`: no law knows what "accepted" means here, so the scenario
//! asserts the contract itself (what was accepted is done when the shutdown is).

use rt::sync::Notify;
use rt::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use rt::task::JoinSet;
use selvedge::Record;
use selvedge_rt as rt;
use std::sync::Arc;

/// The door, and how many are inside.
#[derive(Default)]
struct Door {
    closed: AtomicBool,
    inside: AtomicUsize,
    /// The last one out says so here.
    empty: Notify,
}

impl Door {
    /// Whether one may go in.
    fn enter(&self) -> bool {
        // BUG: between these two lines the door may be closed and found empty. (Right: count first, look
        // then, and leave again where it is closed.)
        let open = !self.closed.load(SeqCst);
        self.inside.fetch_add(1, SeqCst);
        if !open {
            self.leave();
        }
        open
    }

    fn leave(&self) {
        if self.inside.fetch_sub(1, SeqCst) == 1 {
            self.empty.notify_one();
        }
    }

    /// Closes the door and waits for those inside.
    async fn shut(&self) {
        self.closed.store(true, SeqCst);
        while self.inside.load(SeqCst) > 0 {
            self.empty.notified().await;
        }
    }
}

/// Callers do their jobs while the door is shut on them.
pub async fn scenario(workers: usize, jobs: u64, _buffer: usize) {
    let (door, done) = (Arc::new(Door::default()), Record::distinct("done"));
    let mut callers = JoinSet::new();
    for caller in 0..workers {
        let (door, done) = (door.clone(), done.clone());
        callers.spawn(async move {
            let mut accepted = 0;
            for job in 0..jobs {
                if door.enter() {
                    accepted += 1;
                    done.note((caller, job));
                    door.leave();
                }
            }
            accepted
        });
    }
    door.shut().await;
    let done = done.sorted().len();
    let mut accepted = 0;
    while let Some(caller) = callers.join_next().await {
        accepted += caller.expect("no caller panics");
    }
    assert_eq!(accepted, done, "what was accepted is done when the shutdown is");
}
