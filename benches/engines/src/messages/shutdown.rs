//! A graceful shutdown: an acceptor and two workers around a queue with room for one job, and a signal that
//! may come at any time.

use crate::messages::crew::{AtWork, join};
use crate::messages::queue::{Item, Queue, Sender, bounded};
use crate::messages::record::Record;
use crate::messages::token::Token;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use traceforge::channel::{Builder, Receiver, Sender as Tell};
use traceforge::msg::Message;
use traceforge::sync::Mutex;
use traceforge::sync::atomic::AtomicBool;
use traceforge::thread::{self, JoinHandle};

const WORKERS: u32 = 2;
const JOBS: u32 = 3;
const BUFFER: usize = 1;

/// Starts the workers.
fn start<T: Message + 'static>(
    queue: &Queue,
    work: impl Fn(&Queue) -> T + Clone + Send + 'static,
) -> Vec<JoinHandle<T>> {
    let worker = |_| {
        let (queue, work) = (queue.clone(), work.clone());
        thread::spawn(move || work(&queue))
    };
    (0..WORKERS).map(worker).collect()
}

/// Accepts jobs until the drain begins, or there are no more; how many that were.
fn accept(queue: Sender) -> JoinHandle<usize> {
    thread::spawn(move || (0..JOBS).take_while(|job| queue.send_or_cancel(*job).is_ok()).count())
}

/// Looks for the drain between two jobs, and waits for room deaf.
fn accept_deaf(queue: Sender) -> JoinHandle<()> {
    thread::spawn(move || {
        for job in 0..JOBS {
            if queue.is_cancelled() || queue.send(job).is_err() {
                return;
            }
        }
    })
}

/// Begins the drain, at any time.
fn signal(queue: &Queue) -> JoinHandle<()> {
    let drain = Token::over([queue]);
    thread::spawn(move || drain.cancel())
}

/// The shutdown returns when accepting has ended, and not when the work has.
pub fn returns_without_join() {
    let (submit, queue) = bounded(BUFFER);
    let at_work = AtWork::nobody();
    let worker = |_| {
        let queue = queue.clone();
        at_work.spawn(move || queue.drain())
    };
    let crew: Vec<_> = (0..WORKERS).map(worker).collect();
    let (acceptor, signal) = (accept(submit), signal(&queue));
    join([signal]);
    acceptor.join().unwrap();
    // BUG: nothing is accepted any more, but workers may still be busy. (Right: below the loop.)
    at_work.assert_nobody();
    for worker in crew {
        worker.join().unwrap();
    }
}

/// The acceptor looks at the drain between two jobs, but not while it waits for room.
pub fn blocking_send() {
    let (submit, queue) = bounded(BUFFER);
    let crew = start(&queue, |queue| while queue.recv_or_cancel().is_ok() {});
    let acceptor = thread::spawn(move || {
        for job in 0..JOBS {
            if submit.is_cancelled() {
                return;
            }
            // BUG: with the queue full and the workers gone, it waits here for ever. (Right: `send_or_cancel`.)
            if submit.send(job).is_err() {
                return;
            }
        }
    });
    Token::over([&queue]).cancel();
    join(crew);
    join([acceptor]);
    queue.drain();
}

/// Whatever the listener says, the acceptor asks it again at once.
pub fn spins_on_error() {
    let (connect, listener) = bounded(JOBS as usize);
    let acceptors = start(&listener, |listener| {
        for round in 0.. {
            assert!(round < 10, "goes round and round");
            if listener.is_cancelled() {
                return;
            }
            // BUG: an error that stays comes back at once, every time. (Right: `return`.)
            let Ok(_connection) = listener.recv() else { continue };
        }
    });
    for connection in 0..JOBS {
        connect.send(connection).expect("the acceptors listen");
    }
    drop(connect);
    let signal = signal(&listener);
    join(acceptors);
    join([signal]);
    listener.take_left();
}

/// The drain waits as long as the slowest job, and one is stuck.
pub fn no_deadline() {
    let (submit, queue) = bounded(BUFFER);
    let mut abort = Token::default();
    let aborted = abort.listen();
    let crew = start(&queue, move |queue| {
        while let Ok(job) = queue.recv() {
            // The first job never ends.
            if job == 0 {
                return aborted.recv_msg_block();
            }
        }
    });
    let (acceptor, signal) = (accept(submit), signal(&queue));
    acceptor.join().unwrap();
    join([signal]);
    // BUG: it waits for ever. (Right: a grace, after which comes an `abort.cancel()`.)
    join(crew);
    queue.drain();
}

/// The workers end with the drain, and leave what was accepted in the queue.
pub fn break_before_drain() {
    let (submit, queue) = bounded(BUFFER);
    let crew = start(&queue, |queue| {
        let mut done = 0;
        while queue.recv().is_ok() {
            done += 1;
            // BUG: there may be more in the queue. (Right: only its end ends a worker.)
            if queue.is_cancelled() {
                break;
            }
        }
        done
    });
    let (acceptor, signal) = (accept(submit), signal(&queue));
    let accepted = acceptor.join().unwrap();
    let done: usize = crew.into_iter().map(|worker| worker.join().unwrap()).sum();
    join([signal]);
    assert_eq!(done, accepted, "what was accepted is done when the shutdown is");
}

/// A door, and how many are inside; the last one out says so.
#[derive(Clone)]
struct Door {
    closed: AtomicBool,
    inside: Arc<Mutex<u32>>,
    empty: (Tell<()>, Receiver<()>),
}

impl Door {
    fn enter(&self) -> bool {
        // BUG: between the look and the count the door may be closed and found empty. (Right: count first, look
        // then, and leave again where it is closed.)
        if self.closed.load(SeqCst) {
            return false;
        }
        *self.inside.blocking_lock() += 1;
        true
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

/// Admission looks whether the door is open, and counts the job afterwards.
pub fn closed_check_not_atomic() {
    let (closed, inside) = (AtomicBool::new(false), Arc::new(Mutex::new(0)));
    let door = Door { closed, inside, empty: Builder::new().build() };
    let done = Record::empty();
    let caller = |_| {
        let (door, done) = (door.clone(), done.clone());
        thread::spawn(move || {
            let mut accepted = 0;
            for job in 0..JOBS {
                if door.enter() {
                    accepted += 1;
                    done.note(job);
                    door.leave();
                }
            }
            accepted
        })
    };
    let callers: Vec<_> = (0..WORKERS).map(caller).collect();
    door.shut();
    let done = done.sorted().len();
    let accepted: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
    assert_eq!(accepted, done, "what was accepted is done when the shutdown is");
}

/// The owner keeps a sender of the queue, so the queue never ends and nor does the drain.
pub fn owner_keeps_sender() {
    let (submit, queue) = bounded(BUFFER);
    let crew = start(&queue, Queue::drain);
    // BUG: a clone, where the original belongs, which lives to the end of this function. (Right: `submit`.)
    let acceptor = accept_deaf(submit.clone());
    let signal = signal(&queue);
    join([acceptor, signal]);
    for worker in crew {
        worker.join().unwrap();
    }
}

/// A worker hears the first signal, and nobody hears the second one: a stuck job goes on.
pub fn second_signal_ignored() {
    let (submit, queue) = bounded(BUFFER);
    let (drain, mut abort) = (Token::over([&queue]), Token::default());
    let (_aborted, (_source, never)) = (abort.listen(), Builder::<()>::new().build());
    let crew = start(&queue, move |queue| {
        while let Ok(job) = queue.recv_or_cancel() {
            // The first job is stuck.
            if job == 0 {
                // BUG: where the job is, nobody listens. (Right: `_aborted`.)
                return never.recv_msg_block();
            }
        }
    });
    let signals = thread::spawn(move || {
        drain.cancel();
        abort.cancel();
    });
    // Never waits: what finds no room is refused.
    for job in 0..JOBS {
        let _ = submit.try_send(job);
    }
    drop(submit);
    join([signals]);
    join(crew);
    queue.take_left();
}

/// The drain looks at the count, then begins to wait: the wakeup of the last job may come in between.
pub fn drained_before_registered() {
    let in_flight = Arc::new(Mutex::new(WORKERS * JOBS));
    let waiting = Arc::new(Mutex::new(Vec::<Tell<()>>::new()));
    let (count, to_wake) = (in_flight.clone(), waiting.clone());
    let end = move || {
        let mut jobs = count.blocking_lock();
        *jobs -= 1;
        if *jobs == 0 {
            // Reaches those that wait by now.
            to_wake.blocking_lock().drain(..).for_each(|waiter| waiter.send_msg(()));
        }
    };
    let done = Record::empty();
    let worker = |_| {
        let (end, done) = (end.clone(), done.clone());
        thread::spawn(move || {
            for job in 0..JOBS {
                done.note(job);
                end();
            }
        })
    };
    let crew: Vec<_> = (0..WORKERS).map(worker).collect();
    let (wake, woken) = Builder::new().build();
    // BUG: the last job may end after this look, and before the next line. (Right: the other way round.)
    let left = *in_flight.blocking_lock();
    waiting.blocking_lock().push(wake);
    if left > 0 {
        woken.recv_msg_block();
    }
    assert_eq!(done.sorted().len() as u32, WORKERS * JOBS);
    join(crew);
}

/// A queue of a hundred, because that has always been enough, before anybody receives.
pub fn magic_queue_100() {
    let jobs = 101;
    let mut drain = Token::default();
    let drained = drain.listen();
    // BUG: the size has no reason. (Right: `jobs as usize`; or start the worker first.)
    let (submit, queue) = bounded(100);
    let signal = thread::spawn(move || drain.cancel());
    for job in 0..jobs {
        submit.send(job).expect("the queue is open");
    }
    let worker = thread::spawn(move || queue.drain());
    drained.recv_msg_block();
    drop(submit);
    assert_eq!(worker.join().unwrap(), jobs as usize);
    join([signal]);
}

/// A clone of the handle gets a tracker of its own, where it should share one with the original.
pub fn clone_has_own_tracker() {
    /// The tasks, to be joined at the end.
    type Tracker = Arc<Mutex<Vec<JoinHandle<()>>>>;
    struct Handle {
        running: Tracker,
        at_work: AtWork,
    }
    impl Clone for Handle {
        fn clone(&self) -> Handle {
            // BUG: nobody waits for a tracker that only this clone knows. (Right: `self.running.clone()`.)
            let running = Tracker::new(Mutex::new(Vec::new()));
            Handle { running, at_work: self.at_work.clone() }
        }
    }
    impl Handle {
        /// Starts a task that serves until the drain.
        fn serve(&self, drained: Receiver<()>) {
            let task = self.at_work.spawn(move || drained.recv_msg_block());
            self.running.blocking_lock().push(task);
        }
    }
    let mut drain = Token::default();
    let running = Tracker::new(Mutex::new(Vec::new()));
    let handle = Handle { running, at_work: AtWork::nobody() };
    handle.serve(drain.listen());
    for _ in 0..WORKERS {
        handle.clone().serve(drain.listen());
    }
    drain.cancel();
    join(handle.running.blocking_lock().drain(..));
    handle.at_work.assert_nobody();
}

/// The drain names the tasks that it waits for, and keeps their list locked while it waits.
pub fn registry_locked_over_drain() {
    let (names, done) = (Arc::new(Mutex::new(BTreeSet::<Item>::new())), Record::empty());
    let task = |name| {
        names.blocking_lock().insert(name);
        let (names, done) = (names.clone(), done.clone());
        thread::spawn(move || {
            done.note(name);
            names.blocking_lock().remove(&name);
        })
    };
    let running: Vec<_> = (0..JOBS).map(task).collect();
    let waited_for = names.blocking_lock();
    // BUG: the tasks wait for the guard that is held over this. (Right: `names.blocking_lock().clone()`.)
    join(running);
    assert!(waited_for.len() as u32 <= JOBS);
    assert_eq!(done.sorted(), (0..JOBS).collect::<Vec<_>>());
}
