//! One wrong variant of each pattern, as small as it can be. The gallery has them at full length.

use rt::blocking;
use rt::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use rt::sync::{CancellationToken, Mutex, Notify, mpsc};
use rt::time::{Duration, Instant, sleep_until};
use selvedge_rt as rt;
use std::sync::Arc;

/// Two workers hear the cancel while they wait for a job, but not while they deliver a result. Whoever
/// cancels joins them before it reads on.
pub async fn bare_result_send() {
    let token = CancellationToken::new();
    let (submit, queue) = rt::async_channel::bounded(3);
    let (deliver, mut results) = mpsc::channel(1);
    let workers = [(); 2].map(|()| {
        let (token, queue, deliver) = (token.clone(), queue.clone(), deliver.clone());
        rt::spawn(async move {
            loop {
                let job: u32 = rt::select! {
                    biased;
                    () = token.cancelled() => return,
                    job = queue.recv() => match job {
                        Ok(job) => job,
                        Err(_) => return,
                    },
                };
                deliver.send(job * 10).await.unwrap();
            }
        })
    });
    drop(deliver);
    for job in 1..=3 {
        submit.send(job).await.unwrap();
    }
    drop(submit);
    results.recv().await.unwrap();
    token.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    // Nothing is left behind but by the bug.
    while results.recv().await.is_some() {}
    while queue.try_recv().is_ok() {}
}

/// The merge of two sources takes the end of one for the end of both.
pub async fn ends_on_first_none() {
    let [mut a, mut b] = [1, 2].map(|item| {
        let (fill, source) = mpsc::channel(1);
        fill.try_send(item).unwrap();
        source
    });
    let (deliver, mut merged) = mpsc::channel(2);
    let merge = rt::spawn(async move {
        loop {
            let next = rt::select! {
                next = a.recv() => next,
                next = b.recv() => next,
            };
            let Some(item) = next else { return };
            deliver.send(item).await.unwrap();
        }
    });
    while merged.recv().await.is_some() {}
    merge.await.unwrap();
}

/// Two stages note on one board who is busy, and keep it locked while they wait for room in their output.
pub async fn guard_over_send() {
    let busy = Arc::new(Mutex::new([false; 2]));
    let (feed, mut output) = mpsc::channel(2);
    for item in 1..=2 {
        feed.send(item).await.unwrap();
    }
    drop(feed);
    let stages = [0, 1].map(|place| {
        let (next, after) = mpsc::channel(1);
        let mut input = std::mem::replace(&mut output, after);
        let busy = busy.clone();
        rt::spawn(async move {
            loop {
                busy.lock().await[place] = false;
                let Some(item) = input.recv().await else { return };
                let mut busy = busy.lock().await;
                busy[place] = true;
                next.send(item + 10).await.unwrap();
            }
        })
    });
    while output.recv().await.is_some() {}
    for stage in stages {
        stage.await.unwrap();
    }
}

/// A task that fails cancels the other first and records the cause second; the other records its reaction.
pub async fn cancel_then_record() {
    let token = CancellationToken::new();
    let cause = Arc::new(blocking::Mutex::new(None));
    let (heard, first) = (token.clone(), cause.clone());
    let reacts = rt::spawn(async move {
        heard.cancelled().await;
        first.lock().unwrap().get_or_insert("cancelled");
    });
    let first = cause.clone();
    let fails = rt::spawn(async move {
        token.cancel();
        first.lock().unwrap().get_or_insert("failed");
    });
    reacts.await.unwrap();
    fails.await.unwrap();
    assert_eq!(*cause.lock().unwrap(), Some("failed"));
}

/// Two look when the next permit is due, wait until then, and take it: both the same.
pub async fn check_then_wait() {
    const INTERVAL: Duration = Duration::from_secs(1);
    let start = Instant::now();
    let used_up = Arc::new(Mutex::new(Duration::ZERO));
    let tasks = [(); 2].map(|()| {
        let used_up = used_up.clone();
        rt::spawn(async move {
            let due = *used_up.lock().await;
            sleep_until(start + due).await;
            let mut used_up = used_up.lock().await;
            let now = start.elapsed();
            *used_up = now.max(*used_up) + INTERVAL;
            now
        })
    });
    let [first, second] = tasks;
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert_eq!(first.abs_diff(second), INTERVAL);
}

/// A door, and how many are inside.
#[derive(Default)]
struct Door {
    closed: AtomicBool,
    inside: AtomicUsize,
    empty: Notify,
}

impl Door {
    /// Looks whether it is open, and counts afterwards: in between it may be closed and found empty.
    fn enter(&self) -> bool {
        let open = !self.closed.load(SeqCst);
        self.inside.fetch_add(1, SeqCst);
        if !open {
            self.leave();
        }
        open
    }

    fn leave(&self) {
        if self.inside.fetch_sub(1, SeqCst) == 1 {
            self.empty.notify_one();
        }
    }

    async fn shut(&self) {
        self.closed.store(true, SeqCst);
        while self.inside.load(SeqCst) > 0 {
            self.empty.notified().await;
        }
    }
}

/// What was accepted is done when the shutdown is; but the look and the count are two steps.
pub async fn closed_check_not_atomic() {
    let (door, done) = (Arc::new(Door::default()), Arc::new(AtomicUsize::new(0)));
    let (entered, counted) = (door.clone(), done.clone());
    let caller = rt::spawn(async move {
        let accepted = entered.enter();
        if accepted {
            counted.fetch_add(1, SeqCst);
            entered.leave();
        }
        accepted
    });
    door.shut().await;
    let done = done.load(SeqCst);
    assert_eq!(usize::from(caller.await.unwrap()), done);
}
