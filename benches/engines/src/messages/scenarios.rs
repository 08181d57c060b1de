//! What the other files of scenarios say, in messages.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use traceforge::channel::{Builder, Receiver, Sender};
use traceforge::msg::Message;
use traceforge::sync::Mutex;
use traceforge::sync::atomic::AtomicBool;
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

/// Asks for jobs until the end, and does each.
fn worker(desk: Sender<Ask>, mut done: impl FnMut(u32) + Send + 'static) -> JoinHandle<()> {
    thread::spawn(move || {
        let (reply, jobs) = channel();
        loop {
            desk.send_msg(reply.clone());
            let Some(job) = jobs.recv_msg_block() else { return };
            done(job * 10);
        }
    })
}

/// Two workers hear from the foreman that they are cancelled, but not while they wait until a result is
/// taken. Whoever cancels joins them before it reads on.
pub fn bare_result_send() {
    let (desk, asks) = channel::<Ask>();
    let cancelled = AtomicBool::new(false);
    let (results, taken) = channel::<(u32, Sender<()>)>();
    let workers = [(); 2].map(|()| {
        let results = results.clone();
        worker(desk.clone(), move |result| {
            let (take, thanks) = channel();
            results.send_msg((result, take));
            thanks.recv_msg_block();
        })
    });
    let told = cancelled.clone();
    let foreman = thread::spawn(move || {
        let (mut jobs, mut workers) = (1..=3, 2);
        while workers > 0 {
            let reply = asks.recv_msg_block();
            let job = if told.load(SeqCst) { None } else { jobs.next() };
            workers -= u32::from(job.is_none());
            reply.send_msg(job);
        }
    });
    let (_, take) = taken.recv_msg_block();
    take.send_msg(());
    cancelled.store(true, SeqCst);
    for worker in workers {
        worker.join().unwrap();
    }
    foreman.join().unwrap();
}

/// The merge of two sources takes the end of one for the end of both.
pub fn ends_on_first_none() {
    let (merged, merge) = channel();
    let sources = [1, 2].map(|item| {
        let merged = merged.clone();
        thread::spawn(move || {
            merged.send_msg(Some(item));
            merged.send_msg(None);
        })
    });
    let mut items = 0;
    while let Some(_item) = merge.recv_msg_block() {
        items += 1;
    }
    for source in sources {
        source.join().unwrap();
    }
    assert_eq!(items, 2);
}

/// Two stages note on one board who is busy; the first keeps it locked until the second has its item.
pub fn guard_over_send() {
    let busy = Arc::new(Mutex::new([false; 2]));
    let (output, input) = channel::<(u32, Sender<()>)>();
    let board = busy.clone();
    let first = thread::spawn(move || {
        let (take, thanks) = channel();
        let mut busy = board.blocking_lock();
        busy[0] = true;
        output.send_msg((11, take));
        thanks.recv_msg_block();
    });
    let second = thread::spawn(move || {
        busy.blocking_lock()[1] = false;
        let (_item, take) = input.recv_msg_block();
        take.send_msg(());
        busy.blocking_lock()[1] = true;
    });
    first.join().unwrap();
    second.join().unwrap();
}

/// A thread that fails cancels the other first and records the cause second; the other records its
/// reaction.
pub fn cancel_then_record() {
    let (cancel, cancelled) = channel::<()>();
    let cause = Arc::new(Mutex::new(None));
    let first = cause.clone();
    let reacts = thread::spawn(move || {
        cancelled.recv_msg_block();
        first.blocking_lock().get_or_insert("cancelled");
    });
    let first = cause.clone();
    let fails = thread::spawn(move || {
        cancel.send_msg(());
        first.blocking_lock().get_or_insert("failed");
    });
    reacts.join().unwrap();
    fails.join().unwrap();
    assert_eq!(*cause.blocking_lock(), Some("failed"));
}

/// Two look whether the one permit is there, wait, and take it. The wait is none here: there is no clock.
pub fn check_then_wait() {
    let used = Arc::new(Mutex::new(0));
    let threads = [(); 2].map(|()| {
        let used = used.clone();
        thread::spawn(move || {
            let free = *used.blocking_lock() == 0;
            if free {
                *used.blocking_lock() += 1;
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*used.blocking_lock(), 1);
}

/// A door, and how many are inside; the last one out says so.
#[derive(Clone)]
struct Door {
    closed: AtomicBool,
    inside: Arc<Mutex<u32>>,
    empty: (Sender<()>, Receiver<()>),
}

impl Door {
    fn open() -> Door {
        let (closed, inside) = (AtomicBool::new(false), Arc::new(Mutex::new(0)));
        Door { closed, inside, empty: channel() }
    }

    /// Looks whether it is open, and counts afterwards: in between it may be closed and found empty.
    fn enter(&self) -> bool {
        let open = !self.closed.load(SeqCst);
        *self.inside.blocking_lock() += 1;
        if !open {
            self.leave();
        }
        open
    }

    fn leave(&self) {
        let mut inside = self.inside.blocking_lock();
        *inside -= 1;
        if *inside == 0 {
            self.empty.0.send_msg(());
        }
    }

    fn shut(&self) {
        self.closed.store(true, SeqCst);
        while *self.inside.blocking_lock() > 0 {
            self.empty.1.recv_msg_block();
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
            *counted.blocking_lock() += 1;
            entered.leave();
        }
        accepted
    });
    door.shut();
    let done = *done.blocking_lock();
    assert_eq!(u32::from(caller.join().unwrap()), done);
}

/// Two workers, two jobs: correct.
pub fn pool() {
    let (desk, asks) = channel::<Ask>();
    let (deliver, results) = channel();
    let workers = [(); 2].map(|()| {
        let deliver = deliver.clone();
        worker(desk.clone(), move |result| deliver.send_msg(result))
    });
    for job in [Some(1), Some(2), None, None] {
        asks.recv_msg_block().send_msg(job);
    }
    let sum = results.recv_msg_block() + results.recv_msg_block();
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(sum, 30);
}
