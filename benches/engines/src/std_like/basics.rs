//! Three bugs that every course has, and a pool that has none.

use super::peer::sync::{Condvar, Mutex};
use super::peer::thread::{self, JoinHandle};
use super::queue::Queue;
use std::sync::Arc;

/// Two threads read under one lock and write under another.
pub fn lost_update() {
    let counter = Arc::new(Mutex::new(0));
    let threads = [(); 2].map(|()| {
        let counter = counter.clone();
        thread::spawn(move || {
            let seen = *counter.lock().unwrap();
            *counter.lock().unwrap() = seen + 1;
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*counter.lock().unwrap(), 2);
}

/// Two threads take two locks in opposite orders.
pub fn ab_ba() {
    let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let threads = [(a.clone(), b.clone()), (b, a)].map(|(first, second)| {
        thread::spawn(move || {
            let _first = first.lock().unwrap();
            let _second = second.lock().unwrap();
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

/// One looks and then waits; the other may tell it in between.
pub fn lost_wakeup() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let seen = shared.clone();
    let waiter = thread::spawn(move || {
        let ready = *seen.0.lock().unwrap();
        if !ready {
            let guard = seen.0.lock().unwrap();
            drop(seen.1.wait(guard).unwrap());
        }
    });
    *shared.0.lock().unwrap() = true;
    shared.1.notify_all();
    waiter.join().unwrap();
}

/// Two workers, which do jobs until there are no more.
pub fn workers(jobs: &Arc<Queue<u32>>, results: &Arc<Queue<u32>>) -> [JoinHandle<()>; 2] {
    [(); 2].map(|()| {
        let (jobs, results) = (jobs.clone(), results.clone());
        thread::spawn(move || {
            while let Some(job) = jobs.recv() {
                results.send(job * 10);
            }
            results.close();
        })
    })
}

/// Two workers, two jobs: correct.
pub fn pool() {
    let (jobs, results) = (Queue::new(2, 1), Queue::new(2, 2));
    let workers = workers(&jobs, &results);
    for job in 1..=2 {
        jobs.send(job);
    }
    jobs.close();
    let mut sum = 0;
    while let Some(result) = results.recv() {
        sum += result;
    }
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(sum, 30);
}
