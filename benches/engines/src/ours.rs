//! The scenarios on tokio's primitives behind the facade, under Selvedge's engines.

use crate::cell::{Ended, say};
use crate::{CASES, SEED};
use rt::sync::{Mutex, Notify, mpsc};
use selvedge::{Check, Grain, Limits, Problem, Report, Sampling, Verdict};
use selvedge_rt as rt;
use std::sync::Arc;

/// Runs a scenario, and tells how it ended.
pub fn run(engine: &str, scenario: &str) {
    let report = match scenario {
        "lost_update" => under(engine, lost_update),
        "ab_ba" => under(engine, ab_ba),
        "lost_wakeup" => under(engine, lost_wakeup),
        "pool_2x2" => under(engine, pool),
        other => panic!("no scenario `{other}`"),
    };
    let ended = match report.verdict {
        Verdict::Violated(_) => Ended::Found,
        Verdict::Proved => Ended::Complete,
        Verdict::Sampled(_) => Ended::Passed,
        Verdict::Bounded(_) => Ended::Unfinished,
        Verdict::Failed(Problem::Vacuous { .. }) => Ended::Vacuous,
        Verdict::Failed(problem) => {
            // Not a panic: that would count as found.
            eprintln!("{problem}");
            std::process::exit(2);
        }
    };
    // A check that failed as vacuous made one.
    say(ended, report.coverage.executions.max(1));
}

fn under<F, Fut>(engine: &str, scenario: F) -> Report
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let limits = Limits { time: crate::cell::LIMIT, ..Limits::default() };
    let check = Check::new(engine).limits(limits);
    match engine {
        "explore" => check.explore(scenario),
        "explore_poll" => check.grain(Grain::Poll).explore(scenario),
        "sample_random" => check.sample(Sampling::random(SEED).cases(CASES), scenario),
        "sample_pct" => check.sample(Sampling::pct(SEED, 3).cases(CASES), scenario),
        other => panic!("no engine `{other}`"),
    }
}

/// Two tasks read under one lock and write under another: one update may be lost.
async fn lost_update() {
    let counter = Arc::new(Mutex::new(0));
    let tasks = [(); 2].map(|()| {
        let counter = counter.clone();
        rt::spawn(async move {
            let seen = *counter.lock().await;
            *counter.lock().await = seen + 1;
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*counter.lock().await, 2);
}

/// Two tasks take two locks in opposite orders.
async fn ab_ba() {
    let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let tasks = [(a.clone(), b.clone()), (b, a)].map(|(first, second)| {
        rt::spawn(async move {
            let _first = first.lock().await;
            let _second = second.lock().await;
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
}

/// One looks and then waits; the other may tell it in between.
async fn lost_wakeup() {
    let (ready, told) = (Arc::new(Mutex::new(false)), Arc::new(Notify::new()));
    let (seen, waits) = (ready.clone(), told.clone());
    let waiter = rt::spawn(async move {
        if !*seen.lock().await {
            waits.notified().await;
        }
    });
    *ready.lock().await = true;
    told.notify_waiters();
    waiter.await.unwrap();
}

/// Two workers, two jobs: correct.
async fn pool() {
    let (jobs, queue) = rt::async_channel::bounded(2);
    let (deliver, mut results) = mpsc::channel(2);
    let workers = [(); 2].map(|()| {
        let (queue, deliver) = (queue.clone(), deliver.clone());
        rt::spawn(async move {
            while let Ok(job) = queue.recv().await {
                deliver.send(job * 10).await.unwrap();
            }
        })
    });
    drop((queue, deliver));
    for job in 1..=2 {
        jobs.send(job).await.unwrap();
    }
    drop(jobs);
    let mut sum = 0;
    while let Some(result) = results.recv().await {
        sum += result;
    }
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(sum, 30);
}
