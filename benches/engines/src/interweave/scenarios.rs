//! What the other files of scenarios say, in cells and channels: a lock around one look or one change is
//! a cell.

use super::lock::lock;
use super::{judge, spawn};
use interweave::{Atomic, Receiver, Sender, World};
use std::rc::Rc;

/// Two processes read a cell and write it afterwards.
pub fn lost_update(world: &mut World<'_>) {
    let counter = world.atomic("counter", 0);
    let adders = [(); 2].map(|()| {
        let counter = counter.clone();
        spawn(world, "adder", async move {
            let seen = counter.load().await;
            counter.store(seen + 1).await;
        })
    });
    judge(world, async move {
        for adder in adders {
            adder.recv().await;
        }
        counter.load().await == 2
    });
}

/// Two processes take two locks in opposite orders.
pub fn ab_ba(world: &mut World<'_>) {
    let ([a1, a2], [b1, b2]) = (lock(world, (), 2), lock(world, (), 2));
    for (first, second) in [(a1, b1), (b2, a2)] {
        spawn(world, "both", async move {
            first.lock().await;
            second.lock().await;
            second.unlock(()).await;
            first.unlock(()).await;
        });
    }
}

/// One looks and then leaves word that it waits; the other may ask who waits in between.
pub fn lost_wakeup(world: &mut World<'_>) {
    let (ready, waits) = (world.atomic("ready", false), world.atomic("waits", false));
    let (wake, woken) = world.channel("wake");
    let (seen, told) = (ready.clone(), waits.clone());
    spawn(world, "waiter", async move {
        if !seen.load().await {
            told.store(true).await;
            woken.recv().await;
        }
    });
    spawn(world, "waker", async move {
        ready.store(true).await;
        if waits.load().await {
            wake.send(()).await;
        }
    });
}

/// Where a worker asks for a job: the job, or the end, goes to where it says.
type Ask = Sender<Option<u32>>;

/// Asks for jobs until the end, and does each.
fn worker<'a>(world: &mut World<'a>, desk: &Sender<Ask>, done: impl AsyncFn(u32) + 'a) {
    let desk = desk.clone();
    let (reply, jobs) = world.channel("jobs");
    spawn(world, "worker", async move {
        loop {
            desk.send(reply.clone()).await;
            let Some(job) = jobs.recv().await else { return };
            done(job * 10).await;
        }
    });
}

/// Two workers hear from the foreman that they are cancelled, but not while they wait until a result is
/// taken. Whoever cancels does not read on.
pub fn bare_result_send(world: &mut World<'_>) {
    let (desk, asks) = world.channel::<Ask>("desk");
    let cancelled = world.atomic("cancelled", false);
    let (results, taken) = world.channel::<(u32, Sender<()>)>("results");
    for _ in 0..2 {
        let results = results.clone();
        let (take, thanks) = world.channel("thanks");
        worker(world, &desk, async move |result| {
            results.send((result, take.clone())).await;
            thanks.recv().await;
        });
    }
    let told = cancelled.clone();
    spawn(world, "foreman", async move {
        let (mut jobs, mut workers) = (1..=3, 2);
        while workers > 0 {
            let reply = asks.recv().await;
            let job = if told.load().await { None } else { jobs.next() };
            workers -= u32::from(job.is_none());
            reply.send(job).await;
        }
    });
    spawn(world, "canceller", async move {
        let (_, take) = taken.recv().await;
        take.send(()).await;
        cancelled.store(true).await;
    });
}

/// The merge of two sources takes the end of one for the end of both.
pub fn ends_on_first_none(world: &mut World<'_>) {
    let (merged, merge) = world.channel("merged");
    for item in [1, 2] {
        let merged = merged.clone();
        spawn(world, "source", async move {
            merged.send(Some(item)).await;
            merged.send(None).await;
        });
    }
    judge(world, async move {
        let mut items = 0;
        while let Some(_item) = merge.recv().await {
            items += 1;
        }
        items == 2
    });
}

/// Two stages note on one board who is busy; the first keeps it locked until the second has its item.
pub fn guard_over_send(world: &mut World<'_>) {
    let [board, busy] = lock(world, [false; 2], 3);
    let ((output, input), (take, thanks)) = (world.channel("output"), world.channel("thanks"));
    spawn(world, "first", async move {
        let [_, second] = board.lock().await;
        output.send(11).await;
        thanks.recv().await;
        board.unlock([true, second]).await;
    });
    spawn(world, "second", async move {
        for working in [false, true] {
            let [first, _] = busy.lock().await;
            busy.unlock([first, working]).await;
            if !working {
                let _item = input.recv().await;
                take.send(()).await;
            }
        }
    });
}

/// A process that fails cancels the other first and records the cause second; the other records its
/// reaction.
pub fn cancel_then_record(world: &mut World<'_>) {
    let (cancel, cancelled) = world.channel("cancel");
    let cause = world.atomic("cause", None);
    let first = cause.clone();
    let reacts = spawn(world, "reacts", async move {
        cancelled.recv().await;
        let _ = first.compare_exchange(None, Some("cancelled")).await;
    });
    let first = cause.clone();
    let fails = spawn(world, "fails", async move {
        cancel.send(()).await;
        let _ = first.compare_exchange(None, Some("failed")).await;
    });
    judge(world, async move {
        reacts.recv().await;
        fails.recv().await;
        cause.load().await == Some("failed")
    });
}

/// Two look whether the one permit is there, wait, and take it. The wait is none here: there is no clock.
pub fn check_then_wait(world: &mut World<'_>) {
    let used = world.atomic("used", false);
    let takers = [(); 2].map(|()| {
        let used = used.clone();
        spawn(world, "taker", async move {
            let free = !used.load().await;
            if free {
                used.store(true).await;
            }
            free
        })
    });
    judge(world, async move {
        let mut taken = 0;
        for taker in takers {
            taken += u32::from(taker.recv().await);
        }
        taken == 1
    });
}

/// A door, and whether the one caller is inside; on the way out it says so.
struct Door {
    closed: Atomic<bool>,
    inside: Atomic<bool>,
    empty: Sender<()>,
}

impl Door {
    /// Looks whether it is open, and goes in afterwards: in between it may be closed and found empty.
    async fn enter(&self) -> bool {
        let open = !self.closed.load().await;
        self.inside.store(true).await;
        if !open {
            self.leave().await;
        }
        open
    }

    async fn leave(&self) {
        self.inside.store(false).await;
        self.empty.send(()).await;
    }

    async fn shut(&self, emptied: &Receiver<()>) {
        self.closed.store(true).await;
        while self.inside.load().await {
            emptied.recv().await;
        }
    }
}

/// What was accepted is done when the shutdown is; but the look and the step in are two.
pub fn closed_check_not_atomic(world: &mut World<'_>) {
    let (closed, inside) = (world.atomic("closed", false), world.atomic("inside", false));
    let (empty, emptied) = world.channel("empty");
    let door = Rc::new(Door { closed, inside, empty });
    let done = world.atomic("done", false);
    let (entered, finished) = (door.clone(), done.clone());
    let caller = spawn(world, "caller", async move {
        let accepted = entered.enter().await;
        if accepted {
            finished.store(true).await;
            entered.leave().await;
        }
        accepted
    });
    judge(world, async move {
        door.shut(&emptied).await;
        let done = done.load().await;
        caller.recv().await == done
    });
}

/// Two workers, two jobs: correct.
pub fn pool(world: &mut World<'_>) {
    let (desk, asks) = world.channel::<Ask>("desk");
    let (deliver, results) = world.channel("results");
    for _ in 0..2 {
        let deliver = deliver.clone();
        worker(world, &desk, async move |result| deliver.send(result).await);
    }
    judge(world, async move {
        for job in [Some(1), Some(2), None, None] {
            asks.recv().await.send(job).await;
        }
        results.recv().await + results.recv().await == 30
    });
}
