//! The wrong variants of the error group: three tasks, of which the last one fails, at most two at once.

use super::lock::{Lock, lock};
use super::queue::bounded;
use super::semaphore::semaphore;
use super::task::{Task, all, all_set, spawn, spawn_into, update};
use super::token::Token;
use super::{check, judge};
use interweave::{Atomic, Receiver, Sender, World};
use std::fmt::Debug;

/// What a task that was told to stop returns.
const REACTION: u32 = u32::MAX;

/// Three tasks, and one channel where each says how it ended.
struct Group<T> {
    ends: Receiver<T>,
    gone: Vec<Atomic<bool>>,
}

impl<T: Debug> Group<T> {
    /// The end of whichever ends next.
    async fn next(&self) -> T {
        self.ends.recv().await
    }

    /// Whether no task is left. Does not wait.
    async fn is_gone(&self) -> bool {
        all_set(self.gone.iter()).await
    }
}

/// Starts them; each has its number, and hears the token.
fn group<'a, T: Debug + 'static, F: Future<Output = T> + 'a>(
    world: &mut World<'a>,
    start: impl Fn(u32, Receiver<()>, Token) -> F,
) -> (Group<T>, Token) {
    let mut token = Token::new(world, []);
    let listeners = [(); 3].map(|()| token.listener(world));
    let (end, ends) = world.channel("end");
    let tasks = (0..).zip(listeners).map(|(n, cancelled)| start(n, cancelled, token.clone()));
    let gone = tasks.map(|task| spawn_into(world, "task", end.clone(), task)).collect();
    (Group { ends, gone }, token)
}

/// The last task fails; the others wait for the cancel.
async fn work(n: u32, cancelled: Receiver<()>) -> Result<u32, u32> {
    if n == 2 {
        return Err(n);
    }
    cancelled.recv().await;
    Ok(n)
}

/// The first error ends the wait for all handles, and the siblings are detached.
pub fn try_join_detaches(world: &mut World<'_>) {
    let (tasks, _) = group(world, async |n, cancelled, token| {
        let end = work(n, cancelled).await;
        if end.is_err() {
            token.cancel().await;
        }
        end
    });
    judge(world, async move {
        let mut failed = false;
        for _ in 0..3 {
            failed |= tasks.next().await.is_err();
            // BUG: after the first error nothing waits for the siblings. (Right: look when all have ended.)
            if failed {
                break;
            }
        }
        check(failed, "the last task fails")?;
        check(tasks.is_gone().await, "a sibling is not joined")
    });
}

/// The owner learns of a failure when every task before that one has ended; and it is the owner who cancels.
pub fn awaits_in_spawn_order(world: &mut World<'_>) {
    let mut token = Token::new(world, []);
    let tasks = [0, 1, 2].map(|n| {
        let cancelled = token.listener(world);
        spawn(world, "task", work(n, cancelled))
    });
    judge(world, async move {
        // BUG: this waits for task 0, which waits for the cancel. (Right: for whichever ends first, as
        // `Group::next` does.)
        for task in tasks {
            if task.join().await.is_err() {
                token.cancel().await;
            }
        }
        Ok(())
    });
}

/// With the first failure the group cancels the rest and returns, as if told to stop meant stopped.
pub fn returns_before_drain(world: &mut World<'_>) {
    let (tasks, token) = group(world, |n, cancelled, _| work(n, cancelled));
    judge(world, async move {
        let mut cause = None;
        for _ in 0..3 {
            if let Err(error) = tasks.next().await {
                token.cancel().await;
                cause = Some(error);
                // BUG: the siblings have heard the cancel at best. (Right: go on.)
                break;
            }
        }
        check(cause == Some(2), "the last task fails")?;
        check(tasks.is_gone().await, "the group is closed, and a task runs")
    });
}

/// A task that fails cancels the rest first and records the error second.
pub fn cancel_then_record(world: &mut World<'_>) {
    let cause = world.atomic("cause", None);
    let first = cause.clone();
    let (tasks, _) = group(world, move |n, cancelled, token| {
        let first = first.clone();
        async move {
            let error = work(n, cancelled).await.map_or_else(|error| error, |_| REACTION);
            // BUG: between these two lines a sibling may record its reaction. (Right: the other way round.)
            token.cancel().await;
            let _ = first.compare_exchange(None, Some(error)).await;
        }
    });
    judge(world, async move {
        for _ in 0..3 {
            tasks.next().await;
        }
        check(cause.load().await == Some(2), "a reaction masks the cause")
    });
}

/// Tasks that wait until they are started; what they run gets their number.
fn tasks<'a, T: Debug + 'static, C: 'a>(
    world: &mut World<'a>,
    contexts: [C; 3],
    run: impl AsyncFn(u32, C) -> T + Clone + 'a,
) -> ([Sender<()>; 3], [Task<T>; 3]) {
    let mut n = 0;
    let all = contexts.map(|context| {
        let (start, started) = world.channel("start");
        let (number, run) = (n, run.clone());
        n += 1;
        let task = spawn(world, "task", async move {
            started.recv().await;
            run(number, context).await
        });
        (start, Some(task))
    });
    let starts = all.each_ref().map(|(start, _)| start.clone());
    (starts, all.map(|(_, task)| task.expect("there is one")))
}

/// A permit is given back by hand, on the way out that somebody thought of.
pub fn permit_by_hand(world: &mut World<'_>) {
    let [permits, a, b, c] = semaphore(world, 2, 3);
    let (starts, tasks) = tasks(world, [a, b, c], async |n, permits| {
        let end = if n == 2 { Err(n) } else { Ok(n) };
        // BUG: a task that fails leaves before the permit is given back. (Right: always.)
        if end.is_ok() {
            permits.release().await;
        }
        end
    });
    judge(world, async move {
        for start in starts {
            permits.acquire().await;
            start.send(()).await;
        }
        let ends = all(&tasks).await;
        check(ends == [Ok(0), Ok(1), Err(2)], "the last task fails")
    });
}

/// A task that was broken off looks like one that was never there.
pub fn ignores_join_error(world: &mut World<'_>) {
    let broken = |n| if n == 2 { Err("broken") } else { Ok(n) };
    let (tasks, _) = group(world, move |n, _, _| async move { broken(n) });
    judge(world, async move {
        let mut ended: Result<Vec<u32>, &str> = Ok(Vec::new());
        for _ in 0..3 {
            let end = tasks.next().await;
            // BUG: the error goes nowhere. (Right: `Err(broken) => ended = Err(broken)`.)
            if let (Ok(results), Ok(result)) = (&mut ended, end) {
                results.push(result);
            }
        }
        check(ended.is_err(), "a task is broken, and yet the group succeeds")
    });
}

/// The tasks push their results into one list, and the owner reads it by spawn order.
pub fn shared_push_as_index(world: &mut World<'_>) {
    let [list, a, b, c] = lock(world, Vec::new(), 4);
    let mut n = 0;
    let tasks = [a, b, c].map(|list| {
        let value = n * 10;
        n += 1;
        spawn(world, "task", async move {
            let mut results = list.lock().await;
            // BUG: this is the order in which they finish. (Right: into slot `n`.)
            results.push(value);
            list.unlock(results).await;
        })
    });
    judge(world, async move {
        all(&tasks).await;
        let results: Vec<u32> = list.lock().await;
        let right = results == [0, 10, 20];
        list.unlock(results).await;
        check(right, "each task's result is in its place")
    });
}

/// A task says that it is done before its result is in its slot.
pub fn told_before_stored(world: &mut World<'_>) {
    let slots = [(); 3].map(|()| world.atomic("slot", None));
    let (tell, told) = world.channel("told");
    let mut n = 0;
    let tasks = slots.clone().map(|slot| {
        let (number, tell) = (n, tell.clone());
        n += 1;
        spawn(world, "task", async move {
            // BUG: the owner may read from here on. (Right: store first, and tell then.)
            tell.send(number).await;
            slot.store(Some(number * 10)).await;
        })
    });
    judge(world, async move {
        for _ in 0..3 {
            let n: usize = told.recv().await;
            check(slots[n].load().await == Some(n * 10), "told, and no result is there")?;
        }
        all(&tasks).await;
        Ok(())
    });
}

/// Two kinds of task take two locks in opposite orders; but one task at a time is there, so all goes well.
pub fn guard_over_await(world: &mut World<'_>) {
    let [permits, a, b, c] = semaphore(world, 1, 3);
    let results: [Lock<Vec<u32>>; 4] = lock(world, Vec::new(), 4);
    let progress: [Lock<usize>; 4] = lock(world, 0, 4);
    let ([own_results, r1, r2, r3], [own_progress, p1, p2, p3]) = (results, progress);
    let contexts = [(a, r1, p1), (b, r2, p2), (c, r3, p3)];
    let (starts, tasks) = tasks(world, contexts, async |n, (permits, results, progress)| {
        if n < 2 {
            let mut list = results.lock().await;
            let count = progress.lock().await;
            list.push(n);
            progress.unlock(count + 1).await;
            results.unlock(list).await;
        } else {
            progress.lock().await;
            // BUG: whoever adds holds `results` and waits for `progress`. (Right: the same order everywhere.)
            results.lock().await;
            results.unlock(Vec::new()).await;
            progress.unlock(0).await;
        }
        permits.release().await;
    });
    judge(world, async move {
        for start in starts {
            permits.acquire().await;
            start.send(()).await;
        }
        all(&tasks).await;
        let (count, list) = (own_progress.lock().await, own_results.lock().await);
        let right = list.len() == count;
        own_results.unlock(list).await;
        own_progress.unlock(count).await;
        check(right, "each result is counted")
    });
}

/// Each task takes its permit itself, so the limit bounds how many work and not how many there are.
pub fn permit_inside_task(world: &mut World<'_>) {
    let [_owners, a, b, c] = semaphore(world, 2, 3);
    let there = world.atomic("there", 0);
    let gone = there.clone();
    let (starts, tasks) = tasks(world, [a, b, c], async move |_, permits| {
        // BUG: nothing slows down the loop that starts the tasks. (Right: the owner
        // takes the permit, with a handle of its own.)
        permits.acquire().await;
        update(&gone, |there| there - 1).await;
        permits.release().await;
    });
    judge(world, async move {
        for start in starts {
            check(update(&there, |there| there + 1).await < 2, "one task more than the limit")?;
            start.send(()).await;
        }
        all(&tasks).await;
        Ok(())
    });
}

/// The group keeps the sender that it clones for its tasks, and `wait` reads to the end.
pub fn outcomes_sender_kept(world: &mut World<'_>) {
    // BUG: `_kept` stays with the group. (Right: a sender for each task and no more.)
    let ([a, b, c, _kept], [outcomes]) = bounded(3).open(world);
    let mut n = 0;
    let tasks = [a, b, c].map(|report| {
        let outcome = if n == 2 { Err(n) } else { Ok(n) };
        n += 1;
        spawn(world, "task", async move {
            let _ = report.send(outcome).await;
            report.leave().await;
        })
    });
    judge(world, async move {
        let failed = outcomes.rest().await.iter().filter(|outcome| outcome.is_err()).count();
        all(&tasks).await;
        check(failed == 1, "the last task fails")
    });
}

/// `spawn` looks whether the group is cancelled, and then waits for the limit, where it hears nothing.
pub fn spawn_deaf_to_cancel(world: &mut World<'_>) {
    // One permit, and it is there in the end.
    let ([a, b], [permits]) = bounded(1).holding([0]).all_back().open(world);
    let (token, mut hung_up) = (Token::new(world, [&permits]), Token::new(world, []));
    let (starts, connections): (Vec<_>, Vec<_>) = [a, b]
        .map(|permit| {
            let (start, started) = world.channel("start");
            let closed = hung_up.listener(world);
            let connection = spawn(world, "connection", async move {
                if started.recv().await {
                    closed.recv().await;
                    let _ = permit.send(0).await;
                }
                permit.leave().await;
            });
            (start, connection)
        })
        .into_iter()
        .unzip();
    let heard = token.clone();
    let acceptor = spawn(world, "acceptor", async move {
        for start in starts {
            // BUG: a cancel after this look is not heard in the wait. (Right: `recv_or_cancel`.)
            let accepts = !heard.is_cancelled().await && permits.recv().await.is_ok();
            start.send(accepts).await;
        }
        permits
    });
    judge(world, async move {
        token.cancel().await;
        let permits = acceptor.join().await;
        hung_up.cancel().await;
        for connection in connections {
            connection.join().await;
        }
        permits.leave().await;
        Ok(())
    });
}
