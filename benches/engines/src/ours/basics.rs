//! Three bugs that every course has, and a pool that has none.

use rt::sync::{Mutex, Notify, mpsc};
use selvedge_rt as rt;
use std::sync::Arc;

/// Two tasks read under one lock and write under another: one update may be lost.
pub async fn lost_update() {
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
pub async fn ab_ba() {
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
pub async fn lost_wakeup() {
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
pub async fn pool_2x2() {
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
