//! A worker pool: the wrong variants.

use super::crew::{crew, join};
use super::monitor::Monitor;
use super::peer::sync::Mutex;
use super::peer::thread::{self, JoinHandle};
use super::queue::{Queue, Sender, queue};
use super::token::Token;
use super::tracker::Tracker;
use std::sync::Arc;

const WORKERS: u64 = 2;
const JOBS: u64 = 3;
const BUFFER: usize = 1;

/// Works until the jobs end, or nobody wants results any more.
fn work(jobs: &Queue<u64>, deliver: &Sender<u64>) {
    while let Some(job) = jobs.recv() {
        if deliver.send(job * 10).is_err() {
            return;
        }
    }
}

/// Submits all jobs, or until the queue is closed; returns how many.
fn produce(submit: Sender<u64>) -> JoinHandle<usize> {
    thread::spawn(move || (0..JOBS).take_while(|job| submit.send(*job).is_ok()).count())
}

/// Reads the results until they end, and joins all; returns how many there were.
fn finish<T>(
    results: &Queue<u64>,
    workers: Vec<JoinHandle<T>>,
    producer: JoinHandle<usize>,
) -> u64 {
    let mut read = 0;
    while results.recv().is_some() {
        read += 1;
    }
    join(workers);
    producer.join().unwrap();
    read
}

/// The worker hears the cancel while it waits for a job, but not while it delivers a result.
pub fn bare_result_send() {
    let token = Token::new();
    let (submit, jobs) = token.queue(BUFFER);
    let (deliver, results) = token.queue(BUFFER);
    let workers = crew(WORKERS, (jobs.clone(), deliver), |_, (jobs, deliver)| {
        while let Some(job) = jobs.recv_or_cancel() {
            // BUG: with the results full and nobody reading, it waits through the cancel. (Right:
            // `send_or_cancel`.)
            if deliver.send(job * 10).is_err() {
                return;
            }
        }
    });
    let producer = produce(submit);
    results.recv();
    token.cancel();
    jobs.close();
    join(workers);
    producer.join().unwrap();
}

/// The coordinator clones its sender for the workers and keeps the original: the results never end.
pub fn coordinator_keeps_sender() {
    let (submit, jobs) = queue(BUFFER);
    let (deliver, results) = queue(BUFFER);
    // BUG: the original lives to the end of this function. (Right: `deliver` itself.)
    let with = (jobs, deliver.clone());
    let workers = crew(WORKERS, with, |_, (jobs, deliver)| work(&jobs, &deliver));
    finish(&results, workers, produce(submit));
}

/// Each worker closes the results on its way out, though only one may.
pub fn every_worker_closes() {
    let (submit, jobs) = queue(BUFFER);
    let (deliver, results) = queue(BUFFER);
    let with = (jobs, deliver, results.clone());
    let workers = crew(WORKERS, with, |_, (jobs, deliver, results)| {
        work(&jobs, &deliver);
        // BUG: the second worker closes what is closed. (Right: nobody: the senders end it.)
        results.close();
    });
    let producer = produce(submit.clone());
    for _ in 0..JOBS {
        results.recv().unwrap();
    }
    producer.join().unwrap();
    drop(submit);
    assert_eq!(results.recv(), None);
    join(workers);
}

/// The first worker at the end of the queue closes the results, while another has a job in hand.
pub fn first_worker_closes() {
    let (submit, jobs) = queue(BUFFER);
    let (deliver, results) = queue(BUFFER);
    let with = (jobs, deliver, results.clone(), Arc::new(Mutex::new(false)));
    let workers = crew(WORKERS, with, |_, (jobs, deliver, results, closed)| {
        while let Some(job) = jobs.recv() {
            // Nobody looks: as long as the results are open it cannot fail.
            let _ = deliver.send(job * 10);
        }
        // BUG: the end of the queue is not the end of the work. (Right: nobody closes: the senders end it.)
        if !std::mem::replace(&mut *closed.lock().unwrap(), true) {
            results.close();
        }
    });
    assert_eq!(finish(&results, workers, produce(submit)), JOBS);
}

/// The workers share one receiver behind a lock, and the guard lives as long as the job.
pub fn guard_across_job() {
    let (submit, jobs) = queue(BUFFER);
    // Room for every result: nobody reads before the workers have ended.
    let (deliver, _results) = queue(JOBS as usize);
    let made = Arc::new(Monitor::new(false));
    let with = (Arc::new(Mutex::new(jobs)), deliver, made);
    let workers = crew(WORKERS, with, |_, (jobs, deliver, made)| {
        // BUG: the guard is a temporary of the whole `while let`. (Right: receive in a statement of its own.)
        while let Some(job) = jobs.lock().unwrap().recv() {
            match job {
                // It needs something that job 1 makes.
                0 => made.wait(|made| made.then_some(())),
                1 => made.change(|made| *made = true),
                _ => {}
            }
            deliver.send(job * 10).unwrap();
        }
    });
    let producer = produce(submit);
    join(workers);
    producer.join().unwrap();
}

/// A job that fails takes its worker with it, until nobody takes jobs any more.
pub fn panic_kills_worker() {
    let (submit, jobs) = queue(BUFFER);
    // Room for every result: nobody reads before every job is submitted.
    let (deliver, results) = queue(4);
    let workers = crew(WORKERS, (jobs, deliver), |_, (jobs, deliver)| {
        // A job that panics would itself be a violation here, so a broken one returns nothing.
        let run = |job: u64| (job >= WORKERS).then_some(job * 10);
        while let Some(job) = jobs.recv() {
            // BUG: it ends the worker, and not only the job. (Right: `continue`.)
            let Some(result) = run(job) else { return };
            deliver.send(result).unwrap();
        }
    });
    for job in 0..4 {
        submit.send(job).unwrap();
    }
    drop(submit);
    while results.recv().is_some() {}
    join(workers);
}

/// The cancel strikes wherever the worker waits, and what it holds at that moment is dropped.
pub fn whole_loop_cancelled() {
    let token = Token::new();
    let (submit, jobs) = token.queue(BUFFER);
    let (deliver, results) = token.queue(BUFFER);
    let workers = crew(WORKERS, (jobs.clone(), deliver), |_, (jobs, deliver)| {
        while let Some(job) = jobs.recv_or_cancel() {
            if let Err(_result) = deliver.send_or_cancel(job * 10) {
                // BUG: the job was accepted and done, and nobody gets its result. (Right:
                // `Some(_result)`.)
                return None;
            }
        }
        None::<u64>
    });
    let producer = produce(submit);
    let mut seen = Vec::from_iter(results.recv());
    token.cancel();
    jobs.close();
    seen.extend(join(workers).into_iter().flatten());
    seen.extend(results.drain());
    let accepted = producer.join().unwrap();
    assert_eq!(seen.len() + jobs.drain().len(), accepted, "a job is lost");
}

/// The workers' handles are dropped, so the pool counts as closed while they still run.
pub fn detached_workers() {
    let running = Tracker::new();
    let (submit, jobs) = queue(BUFFER);
    let (deliver, results) = queue(BUFFER);
    let with = (running.enter(), jobs, deliver);
    let workers = crew(WORKERS, with, |_, (_here, jobs, deliver)| work(&jobs, &deliver));
    let producer = produce(submit.clone());
    for _ in 0..JOBS {
        results.recv().unwrap();
    }
    producer.join().unwrap();
    drop(submit);
    // BUG: the end of the queue tells them to end, and nobody waits until they have. (Right: `join`.)
    drop(workers);
    assert_eq!(running.count(), 0, "workers run in a closed pool");
}

/// The worker takes what the queue gives it and never asks whether that was the end.
pub fn no_closed_check() {
    let (submit, jobs) = queue(BUFFER);
    let (deliver, results) = queue(BUFFER);
    let workers = crew(WORKERS, (jobs, deliver), |_, (jobs, deliver)| {
        loop {
            // BUG: at its end the queue answers at once, every time. (Right: `break`.)
            let Some(job) = jobs.recv() else { continue };
            if deliver.send(job * 10).is_err() {
                break;
            }
        }
    });
    finish(&results, workers, produce(submit));
}

/// The queue has no bound, so a fast producer fills the memory.
pub fn unbounded_queue() {
    // BUG: no send ever waits. (Right: `BUFFER`.)
    let (submit, jobs) = queue(usize::MAX);
    let (deliver, results) = queue(BUFFER);
    let with = (jobs.clone(), deliver);
    let workers = crew(WORKERS, with, |_, (jobs, deliver)| work(&jobs, &deliver));
    finish(&results, workers, produce(submit));
    assert!(jobs.most() <= 2, "{} jobs in the queue", jobs.most());
}

/// What one submits through.
#[derive(Clone)]
struct Handle {
    submit: Sender<u64>,
    // BUG: each clone goes on from here by itself. (Right: `Arc<Mutex<u64>>`.)
    next: u64,
}

impl Handle {
    fn submit(&mut self) {
        self.submit.send(self.next).unwrap();
        self.next += 1;
    }
}

/// The handle numbers the jobs, and each of its clones counts for itself.
pub fn clone_numbers_jobs() {
    let (submit, jobs) = queue(BUFFER);
    let done = Arc::new(Mutex::new(Vec::new()));
    let workers = crew(WORKERS, (jobs, done.clone()), |_, (jobs, done)| {
        while let Some(id) = jobs.recv() {
            done.lock().unwrap().push(id);
        }
    });
    let mut handle = Handle { submit, next: 0 };
    let mut clone = handle.clone();
    let producer = thread::spawn(move || (1..JOBS).for_each(|_| clone.submit()));
    handle.submit();
    drop(handle);
    producer.join().unwrap();
    join(workers);
    let mut done = done.lock().unwrap();
    done.sort();
    assert_eq!(*done, Vec::from_iter(0..JOBS));
}
