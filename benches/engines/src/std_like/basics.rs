//! Three bugs that every course has, and a pool that has none.

use super::crew::{crew, each, join};
use super::peer::sync::{Condvar, Mutex};
use super::peer::thread;
use super::queue::queue;
use std::sync::Arc;

/// Two threads read under one lock and write under another.
pub fn lost_update() {
    let counter = Arc::new(Mutex::new(0));
    let threads = crew(2, counter.clone(), |_, counter| {
        // BUG: the guard is gone between the two. (Right: one guard, `*counter.lock().unwrap() += 1`.)
        let seen = *counter.lock().unwrap();
        *counter.lock().unwrap() = seen + 1;
    });
    join(threads);
    assert_eq!(*counter.lock().unwrap(), 2);
}

/// Two threads take two locks in opposite orders.
pub fn ab_ba() {
    let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    // BUG: the other way round. (Right: both in one order.)
    let threads = each(vec![(a.clone(), b.clone()), (b, a)], |_, (first, second)| {
        let _first = first.lock().unwrap();
        let _second = second.lock().unwrap();
    });
    join(threads);
}

/// One looks and then waits; the other may tell it in between.
pub fn lost_wakeup() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let seen = shared.clone();
    let waiter = thread::spawn(move || {
        let ready = *seen.0.lock().unwrap();
        if !ready {
            // BUG: a lock of its own for the wait. (Right: the guard of the look.)
            let guard = seen.0.lock().unwrap();
            drop(seen.1.wait(guard).unwrap());
        }
    });
    *shared.0.lock().unwrap() = true;
    shared.1.notify_all();
    waiter.join().unwrap();
}

/// Two workers, two jobs: correct.
pub fn pool_2x2() {
    let (submit, jobs) = queue(2);
    let (deliver, results) = queue(2);
    let workers = crew(2, (jobs, deliver), |_, (jobs, deliver)| {
        while let Some(job) = jobs.recv() {
            deliver.send(job * 10).unwrap();
        }
    });
    for job in 1..=2 {
        submit.send(job).unwrap();
    }
    drop(submit);
    let mut sum = 0;
    while let Some(result) = results.recv() {
        sum += result;
    }
    join(workers);
    assert_eq!(sum, 30);
}
