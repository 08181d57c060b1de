//! A graceful shutdown: the wrong variants.

use super::crew::{crew, join};
use super::peer::sync::{Condvar, Mutex};
use super::peer::thread::{self, JoinHandle};
use super::queue::{Queue, Sender, queue};
use super::token::Token;
use super::tracker::Tracker;
use std::collections::BTreeSet;
use std::sync::Arc;

const WORKERS: u64 = 2;
const JOBS: u64 = 3;
const BUFFER: usize = 1;

/// What was done.
type Done = Arc<Mutex<Vec<u64>>>;

/// Accepts jobs until the drain begins, or there are no more; returns how many.
fn accept(submit: Sender<u64>) -> JoinHandle<usize> {
    thread::spawn(move || (0..JOBS).take_while(|job| submit.send_or_cancel(*job).is_ok()).count())
}

/// Works until the queue ends.
fn work(jobs: &Queue<u64>, done: &Done) {
    while let Some(job) = jobs.recv() {
        done.lock().unwrap().push(job);
    }
}

/// A signal that may come at any time.
fn signal(drain: &Token) -> JoinHandle<()> {
    let drain = drain.clone();
    thread::spawn(move || drain.cancel())
}

/// The shutdown is over when accepting has ended, and not when the work has.
pub fn returns_without_join() {
    let (drain, running, done) = (Token::new(), Tracker::new(), Done::default());
    let (submit, jobs) = drain.queue(BUFFER);
    let with = (running.enter(), jobs, done);
    let workers = crew(WORKERS, with, |_, (_here, jobs, done)| work(&jobs, &done));
    let (acceptor, signal) = (accept(submit), signal(&drain));
    signal.join().unwrap();
    acceptor.join().unwrap();
    // BUG: one line too early. (Right: after the `join`.)
    assert_eq!(running.count(), 0, "workers run after the shutdown");
    join(workers);
}

/// The acceptor looks at the drain between two jobs, but not while it waits for room.
pub fn blocking_send() {
    let drain = Token::new();
    let (submit, jobs) = drain.queue(BUFFER);
    let workers = crew(WORKERS, jobs, |_, jobs| while jobs.recv_or_cancel().is_some() {});
    let drained = drain.clone();
    let acceptor = thread::spawn(move || {
        for job in 0..JOBS {
            if drained.is_cancelled() {
                return;
            }
            // BUG: with the queue full and the workers gone, it waits through the drain. (Right:
            // `send_or_cancel`.)
            let Ok(()) = submit.send(job) else { return };
        }
    });
    drain.cancel();
    join(workers);
    acceptor.join().unwrap();
}

/// Whatever the listener says, the acceptor asks it again at once.
pub fn spins_on_error() {
    let (drain, awake) = (Token::new(), Tracker::new());
    let (connect, listener) = queue(usize::MAX);
    let with = (awake.enter(), listener, drain.clone());
    let acceptors = crew(WORKERS, with, |_, (_awake, listener, drain)| {
        while !drain.is_cancelled() {
            // BUG: an error that stays comes back at once, every time. (Right: it ends the loop.)
            let Some(_connection) = listener.recv() else { continue };
        }
    });
    for connection in 0..JOBS {
        connect.send(connection).unwrap();
    }
    // From here on the listener fails.
    drop(connect);
    // The signal comes a while later: time passes when nobody is awake.
    awake.wait();
    drain.cancel();
    join(acceptors);
}

/// The drain waits as long as the slowest job, and one is stuck.
pub fn no_deadline() {
    let (drain, abort, done) = (Token::new(), Token::new(), Done::default());
    let (submit, jobs) = drain.queue(BUFFER);
    let workers = crew(WORKERS, (jobs, abort.clone(), done), |_, (jobs, abort, done)| {
        while let Some(job) = jobs.recv() {
            match job {
                0 => abort.cancelled(),
                job => done.lock().unwrap().push(job),
            }
        }
    });
    let (acceptor, signal) = (accept(submit), signal(&drain));
    acceptor.join().unwrap();
    signal.join().unwrap();
    // BUG: no deadline, after which somebody aborts. (Right: `abort.cancel()` before this.)
    join(workers);
}

/// The workers end with the drain, and leave what was accepted in the queue.
pub fn break_before_drain() {
    let (drain, done) = (Token::new(), Done::default());
    let (submit, jobs) = drain.queue(BUFFER);
    let with = (jobs, done.clone(), drain.clone());
    let workers = crew(WORKERS, with, |_, (jobs, done, drain)| {
        while let Some(job) = jobs.recv() {
            done.lock().unwrap().push(job);
            // BUG: there may be more in the queue. (Right: only its end ends a worker.)
            if drain.is_cancelled() {
                return;
            }
        }
    });
    let (acceptor, signal) = (accept(submit), signal(&drain));
    let accepted = acceptor.join().unwrap();
    join(workers);
    signal.join().unwrap();
    assert_eq!(done.lock().unwrap().len(), accepted, "accepted, and not done");
}

/// A door, and how many are inside.
struct Door {
    closed: Mutex<bool>,
    inside: Mutex<u32>,
    empty: Condvar,
}

impl Door {
    fn open() -> Door {
        Door { closed: Mutex::new(false), inside: Mutex::new(0), empty: Condvar::new() }
    }

    fn enter(&self) -> bool {
        // BUG: between these two lines it may be closed and found empty. (Right: count first, look then.)
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

/// Whoever enters looks whether the door is open and counts itself afterwards: a job slips in between.
pub fn closed_check_not_atomic() {
    let (door, done) = (Arc::new(Door::open()), Done::default());
    let callers = crew(WORKERS, (door.clone(), done.clone()), |_, (door, done)| {
        let serve = |job: &u64| {
            let accepted = door.enter();
            if accepted {
                done.lock().unwrap().push(*job);
                door.leave();
            }
            accepted
        };
        (0..JOBS).filter(serve).count()
    });
    door.shut();
    let done = done.lock().unwrap().len();
    let accepted: usize = join(callers).iter().sum();
    assert_eq!(accepted, done, "what was accepted is done when the shutdown is");
}

/// The owner keeps a sender of the queue, so the queue never ends and nor does the drain.
pub fn owner_keeps_sender() {
    let (drain, done) = (Token::new(), Done::default());
    let (submit, jobs) = drain.queue(BUFFER);
    let workers = crew(WORKERS, (jobs, done), |_, (jobs, done)| work(&jobs, &done));
    // BUG: the original lives to the end of this function. (Right: `submit` itself.)
    let (acceptor, signal) = (accept(submit.clone()), signal(&drain));
    acceptor.join().unwrap();
    signal.join().unwrap();
    join(workers);
}

/// A worker hears the first signal, and a stuck job hears no second one.
pub fn second_signal_ignored() {
    let (drain, abort) = (Token::new(), Token::new());
    let (submit, jobs) = drain.queue(BUFFER);
    let workers = crew(WORKERS, (jobs.clone(), abort.clone()), |_, (jobs, _abort)| {
        while let Some(job) = jobs.recv_or_cancel() {
            if job == 0 {
                // BUG: where the job is, nobody listens. (Right: `_abort.cancelled()`.)
                Token::new().cancelled();
            }
        }
    });
    let signals = thread::spawn(move || {
        drain.cancel();
        abort.cancel();
    });
    for job in 0..JOBS {
        // What finds no room is refused.
        let _ = submit.try_send(job);
    }
    drop(submit);
    signals.join().unwrap();
    join(workers);
}

/// How many jobs are in flight.
struct InFlight {
    jobs: Mutex<u64>,
    empty: Condvar,
}

/// The drain looks at the count, then begins to wait; the last job may end in between.
pub fn drained_before_registered() {
    let jobs = Mutex::new(WORKERS * JOBS);
    let in_flight = Arc::new(InFlight { jobs, empty: Condvar::new() });
    let workers = crew(WORKERS, in_flight.clone(), |_, in_flight| {
        for _ in 0..JOBS {
            let mut jobs = in_flight.jobs.lock().unwrap();
            *jobs -= 1;
            if *jobs == 0 {
                in_flight.empty.notify_all();
            }
        }
    });
    let left = *in_flight.jobs.lock().unwrap();
    if left > 0 {
        // BUG: a lock of its own for the wait. (Right: the guard of the look.)
        let jobs = in_flight.jobs.lock().unwrap();
        drop(in_flight.empty.wait(jobs).unwrap());
    }
    assert_eq!(*in_flight.jobs.lock().unwrap(), 0);
    join(workers);
}

/// A queue of a hundred hides a send that waits where nobody receives, until job 101.
pub fn magic_queue_100() {
    const JOBS: u64 = 101;
    let (drain, done) = (Token::new(), Done::default());
    // BUG: the size has no reason. (Right: `JOBS`; or start the worker first.)
    let (submit, jobs) = queue(100);
    let signal = signal(&drain);
    for job in 0..JOBS {
        submit.send(job).unwrap();
    }
    let workers = crew(1, (jobs, done.clone()), |_, (jobs, done)| {
        while let Some(job) = jobs.recv() {
            if job == JOBS - 1 {
                done.lock().unwrap().push(job);
            }
        }
    });
    drain.cancelled();
    drop(submit);
    join(workers);
    signal.join().unwrap();
    assert_eq!(*done.lock().unwrap(), [JOBS - 1]);
}

/// Starts threads, and waits for them in the end.
struct Handle {
    drain: Token,
    tracked: Tracker,
    /// Those of all handles.
    running: Tracker,
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        // BUG: nobody waits for a tracker that only this clone knows. (Right: `self.tracked.clone()`.)
        let tracked = Tracker::new();
        Handle { drain: self.drain.child(), tracked, running: self.running.clone() }
    }
}

impl Handle {
    /// Starts a thread that serves until the drain.
    fn serve(&self) {
        let (drain, inside) = (self.drain.clone(), (self.running.enter(), self.tracked.enter()));
        drop(thread::spawn(move || {
            drain.cancelled();
            drop(inside);
        }));
    }

    /// Tells all to end, and waits for them.
    fn drain(self) {
        self.drain.cancel();
        self.tracked.wait();
    }
}

/// A clone of the handle has a tracker of its own, where it should share one with the original.
pub fn clone_has_own_tracker() {
    let running = Tracker::new();
    let (drain, tracked) = (Token::new(), Tracker::new());
    let handle = Handle { drain, tracked, running: running.clone() };
    let clones = [(); WORKERS as usize].map(|()| handle.clone());
    handle.serve();
    clones.iter().for_each(Handle::serve);
    handle.drain();
    assert_eq!(running.count(), 0, "threads run after the drain");
}

/// The drain keeps the list of those it waits for locked, and each takes itself off the list.
pub fn registry_locked_over_drain() {
    let (running, done) = (Tracker::new(), Done::default());
    let names = Arc::new(Mutex::new(BTreeSet::from_iter(0..JOBS)));
    let with = (running.enter(), names.clone(), done.clone());
    drop(crew(JOBS, with, |name, (_here, names, done)| {
        done.lock().unwrap().push(name);
        names.lock().unwrap().remove(&name);
    }));
    // BUG: those that it is for wait for this guard. (Right: copy the names out.)
    let waited_for = names.lock().unwrap();
    running.wait();
    assert!(waited_for.len() as u64 <= JOBS);
    assert_eq!(done.lock().unwrap().len() as u64, JOBS);
}
