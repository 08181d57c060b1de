//! One wrong variant of each pattern, as small as it can be.

use super::basics::workers;
use super::peer::sync::{Condvar, Mutex};
use super::peer::thread;
use super::queue::Queue;
use std::sync::Arc;

/// Two workers hear the cancel while they wait for a job (the jobs are taken away), but not while they
/// deliver a result. Whoever cancels joins them before it reads on.
pub fn bare_result_send() {
    let (jobs, results) = (Queue::new(3, 1), Queue::new(1, 2));
    let workers = workers(&jobs, &results);
    for job in 1..=3 {
        jobs.send(job);
    }
    jobs.close();
    results.recv().unwrap();
    jobs.drain();
    for worker in workers {
        worker.join().unwrap();
    }
    results.drain();
}

/// The merge of two sources takes the end of one for the end of both.
pub fn ends_on_first_none() {
    let merged = Queue::new(4, 2);
    let sources = [1, 2].map(|item| {
        let merged = merged.clone();
        thread::spawn(move || {
            merged.send(Some(item));
            merged.send(None);
        })
    });
    let mut items = 0;
    while let Some(Some(_)) = merged.recv() {
        items += 1;
    }
    for source in sources {
        source.join().unwrap();
    }
    assert_eq!(items, 2);
}

/// Two stages note on one board who is busy, and keep it locked while they wait for room in their output.
pub fn guard_over_send() {
    let busy = Arc::new(Mutex::new([false; 2]));
    let queues = [2, 1, 2].map(|capacity| Queue::new(capacity, 1));
    for item in 1..=2 {
        queues[0].send(item);
    }
    queues[0].close();
    let stages = [0, 1].map(|place| {
        let (input, output) = (queues[place].clone(), queues[place + 1].clone());
        let busy = busy.clone();
        thread::spawn(move || {
            loop {
                busy.lock().unwrap()[place] = false;
                let Some(item) = input.recv() else { break };
                let mut busy = busy.lock().unwrap();
                busy[place] = true;
                output.send(item + 10);
            }
            output.close();
        })
    });
    for stage in stages {
        stage.join().unwrap();
    }
}

/// A thread that fails cancels the other first and records the cause second; the other records its
/// reaction.
pub fn cancel_then_record() {
    let token = Arc::new((Mutex::new(false), Condvar::new()));
    let cause = Arc::new(Mutex::new(None));
    let (heard, first) = (token.clone(), cause.clone());
    let reacts = thread::spawn(move || {
        let mut cancelled = heard.0.lock().unwrap();
        while !*cancelled {
            cancelled = heard.1.wait(cancelled).unwrap();
        }
        drop(cancelled);
        first.lock().unwrap().get_or_insert("cancelled");
    });
    let first = cause.clone();
    let fails = thread::spawn(move || {
        *token.0.lock().unwrap() = true;
        token.1.notify_all();
        first.lock().unwrap().get_or_insert("failed");
    });
    reacts.join().unwrap();
    fails.join().unwrap();
    assert_eq!(*cause.lock().unwrap(), Some("failed"));
}

/// Two look whether the one permit is there, wait, and take it. The wait is none here: there is no clock.
pub fn check_then_wait() {
    let used = Arc::new(Mutex::new(0));
    let threads = [(); 2].map(|()| {
        let used = used.clone();
        thread::spawn(move || {
            let free = *used.lock().unwrap() == 0;
            if free {
                *used.lock().unwrap() += 1;
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*used.lock().unwrap(), 1);
}

/// A door, and how many are inside. Locks and no atomics, because loom takes `SeqCst` for `AcqRel`, and so
/// finds a violation where the code is right too.
struct Door {
    closed: Mutex<bool>,
    inside: Mutex<u32>,
    empty: Condvar,
}

impl Door {
    fn open() -> Arc<Door> {
        let (closed, inside) = (Mutex::new(false), Mutex::new(0));
        Arc::new(Door { closed, inside, empty: Condvar::new() })
    }

    /// Looks whether it is open, and counts afterwards: in between it may be closed and found empty.
    fn enter(&self) -> bool {
        let open = !*self.closed.lock().unwrap();
        *self.inside.lock().unwrap() += 1;
        if !open {
            self.leave();
        }
        open
    }

    fn leave(&self) {
        *self.inside.lock().unwrap() -= 1;
        self.empty.notify_all();
    }

    fn shut(&self) {
        *self.closed.lock().unwrap() = true;
        let mut inside = self.inside.lock().unwrap();
        while *inside > 0 {
            inside = self.empty.wait(inside).unwrap();
        }
    }
}

/// What was accepted is done when the shutdown is; but the look and the count are two steps.
pub fn closed_check_not_atomic() {
    let (door, done) = (Door::open(), Arc::new(Mutex::new(0)));
    let (entered, counted) = (door.clone(), done.clone());
    let caller = thread::spawn(move || {
        let accepted = entered.enter();
        if accepted {
            *counted.lock().unwrap() += 1;
            entered.leave();
        }
        accepted
    });
    door.shut();
    let done = *done.lock().unwrap();
    assert_eq!(u32::from(caller.join().unwrap()), done);
}
