//! Bugs that every course has, and a pool that has none.

use std::sync::Arc;
use traceforge::channel::{Builder, Receiver, Sender};
use traceforge::msg::Message;
use traceforge::sync::Mutex;
use traceforge::thread::{self, JoinHandle};

fn channel<T: Message + Clone + 'static>() -> (Sender<T>, Receiver<T>) {
    Builder::new().build()
}

/// Two threads read under one lock and write under another.
pub fn lost_update() {
    let counter = Arc::new(Mutex::new(0));
    let threads = [(); 2].map(|()| {
        let counter = counter.clone();
        thread::spawn(move || {
            let seen = *counter.blocking_lock();
            // BUG: the other may have written since. (Right: `*counter.blocking_lock() += 1`.)
            *counter.blocking_lock() = seen + 1;
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*counter.blocking_lock(), 2);
}

/// Two threads take two locks in opposite orders.
pub fn ab_ba() {
    let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    // BUG: each may hold what the other waits for. (Right: `(a, b)` for both.)
    let threads = [(a.clone(), b.clone()), (b, a)].map(|(first, second)| {
        thread::spawn(move || {
            let _first = first.blocking_lock();
            let _second = second.blocking_lock();
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

/// One looks and then leaves word where it waits; the other may tell those who wait in between.
pub fn lost_wakeup() {
    let (ready, waiting) = (Arc::new(Mutex::new(false)), Arc::new(Mutex::new(Vec::new())));
    let (seen, waits) = (ready.clone(), waiting.clone());
    let waiter = thread::spawn(move || {
        // BUG: what it saw may have changed before the word is left. (Right: keep it locked until then.)
        let ready = *seen.blocking_lock();
        if !ready {
            let (wake, woken) = channel::<()>();
            waits.blocking_lock().push(wake);
            woken.recv_msg_block();
        }
    });
    *ready.blocking_lock() = true;
    for wake in waiting.blocking_lock().drain(..) {
        wake.send_msg(());
    }
    waiter.join().unwrap();
}

/// Where a worker asks for a job: the job, or the end, goes to where it says.
type Ask = Sender<Option<u32>>;

/// Asks for jobs until the end, and delivers each.
fn worker(desk: Sender<Ask>, deliver: Sender<u32>) -> JoinHandle<()> {
    thread::spawn(move || {
        let (reply, jobs) = channel();
        loop {
            desk.send_msg(reply.clone());
            let Some(job) = jobs.recv_msg_block() else { return };
            deliver.send_msg(job * 10);
        }
    })
}

/// Two workers, two jobs: correct.
pub fn pool_2x2() {
    let (desk, asks) = channel::<Ask>();
    let (deliver, results) = channel();
    let workers = [(); 2].map(|()| worker(desk.clone(), deliver.clone()));
    for job in [Some(1), Some(2), None, None] {
        asks.recv_msg_block().send_msg(job);
    }
    let sum = results.recv_msg_block() + results.recv_msg_block();
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(sum, 30);
}
