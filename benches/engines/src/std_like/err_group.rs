//! An error group: the wrong variants.

use super::crew::{crew, join};
use super::peer::sync::Mutex;
use super::peer::thread;
use super::queue::queue;
use super::semaphore::Semaphore;
use super::slot::Slot;
use super::token::Token;
use super::tracker::Tracker;
use std::sync::Arc;

const LIMIT: usize = 2;
const TASKS: u64 = 3;
/// The one that fails.
const LAST: u64 = TASKS - 1;

/// The last task fails; the others serve until they are told to stop.
fn serve(n: u64, token: &Token) -> Result<u64, u64> {
    if n == LAST {
        return Err(n);
    }
    token.cancelled();
    Ok(n)
}

/// The last task fails, and nobody waits for anything.
fn work(n: u64) -> Result<u64, u64> {
    if n == LAST { Err(n) } else { Ok(n) }
}

/// The group returns with the first error and drops the handles of all.
pub fn try_join_detaches() {
    let (token, running) = (Token::new(), Tracker::new());
    let (report, outcomes) = queue(TASKS as usize);
    let with = (running.enter(), token, report);
    let group = crew(TASKS, with, |n, (_here, token, report)| {
        let outcome = serve(n, &token);
        if outcome.is_err() {
            token.cancel();
        }
        report.send(outcome).unwrap();
    });
    let failed = (0..TASKS).find_map(|_| outcomes.recv().unwrap().err());
    // BUG: nobody waits for the siblings any more. (Right: `join`.)
    drop(group);
    assert_eq!(failed, Some(LAST));
    assert_eq!(running.count(), 0, "tasks outlive their group");
}

/// The owner joins in spawn order, and so hears of the last task's failure last; it would tell the others.
pub fn awaits_in_spawn_order() {
    let token = Token::new();
    let group = crew(TASKS, token.clone(), |n, token| serve(n, &token));
    let mut cause = None;
    // BUG: task 0 waits for the cancel, which comes after the last task. (Right: the last one first; or
    // whichever ends first, over a queue.)
    for task in group {
        if let Err(error) = task.join().unwrap() {
            cause.get_or_insert(error);
            token.cancel();
        }
    }
    assert_eq!(cause, Some(LAST));
}

/// With the first failure the group cancels the rest and is over, as if told to stop meant stopped.
pub fn returns_before_drain() {
    let (token, running) = (Token::new(), Tracker::new());
    let (report, outcomes) = queue(TASKS as usize);
    let with = (running.enter(), token.clone(), report);
    let group = crew(TASKS, with, |n, (_here, token, report)| {
        report.send(serve(n, &token)).unwrap();
    });
    while let Some(outcome) = outcomes.recv() {
        if outcome.is_err() {
            token.cancel();
            break;
        }
    }
    // BUG: the siblings have heard the cancel at best. (Right: after the `join`.)
    assert_eq!(running.count(), 0, "the group is over, and tasks run");
    join(group);
}

/// A task that fails cancels the rest first and records the error second; another records its reaction.
pub fn cancel_then_record() {
    let (token, cause) = (Token::new(), Arc::new(Mutex::new(None)));
    let group = crew(TASKS, (token, cause.clone()), |n, (token, cause)| {
        // A task that was told to stop fails too.
        let (Ok(error) | Err(error)) = serve(n, &token);
        // BUG: a sibling may record in between. (Right: the other way round.)
        token.cancel();
        cause.lock().unwrap().get_or_insert(error);
    });
    join(group);
    assert_eq!(*cause.lock().unwrap(), Some(LAST), "a reaction masks the cause");
}

/// The permit is forgotten as it is taken and given back by hand, but not where the task fails.
pub fn permit_by_hand() {
    let permits = Semaphore::new(LIMIT);
    let mut group = Vec::new();
    for n in 0..TASKS {
        std::mem::forget(permits.acquire());
        let permits = permits.clone();
        group.push(thread::spawn(move || {
            // BUG: the `?` leaves before the permit is given back. (Right: move it into the task, whose end
            // drops it.)
            let value = work(n)?;
            permits.release();
            Ok::<u64, u64>(value)
        }));
    }
    let failures: Vec<u64> = join(group).into_iter().filter_map(Result::err).collect();
    assert_eq!(failures, [LAST]);
    assert_eq!(permits.free(), LIMIT, "a permit is gone");
}

/// A task that failed looks like one that was never there, and the group succeeds without it.
pub fn ignores_join_error() {
    // A panic would itself be a violation here, so the task that breaks returns an error.
    let group = crew(TASKS, (), |n, ()| work(n));
    // BUG: the failure goes nowhere. (Right: `collect` the results as they are.)
    let ended = Ok::<Vec<u64>, u64>(join(group).into_iter().filter_map(Result::ok).collect());
    assert!(ended.is_err(), "a task broke, and yet {ended:?}");
}

/// The tasks push their results into one list, and the owner reads it in spawn order.
pub fn shared_push_as_index() {
    let results = Arc::new(Mutex::new(Vec::new()));
    let group = crew(TASKS, results.clone(), |n, results| {
        // BUG: this is the order in which they finish. (Right: return it, or store into slot `n`.)
        results.lock().unwrap().push(n * 10);
    });
    join(group);
    assert_eq!(*results.lock().unwrap(), [0, 10, 20]);
}

/// A task says that it is done before its result is in its slot.
pub fn told_before_stored() {
    let slots: Arc<[Slot]> = (0..TASKS).map(|_| Slot::new()).collect();
    let (tell, told) = queue(TASKS as usize);
    let group = crew(TASKS, (slots.clone(), tell), |n, (slots, tell)| {
        // BUG: the owner may read from here on. (Right: store first, and tell then.)
        tell.send(n).unwrap();
        slots[n as usize].set(n * 10);
    });
    while let Some(n) = told.recv() {
        assert_eq!(slots[n as usize].get(), Some(n * 10), "the result of task {n}");
    }
    join(group);
}

/// Two kinds of task take two locks in opposite orders; with a limit of 1 they never meet.
pub fn guard_over_await() {
    let permits = Semaphore::new(1);
    let (results, progress) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
    let mut group = Vec::new();
    for n in 0..TASKS {
        let permit = permits.acquire();
        let (results, progress) = (results.clone(), progress.clone());
        group.push(thread::spawn(move || {
            let _permit = permit;
            if n < LAST {
                let mut results = results.lock().unwrap();
                let mut progress = progress.lock().unwrap();
                results.push(n);
                *progress += 1;
            } else {
                // BUG: whoever adds takes `results` first. (Right: the same order.)
                let mut progress = progress.lock().unwrap();
                let mut results = results.lock().unwrap();
                results.clear();
                *progress = 0;
            }
        }));
    }
    join(group);
    let counted = *progress.lock().unwrap();
    assert_eq!(results.lock().unwrap().len(), counted);
}

/// Each task takes its permit itself, so the limit bounds who works, and not who is there.
pub fn permit_inside_task() {
    let (permits, there) = (Semaphore::new(LIMIT), Tracker::new());
    let mut group = Vec::new();
    for n in 0..TASKS {
        let here = there.enter();
        assert!(there.count() <= LIMIT, "task {n} is one more than the limit");
        let permits = permits.clone();
        group.push(thread::spawn(move || {
            // BUG: it waits as a task, and nothing slows down the loop that spawns. (Right: take it in the
            // loop, before the task is there, and move it in.)
            let _permit = permits.acquire();
            drop(here);
        }));
    }
    join(group);
}

/// The group keeps the sender that it clones for the tasks, and waits until the outcomes end.
pub fn outcomes_sender_kept() {
    let (report, outcomes) = queue(TASKS as usize);
    // BUG: the group's own is a sender too. (Right: `report` itself.)
    let group = crew(TASKS, report.clone(), |n, report| {
        report.send(work(n)).unwrap();
    });
    let (mut results, mut failed) = (Vec::new(), 0);
    while let Some(outcome) = outcomes.recv() {
        match outcome {
            Ok(value) => results.push(value),
            Err(_) => failed += 1,
        }
    }
    join(group);
    results.sort();
    assert_eq!((results, failed), (vec![0, 1], 1));
}

/// The acceptor asks whether it is cancelled, and then waits for the limit, where it hears nothing.
pub fn spawn_deaf_to_cancel() {
    let (token, hung_up) = (Token::new(), Token::new());
    // One permit, and two connections that want it.
    let (release, permits) = token.queue(1);
    release.send(()).unwrap();
    let (cancelled, connection) = (token.clone(), hung_up.clone());
    let acceptor = thread::spawn(move || {
        let mut group = Vec::new();
        while group.len() < 2 && !cancelled.is_cancelled() {
            // BUG: a cancel that comes after the look is not heard. (Right: `recv_or_cancel`.)
            let Some(()) = permits.recv() else { break };
            let (release, connection) = (release.clone(), connection.clone());
            group.push(thread::spawn(move || {
                connection.cancelled();
                release.send(()).unwrap();
            }));
        }
        group
    });
    token.cancel();
    let group = acceptor.join().unwrap();
    hung_up.cancel();
    join(group);
}
