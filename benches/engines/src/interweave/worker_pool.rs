//! The wrong variants of the worker pool: two workers, three jobs, and room for one in each queue.

use super::lock::lock;
use super::queue::{Port, bounded, unbounded};
use super::task::{Task, all, crew, gone, producer, spawn, update};
use super::token::Token;
use super::{check, judge};
use interweave::World;

/// How often a worker may be told the end.
const ROUNDS: u32 = 10;

/// Works until the queue ends.
async fn work(jobs: &Port, results: &Port) {
    while let Ok(job) = jobs.recv().await {
        if results.send(job * 10).await.is_err() {
            return;
        }
    }
}

/// Workers that hear the cancel, and a caller that stops after one result, and joins the workers before
/// it reads the rest. A worker returns how many results it hands back: no job may be lost.
fn stops_after_one<'a>(
    world: &mut World<'a>,
    work: impl AsyncFn(&Port, &Port) -> usize + Clone + 'a,
) {
    let ([submit], [queue, a, b]) = bounded(1).open(world);
    let ([c, d], [results]) = bounded(1).open(world);
    let token = Token::new(world, [&queue, &results]);
    let producer = producer(world, submit, 3);
    let workers = crew(world, [(a, c), (b, d)], work);
    judge(world, async move {
        let first = results.recv().await.is_ok() as usize;
        token.cancel().await;
        queue.close().await;
        let handed_back: usize = all(&workers).await.into_iter().sum();
        let left = results.rest().await.len() + queue.rest().await.len();
        let accepted = producer.join().await as usize;
        check(first + handed_back + left == accepted, "an accepted job is lost")
    });
}

/// The worker hears the cancel while it waits for a job, but not while it delivers a result.
pub fn bare_result_send(world: &mut World<'_>) {
    stops_after_one(world, async |jobs, results| {
        while let Ok(job) = jobs.recv_or_cancel().await {
            // BUG: with the results full and nobody reading, it waits here through the cancel for ever.
            // (Right: `send_or_cancel`.)
            if results.send(job * 10).await.is_err() {
                return 1;
            }
        }
        0
    });
}

/// The coordinator keeps a sender of the results, so they never end.
pub fn coordinator_keeps_sender(world: &mut World<'_>) {
    let ([submit], [a, b]) = bounded(1).open(world);
    // BUG: `_kept` stays with the coordinator. (Right: `[c, d]`, a sender for each worker and no more.)
    let ([c, d, _kept], [results]) = bounded(1).open(world);
    let producer = producer(world, submit, 3);
    let workers = crew(world, [(a, c), (b, d)], work);
    judge(world, async move {
        results.rest().await;
        all(&workers).await;
        producer.join().await;
        Ok(())
    });
}

/// Three jobs whose results are read before the queue ends; `end` is what a worker does with the results then.
fn ends_after_the_results<'a>(
    world: &mut World<'a>,
    end: impl AsyncFn(&Port) + Clone + 'a,
) -> (Port, Task<Port>, [Task<()>; 2]) {
    let ([submit], [a, b]) = bounded(1).open(world);
    let ([c, d], [results]) = bounded(1).open(world);
    let producer = spawn(world, "producer", async move {
        for job in 0..3 {
            let _ = submit.send(job).await;
        }
        submit
    });
    let workers = [(a, c), (b, d)].map(|(jobs, results)| {
        let end = end.clone();
        spawn(world, "worker", async move {
            work(&jobs, &results).await;
            jobs.leave().await;
            end(&results).await;
        })
    });
    (results, producer, workers)
}

/// Each worker closes the results on its way out, though only the last one may.
pub fn every_worker_closes(world: &mut World<'_>) {
    // BUG: the second worker to end closes a closed queue. (Right: `leave`.)
    let (results, producer, workers) =
        ends_after_the_results(world, async |results| results.close().await);
    judge(world, async move {
        for _ in 0..3 {
            check(results.recv().await.is_ok(), "every job has a result")?;
        }
        producer.join().await.leave().await;
        check(results.recv().await.is_err(), "the results end with the queue")?;
        all(&workers).await;
        Ok(())
    });
}

/// The first worker at the end of the queue closes the results, while the other has a job in hand.
pub fn first_worker_closes(world: &mut World<'_>) {
    let closed = world.atomic("closed", false);
    let (results, producer, workers) = ends_after_the_results(world, async move |results| {
        if closed.store(true).await {
            results.leave().await;
        } else {
            // BUG: the end of the queue is not the end of the work. (Right: `leave`.)
            results.close().await;
        }
    });
    judge(world, async move {
        producer.join().await.leave().await;
        results.rest().await;
        all(&workers).await;
        Ok(())
    });
}

/// The workers take jobs in turns, and one keeps its turn as long as its job.
pub fn guard_across_job(world: &mut World<'_>) {
    let ([submit], [a, b]) = bounded(1).open(world);
    let (deliver, results) = world.channel("results");
    let [turn_a, turn_b] = lock(world, (), 5);
    let ((make_a, made_a), (make_b, made_b)) = (world.channel("made"), world.channel("made"));
    let producer = producer(world, submit, 3);
    let seats = [(a, turn_a, made_a, make_b), (b, turn_b, made_b, make_a)];
    let workers = seats.map(|(jobs, turn, made, make)| {
        let deliver = deliver.clone();
        spawn(world, "worker", async move {
            loop {
                turn.lock().await;
                let job = jobs.recv().await;
                // Job 0 needs something that job 1 makes.
                match job {
                    Ok(0) => made.recv().await,
                    Ok(1) => make.send(()).await,
                    _ => {}
                }
                // BUG: no other worker gets a job before this one is done. (Right: above the `match`.)
                turn.unlock(()).await;
                let Ok(job) = job else { return };
                deliver.send(job * 10).await;
            }
        })
    });
    judge(world, async move {
        all(&workers).await;
        for _ in 0..producer.join().await {
            results.recv().await;
        }
        Ok(())
    });
}

/// A job that fails takes its worker with it; with the last one gone, submitting waits for ever.
pub fn panic_kills_worker(world: &mut World<'_>) {
    let ([submit], [queue, a, b]) = bounded(1).open(world);
    let ([c, d], [results]) = bounded(4).open(world);
    let run = |job| if job < 2 { Err("broken") } else { Ok(job * 10) };
    let workers = crew(world, [(a, c), (b, d)], async move |jobs, results| {
        while let Ok(job) = jobs.recv().await {
            // BUG: this ends the worker, not only the job. (Right: `continue`.)
            let Ok(result) = run(job) else { return };
            let _ = results.send(result).await;
        }
    });
    judge(world, async move {
        for job in 0..4 {
            let _ = submit.send(job).await;
        }
        submit.leave().await;
        results.rest().await;
        all(&workers).await;
        queue.rest().await;
        Ok(())
    });
}

/// The cancel strikes at any wait, and what the worker holds at that moment is dropped.
pub fn whole_loop_cancelled(world: &mut World<'_>) {
    stops_after_one(world, async |jobs, results| {
        while let Ok(job) = jobs.recv_or_cancel().await {
            if results.send_or_cancel(job * 10).await.is_err() {
                // BUG: the result is neither delivered nor handed back. (Right: `return 1`.)
                return 0;
            }
        }
        0
    });
}

/// Nobody joins the workers, so the pool counts as closed while they still run.
pub fn detached_workers(world: &mut World<'_>) {
    let (results, producer, workers) =
        ends_after_the_results(world, async |results| results.leave().await);
    judge(world, async move {
        for _ in 0..3 {
            check(results.recv().await.is_ok(), "every job has a result")?;
        }
        producer.join().await.leave().await;
        results.leave().await;
        // BUG: it has told them to end, and does not wait. (Right: `all(&workers).await;`)
        check(gone(&workers).await, "the pool is closed, and a worker runs")
    });
}

/// The worker takes what the queue gives it and never asks whether that was the end.
pub fn no_closed_check(world: &mut World<'_>) {
    let ([submit], [a, b]) = bounded(1).open(world);
    let ([c, d], [results]) = bounded(1).open(world);
    let producer = producer(world, submit, 3);
    let workers = crew(world, [(a, c), (b, d)], async |jobs, results| {
        let mut rounds = 0;
        while rounds < ROUNDS {
            let Ok(job) = jobs.recv().await else {
                // BUG: at the end of the queue it fails at once, every time. (Right: `break`.)
                rounds += 1;
                continue;
            };
            let _ = results.send(job * 10).await;
        }
        rounds
    });
    judge(world, async move {
        results.rest().await;
        producer.join().await;
        let spins = all(&workers).await.contains(&ROUNDS);
        check(!spins, "a worker spins at the end of the queue")
    });
}

/// The queue has no bound, so nothing slows the producer down to the workers' pace.
pub fn unbounded_queue(world: &mut World<'_>) {
    // BUG: all three jobs may sit in the queue at once. (Right: `bounded(1)`.)
    let ([submit], [a, b]) = unbounded(2).open(world);
    let ([c, d], [results]) = bounded(1).open(world);
    let producer = producer(world, submit, 3);
    let workers = crew(world, [(a, c), (b, d)], work);
    judge(world, async move {
        results.rest().await;
        all(&workers).await;
        producer.join().await;
        Ok(())
    });
}

/// Each clone of the pool's handle numbers jobs for itself.
pub fn clone_numbers_jobs(world: &mut World<'_>) {
    let ([submit, clone], [a, b]) = bounded(1).open(world);
    let next = world.atomic("next", 0);
    // BUG: a copy that goes on from there, so two jobs get one id. (Right: `next.clone()`.)
    let copy = world.atomic("next", 0);
    let producer = spawn(world, "producer", async move {
        for _ in 0..2 {
            let _ = clone.send(update(&copy, |id| id + 1).await).await;
        }
        clone.leave().await;
    });
    let workers = [a, b].map(|jobs| spawn(world, "worker", async move { jobs.rest().await }));
    judge(world, async move {
        let _ = submit.send(update(&next, |id| id + 1).await).await;
        submit.leave().await;
        producer.join().await;
        let mut done = all(&workers).await.concat();
        done.sort();
        check(done == [0, 1, 2], "each job has an id of its own")
    });
}
