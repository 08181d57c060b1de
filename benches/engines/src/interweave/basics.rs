//! Bugs that every course has, and a pool that has none, in cells and channels.

use super::lock::lock;
use super::task::spawn;
use super::{check, judge};
use interweave::{Sender, World};

/// Two processes read a cell and write it afterwards.
pub fn lost_update(world: &mut World<'_>) {
    let counter = world.atomic("counter", 0);
    let adders = [(); 2].map(|()| {
        let counter = counter.clone();
        spawn(world, "adder", async move {
            // BUG: in between the other may write. (Right: `compare_exchange`, until it does.)
            let seen = counter.load().await;
            counter.store(seen + 1).await;
        })
    });
    judge(world, async move {
        for adder in adders {
            adder.join().await;
        }
        check(counter.load().await == 2, "an update is lost")
    });
}

/// Two processes take two locks in opposite orders.
pub fn ab_ba(world: &mut World<'_>) {
    let ([a1, a2], [b1, b2]) = (lock(world, (), 2), lock(world, (), 2));
    // BUG: each may have its first lock and wait for that of the other. (Right: `(a2, b2)`.)
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
        // BUG: nobody knows yet that it will wait. (Right: leave word first, and look then.)
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

/// Two workers, two jobs: correct.
pub fn pool_2x2(world: &mut World<'_>) {
    let (desk, asks) = world.channel::<Ask>("desk");
    let (deliver, results) = world.channel("results");
    for _ in 0..2 {
        let (desk, deliver) = (desk.clone(), deliver.clone());
        let (reply, jobs) = world.channel("jobs");
        spawn(world, "worker", async move {
            loop {
                desk.send(reply.clone()).await;
                let Some(job) = jobs.recv().await else { return };
                deliver.send(job * 10).await;
            }
        });
    }
    judge(world, async move {
        for job in [Some(1), Some(2), None, None] {
            asks.recv().await.send(job).await;
        }
        let sum = results.recv().await + results.recv().await;
        check(sum == 30, "each job has its result")
    });
}
