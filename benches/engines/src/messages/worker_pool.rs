//! A worker pool: two workers between a queue of jobs and one of results, with room for one each.

use crate::messages::crew::{AtWork, join};
use crate::messages::queue::{Item, Queue, Sender, bounded, watched};
use crate::messages::record::Record;
use crate::messages::token::Token;
use std::iter::repeat_n;
use std::sync::Arc;
use traceforge::channel::Builder;
use traceforge::msg::Message;
use traceforge::sync::Mutex;
use traceforge::thread::{self, JoinHandle};

const WORKERS: u32 = 2;
const JOBS: u32 = 3;
const BUFFER: usize = 1;

/// Starts the workers, which have all the senders of the results among them.
fn start<T: Message + 'static>(
    queue: &Queue,
    deliver: Sender,
    work: impl Fn(&Queue, &Sender) -> T + Clone + Send + 'static,
) -> Vec<JoinHandle<T>> {
    let delivers: Vec<_> = repeat_n(deliver, WORKERS as usize).collect();
    let worker = |deliver| {
        let (queue, work) = (queue.clone(), work.clone());
        thread::spawn(move || work(&queue, &deliver))
    };
    delivers.into_iter().map(worker).collect()
}

/// Works until the queue ends.
fn work(queue: &Queue, results: &Sender) {
    while let Ok(job) = queue.recv() {
        if results.send(job * 10).is_err() {
            return;
        }
    }
}

/// Submits all jobs, or those before the queue is closed; how many that were.
fn produce(submit: Sender) -> JoinHandle<usize> {
    thread::spawn(move || (0..JOBS).take_while(|job| submit.send(*job).is_ok()).count())
}

/// Stops after one result, joins the workers before it reads the rest, and looks whether every accepted job
/// comes back. A worker returns what it could not deliver.
fn stop_after_one(work: fn(&Queue, &Sender) -> Option<Item>) {
    let (submit, queue) = bounded(BUFFER);
    let (deliver, results) = bounded(BUFFER);
    let token = Token::over([&queue, &results]);
    let workers = start(&queue, deliver, work);
    let producer = produce(submit);

    let mut back = results.recv().iter().count();
    token.cancel();
    queue.close();
    for worker in workers {
        back += worker.join().unwrap().iter().count();
    }
    back += results.drain() + queue.take_left();
    assert_eq!(back, producer.join().unwrap(), "each accepted job comes back");
}

/// The worker hears the cancel while it waits for a job, but not while it delivers a result.
pub fn bare_result_send() {
    stop_after_one(|queue, results| {
        while let Ok(job) = queue.recv_or_cancel() {
            // BUG: with the results full and nobody reading, it waits here through the cancel for ever. (Right:
            // `send_or_cancel`.)
            if results.send(job * 10).is_err() {
                return Some(job * 10);
            }
        }
        None
    });
}

/// The coordinator clones its sender of the results for the workers and keeps the original: they never end.
pub fn coordinator_keeps_sender() {
    let (submit, queue) = bounded(BUFFER);
    let (deliver, results) = bounded(BUFFER);
    // BUG: a clone, where the original belongs, which lives to the end of this function. (Right: `deliver`.)
    let workers = start(&queue, deliver.clone(), work);
    let producer = produce(submit);
    results.drain();
    join(workers);
    producer.join().unwrap();
}

/// Each worker closes the results on its way out, though only the last one may.
pub fn every_worker_closes() {
    let (submit, queue) = bounded(BUFFER);
    let (deliver, results) = bounded(BUFFER);
    let workers = start(&queue, deliver, |queue, results| {
        work(queue, results);
        // BUG: no one owns the end of the results. (Right: nothing; they end with their last sender.)
        assert!(results.close(), "closed twice");
    });
    let producer = produce(submit.clone());
    for _ in 0..JOBS {
        results.recv().expect("every job has a result");
    }
    producer.join().unwrap();
    drop(submit);
    results.recv().expect_err("the results end with the queue");
    join(workers);
}

/// The first worker that finds the queue at its end closes the results, while another has a job in hand.
pub fn first_worker_closes() {
    let (submit, queue) = bounded(BUFFER);
    let (deliver, results) = bounded(BUFFER);
    let workers = start(&queue, deliver, |queue, results| {
        while let Ok(job) = queue.recv() {
            results.send(job * job).expect("the results are open as long as there is one");
        }
        // BUG: the end of the queue is not the end of the work. (Right: nothing; they end with their last
        // sender.)
        results.close();
    });
    let producer = produce(submit);
    results.drain();
    producer.join().unwrap();
    join(workers);
}

/// The workers share one receiver behind a lock, and the guard lives as long as the job.
pub fn guard_across_job() {
    let (submit, queue) = bounded(BUFFER);
    // Room for every result: nobody reads before the workers have ended.
    let (deliver, results) = bounded(JOBS as usize);
    let queue = Arc::new(Mutex::new(queue));
    let (make, made) = Builder::<()>::new().build();
    let worker = |_| {
        let (queue, deliver) = (queue.clone(), deliver.clone());
        let (make, made) = (make.clone(), made.clone());
        // Job 0 needs something that job 1 makes.
        let run = move |job| match job {
            0 => made.recv_msg_block(),
            1 => make.send_msg(()),
            _ => {}
        };
        thread::spawn(move || {
            // BUG: the guard is a temporary of the whole `while let`: no other worker gets a job meanwhile.
            // (Right: `let Ok(job) = .. else { break };` in a `loop`, where it ends with the statement.)
            while let Ok(job) = queue.blocking_lock().recv() {
                run(job);
                deliver.send(job * 10).expect("there is room for all");
            }
        })
    };
    let workers: Vec<_> = (0..WORKERS).map(worker).collect();
    drop(deliver);
    let producer = produce(submit);
    join(workers);
    results.drain();
    producer.join().unwrap();
}

/// A job that panics takes its worker with it, and nobody looks until the end. (TraceForge takes a panic for
/// the end of all: here it is a value.)
pub fn panic_kills_worker() {
    struct Panic;
    // One for each worker.
    let run = |job| if job < WORKERS { Err(Panic) } else { Ok(job * 10) };
    let jobs = 4;
    let (submit, queue) = bounded(BUFFER);
    // Room for every result: nobody reads before every job is submitted.
    let (deliver, results) = bounded(jobs as usize);
    let workers = start(&queue, deliver, move |queue, results| {
        while let Ok(job) = queue.recv() {
            // BUG: it ends the worker, not only the job. (Right: `continue`.)
            let Ok(result) = run(job) else { return };
            results.send(result).expect("there is room for all");
        }
    });
    for job in 0..jobs {
        submit.send(job).expect("the queue is open");
    }
    drop(submit);
    results.drain();
    join(workers);
}

/// The cancel is wrapped around the worker's whole loop: what the loop holds at that moment is dropped.
pub fn whole_loop_cancelled() {
    stop_after_one(|queue, results| {
        while let Ok(job) = queue.recv_or_cancel() {
            if results.send_or_cancel(job * 10).is_err() {
                // BUG: the job was accepted and done, and is gone. (Right: `return Some(job * 10)`.)
                return None;
            }
        }
        None
    });
}

/// Nobody waits for the workers, so the pool counts as closed while they still run.
pub fn detached_workers() {
    let (submit, queue) = bounded(BUFFER);
    let (deliver, results) = bounded(BUFFER);
    let at_work = AtWork::nobody();
    for _ in 0..WORKERS {
        let (queue, deliver) = (queue.clone(), deliver.clone());
        // BUG: nothing can wait for this thread any more. (Right: keep it, and join it before the end.)
        drop(at_work.spawn(move || work(&queue, &deliver)));
    }
    drop(deliver);
    let producer = produce(submit);
    for _ in 0..JOBS {
        results.recv().expect("every job has a result");
    }
    producer.join().unwrap();
    at_work.assert_nobody();
}

/// The worker takes what the queue gives it and never asks whether that was the end.
pub fn no_closed_check() {
    let (submit, queue) = bounded(BUFFER);
    let (deliver, results) = bounded(BUFFER);
    let workers = start(&queue, deliver, |queue, results| {
        for round in 0.. {
            assert!(round < 10, "goes round and round");
            // BUG: at the end of the queue this fails at once, every time. (Right: `break`.)
            let Ok(job) = queue.recv() else { continue };
            if results.send(job * 10).is_err() {
                return;
            }
        }
    });
    let producer = produce(submit);
    results.drain();
    join(workers);
    producer.join().unwrap();
}

/// The queue has no bound, so a producer that is faster than the workers fills the memory.
pub fn unbounded_queue() {
    // BUG: nothing slows the producer down to the workers' pace. (Right: `BUFFER`.)
    let (submit, queue) = watched(usize::MAX, 2);
    let (deliver, results) = bounded(BUFFER);
    let workers = start(&queue, deliver, work);
    let producer = produce(submit);
    results.drain();
    join(workers);
    producer.join().unwrap();
}

/// The handle of the pool numbers the jobs, and each clone of it counts for itself.
pub fn clone_numbers_jobs() {
    #[derive(Clone)]
    struct Handle {
        submit: Sender,
        // BUG: a clone goes on from its own copy, so two jobs get one id. (Right: an `Arc<Mutex<_>>`.)
        next: u32,
    }
    impl Handle {
        fn submit(&mut self) {
            let id = self.next;
            self.next += 1;
            self.submit.send(id).expect("the workers end after the queue");
        }
    }
    let (submit, queue) = bounded(BUFFER);
    let done = Record::empty();
    let worker = |_| {
        let (queue, done) = (queue.clone(), done.clone());
        thread::spawn(move || {
            while let Ok(id) = queue.recv() {
                done.note(id);
            }
        })
    };
    let workers: Vec<_> = (0..WORKERS).map(worker).collect();
    let mut handle = Handle { submit, next: 0 };
    let mut clone = handle.clone();
    let producer = thread::spawn(move || (1..JOBS).for_each(|_| clone.submit()));
    handle.submit();
    drop(handle);
    join([producer]);
    join(workers);
    assert_eq!(done.sorted(), (0..JOBS).collect::<Vec<_>>());
}
