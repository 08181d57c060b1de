//! The wrong variants of the graceful shutdown: an acceptor of three jobs, a queue with room for one, two
//! workers, and a signal that may come at any time.

use super::lock::lock;
use super::queue::{Port, bounded, unbounded};
use super::task::{Task, all, all_set, gone, spawn, spawn_into, update};
use super::token::Token;
use super::{check, judge};
use interweave::{Atomic, Receiver, Sender, World};
use std::rc::Rc;

/// How often an acceptor may be told the same error.
const ROUNDS: u32 = 10;

/// Spawns the process that cancels.
fn signal(world: &mut World<'_>, drain: Token) -> Task<()> {
    spawn(world, "signal", async move { drain.cancel().await })
}

/// Accepts jobs until the drain begins, or there are no more.
fn acceptor(world: &mut World<'_>, queue: Port) -> Task<()> {
    spawn(world, "acceptor", async move {
        for job in 0..3 {
            if queue.send_or_cancel(job).await.is_err() {
                break;
            }
        }
        queue.leave().await;
    })
}

/// Works until the queue ends; returns what it has done.
fn workers(world: &mut World<'_>, queues: [Port; 2]) -> [Task<Vec<u32>>; 2] {
    queues.map(|jobs| spawn(world, "worker", async move { jobs.rest().await }))
}

/// The shutdown returns when accepting has ended, and not when the work has.
pub fn returns_without_join(world: &mut World<'_>) {
    let ([submit], [a, b]) = bounded(1).open(world);
    let drain = Token::new(world, [&submit]);
    let acceptor = acceptor(world, submit);
    let workers = workers(world, [a, b]);
    let signal = signal(world, drain);
    judge(world, async move {
        signal.join().await;
        acceptor.join().await;
        // BUG: workers may still be busy, or have jobs in the queue. (Right: `all(&workers).await;`)
        check(gone(&workers).await, "the shutdown is over, and a worker runs")
    });
}

/// The acceptor looks at the drain between two jobs, but not while it waits for room.
pub fn blocking_send(world: &mut World<'_>) {
    let ([submit], [queue, a, b]) = bounded(1).open(world);
    let drain = Token::new(world, [&queue]);
    let heard = drain.clone();
    let acceptor = spawn(world, "acceptor", async move {
        for job in 0..3 {
            // BUG: with the queue full and the workers gone, it waits here through the drain for ever. (Right:
            // `send_or_cancel`.)
            if heard.is_cancelled().await || submit.send(job).await.is_err() {
                break;
            }
        }
        submit.leave().await;
    });
    let workers = [a, b].map(|jobs| {
        spawn(world, "worker", async move {
            while jobs.recv_or_cancel().await.is_ok() {}
            jobs.leave().await;
        })
    });
    judge(world, async move {
        drain.cancel().await;
        all(&workers).await;
        acceptor.join().await;
        queue.rest().await;
        Ok(())
    });
}

/// Whatever the listener says, the acceptor asks it again at once.
pub fn spins_on_error(world: &mut World<'_>) {
    let ([connect], [left, a, b]) = unbounded(3).open(world);
    let drain = Token::new(world, []);
    let acceptors = [a, b].map(|listener: Port| {
        let drain = drain.clone();
        spawn(world, "acceptor", async move {
            let mut rounds = 0;
            while rounds < ROUNDS && !drain.is_cancelled().await {
                if listener.recv().await.is_err() {
                    // BUG: an error that stays comes back at once, every time. (Right: `break`.)
                    rounds += 1;
                }
            }
            listener.leave().await;
            rounds
        })
    });
    judge(world, async move {
        for connection in 0..3 {
            let _ = connect.send(connection).await;
        }
        connect.leave().await;
        drain.cancel().await;
        let spins = all(&acceptors).await.contains(&ROUNDS);
        left.rest().await;
        check(!spins, "an acceptor spins on an error")
    });
}

/// Works until the queue ends; the first job waits for an abort, as what is stuck does.
fn stuck_workers(
    world: &mut World<'_>,
    queues: [Port; 2],
    aborts: [Receiver<()>; 2],
) -> [Task<()>; 2] {
    let mut aborts = aborts.into_iter();
    queues.map(|jobs| {
        let abort = aborts.next().expect("there are as many");
        spawn(world, "worker", async move {
            while let Ok(job) = jobs.recv().await {
                if job == 0 {
                    abort.recv().await;
                    break;
                }
            }
            jobs.leave().await;
        })
    })
}

/// The drain waits as long as the slowest job, so one that is stuck holds the process for ever.
pub fn no_deadline(world: &mut World<'_>) {
    let ([submit], [queue, a, b]) = bounded(1).open(world);
    let drain = Token::new(world, [&submit]);
    let ((abort_a, aborted_a), (abort_b, aborted_b)) =
        (world.channel("abort"), world.channel("abort"));
    let acceptor = acceptor(world, submit);
    let workers = stuck_workers(world, [a, b], [aborted_a, aborted_b]);
    let signal = signal(world, drain);
    judge(world, async move {
        acceptor.join().await;
        signal.join().await;
        // BUG: no deadline, and no abort after that. (Right: `abort.send(())` to each.)
        let _aborts = [abort_a, abort_b];
        all(&workers).await;
        queue.rest().await;
        Ok(())
    });
}

/// The workers end with the drain, and leave what was accepted in the queue.
pub fn break_before_drain(world: &mut World<'_>) {
    let ([submit], [a, b]) = bounded(1).open(world);
    let drain = Token::new(world, [&submit]);
    let acceptor = acceptor(world, submit);
    let workers = [a, b].map(|jobs| {
        let drain = drain.clone();
        spawn(world, "worker", async move {
            let mut done = 0;
            while jobs.recv().await.is_ok() {
                done += 1;
                // BUG: there may be more in the queue. (Right: only the end of the queue ends a worker.)
                if drain.is_cancelled().await {
                    break;
                }
            }
            jobs.leave().await;
            done
        })
    });
    let signal = signal(world, drain);
    judge(world, async move {
        acceptor.join().await;
        all(&workers).await;
        signal.join().await;
        Ok(())
    });
}

/// A door, and how many are inside; the last one out says so.
struct Door {
    closed: Atomic<bool>,
    inside: Atomic<u32>,
    empty: Sender<()>,
}

impl Door {
    /// Whether one may go in.
    async fn enter(&self) -> bool {
        // BUG: between these two lines the door may be closed and found empty. (Right: the other way round.)
        let open = !self.closed.load().await;
        update(&self.inside, |inside| inside + 1).await;
        if !open {
            self.leave().await;
        }
        open
    }

    async fn leave(&self) {
        if update(&self.inside, |inside| inside - 1).await == 1 {
            self.empty.send(()).await;
        }
    }

    /// Closes the door and waits for those inside.
    async fn shut(&self, emptied: &Receiver<()>) {
        self.closed.store(true).await;
        while self.inside.load().await > 0 {
            emptied.recv().await;
        }
    }
}

/// What was accepted is done when the shutdown is; but admission looks first and counts afterwards.
pub fn closed_check_not_atomic(world: &mut World<'_>) {
    let (closed, inside) = (world.atomic("closed", false), world.atomic("inside", 0));
    let (empty, emptied) = world.channel("empty");
    let door = Rc::new(Door { closed, inside, empty });
    let done = [(); 2].map(|()| world.atomic("done", 0));
    let callers = done.clone().map(|done| {
        let door = door.clone();
        spawn(world, "caller", async move {
            let mut accepted = 0;
            for _ in 0..3 {
                if door.enter().await {
                    accepted += 1;
                    done.store(accepted).await;
                    door.leave().await;
                }
            }
            accepted
        })
    });
    judge(world, async move {
        door.shut(&emptied).await;
        let mut finished = 0;
        for done in &done {
            finished += done.load().await;
        }
        let accepted: u32 = all(&callers).await.into_iter().sum();
        check(accepted == finished, "what was accepted is not done when the shutdown is")
    });
}

/// The owner keeps a sender of the queue, so the queue never ends and nor does the drain.
pub fn owner_keeps_sender(world: &mut World<'_>) {
    // BUG: `_kept` stays with the owner. (Right: `[submit]`, and no more.)
    let ([submit, _kept], [a, b]) = bounded(1).open(world);
    let drain = Token::new(world, [&submit]);
    let acceptor = acceptor(world, submit);
    let workers = workers(world, [a, b]);
    let signal = signal(world, drain);
    judge(world, async move {
        acceptor.join().await;
        signal.join().await;
        all(&workers).await;
        Ok(())
    });
}

/// A worker hears the first signal, and nobody hears the second one: a stuck job goes on.
pub fn second_signal_ignored(world: &mut World<'_>) {
    let ([submit], [queue, a, b]) = bounded(1).open(world);
    let (drain, mut abort) = (Token::new(world, [&queue]), Token::new(world, []));
    let workers = [a, b].map(|jobs| {
        let second = abort.listener(world);
        let (_nobody, stuck) = world.channel::<()>("stuck");
        spawn(world, "worker", async move {
            while let Ok(job) = jobs.recv_or_cancel().await {
                if job == 0 {
                    // BUG: where the job is, nobody listens. (Right: `second.recv().await` and `break`.)
                    let _second = &second;
                    stuck.recv().await;
                }
            }
            jobs.leave().await;
        })
    });
    let signals = spawn(world, "signals", async move {
        drain.cancel().await;
        abort.cancel().await;
    });
    judge(world, async move {
        for job in 0..3 {
            let _ = submit.try_send(job).await;
        }
        submit.leave().await;
        signals.join().await;
        all(&workers).await;
        queue.rest().await;
        Ok(())
    });
}

/// The drain looks at the count, then leaves word that it waits; the last job may end in between.
pub fn drained_before_registered(world: &mut World<'_>) {
    let (jobs, waits) = (world.atomic("jobs", 6), world.atomic("waits", false));
    let (wake, woken) = world.channel("wake");
    let workers = [(); 2].map(|()| {
        let (jobs, waits, wake) = (jobs.clone(), waits.clone(), wake.clone());
        spawn(world, "worker", async move {
            for _ in 0..3 {
                let last = update(&jobs, |jobs| jobs - 1).await == 1;
                // Reaches who waits by then, and stores nothing.
                if last && waits.load().await {
                    wake.send(()).await;
                }
            }
        })
    });
    judge(world, async move {
        // BUG: nobody knows yet that it will wait. (Right: leave word first, and look then.)
        if jobs.load().await > 0 {
            waits.store(true).await;
            woken.recv().await;
        }
        check(jobs.load().await == 0, "drained, and a job is in flight")?;
        all(&workers).await;
        Ok(())
    });
}

/// A queue of a hundred hides a send that waits where nobody receives.
pub fn magic_queue_100(world: &mut World<'_>) {
    // BUG: the size has no reason. (Right: as many as there are jobs left over, `bounded(101)`.)
    let ([submit], [jobs]) = bounded(100).open(world);
    let mut drain = Token::new(world, []);
    let drained = drain.listener(world);
    let (start, started) = world.channel("start");
    let signal = signal(world, drain);
    let worker = spawn(world, "worker", async move {
        started.recv().await;
        jobs.rest().await.last() == Some(&100)
    });
    judge(world, async move {
        for job in 0..101 {
            let _ = submit.send(job).await;
        }
        start.send(()).await;
        drained.recv().await;
        submit.leave().await;
        let done = worker.join().await;
        signal.join().await;
        check(done, "the last job is done")
    });
}

/// Where tasks that a drain waits for tell of their end.
struct Tracker {
    end: Sender<()>,
    ended: Receiver<()>,
    tasks: usize,
}

impl Tracker {
    fn new(world: &mut World<'_>) -> Self {
        let (end, ended) = world.channel("ended");
        Tracker { end, ended, tasks: 0 }
    }

    /// A task of this name that serves until the drain.
    fn serve(&mut self, world: &mut World<'_>, drain: &mut Token) -> Atomic<bool> {
        self.tasks += 1;
        let drained = drain.listener(world);
        spawn_into(world, "task", self.end.clone(), async move { drained.recv().await })
    }

    /// Waits for all.
    async fn wait(&self) {
        for _ in 0..self.tasks {
            self.ended.recv().await;
        }
    }
}

/// A clone of the handle gets a tracker of its own, where it should share one with the original.
pub fn clone_has_own_tracker(world: &mut World<'_>) {
    let (mut drain, mut running) = (Token::new(world, []), Tracker::new(world));
    let mut tasks = vec![running.serve(world, &mut drain)];
    for _ in 0..2 {
        // BUG: nobody waits for a tracker that only this clone knows. (Right: `&mut running`.)
        let running = &mut Tracker::new(world);
        tasks.push(running.serve(world, &mut drain));
    }
    judge(world, async move {
        drain.cancel().await;
        running.wait().await;
        check(all_set(tasks.iter()).await, "the drain is over, and a task runs")
    });
}

/// The drain keeps the list of the tasks locked while it waits, and a task takes itself off the list.
pub fn registry_locked_over_drain(world: &mut World<'_>) {
    let [names, a, b, c] = lock(world, Vec::new(), 7);
    let mut name = 0;
    let (starts, tasks): (Vec<_>, Vec<_>) = [a, b, c]
        .map(|names| {
            let (start, started) = world.channel("start");
            let own = name;
            name += 1;
            let task = spawn(world, "task", async move {
                started.recv().await;
                let mut there = names.lock().await;
                there.retain(|name| *name != own);
                names.unlock(there).await;
            });
            (start, task)
        })
        .into_iter()
        .unzip();
    judge(world, async move {
        for (name, start) in starts.iter().enumerate() {
            let mut there = names.lock().await;
            there.push(name);
            names.unlock(there).await;
            start.send(()).await;
        }
        let there = names.lock().await;
        let waited_for = there.len();
        // BUG: the tasks that this waits for wait for the lock. (Right: below the unlock.)
        for task in &tasks {
            task.join().await;
        }
        names.unlock(there).await;
        check(waited_for <= 3, "each task is there once")
    });
}
