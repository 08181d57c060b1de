//! An error group: three tasks, and where it is limited at most two at once.

use crate::messages::crew::{AtWork, join};
use crate::messages::queue::{Queue, Sender, bounded, permits};
use crate::messages::semaphore::Semaphore;
use crate::messages::token::Token;
use std::mem::forget;
use std::sync::Arc;
use traceforge::channel::{Builder, Receiver};
use traceforge::msg::Message;
use traceforge::sync::Mutex;
use traceforge::thread::{self, JoinHandle};

const TASKS: u32 = 3;
const LIMIT: usize = 2;

type Outcome = Result<u32, u32>;
type Task<T> = Box<dyn FnOnce() -> T + Send>;

/// Starts the tasks, with a token for all.
fn start<T: Message + 'static>(
    spawn: impl Fn(Task<T>) -> JoinHandle<T>,
    run: impl Fn(u32, &Token, &Receiver<()>) -> T + Clone + Send + 'static,
) -> (Token, Vec<JoinHandle<T>>) {
    let mut token = Token::default();
    let told: Vec<_> = (0..TASKS).map(|_| token.listen()).collect();
    let task = |(n, told)| {
        let (run, token) = (run.clone(), token.clone());
        spawn(Box::new(move || run(n, &token, &told)))
    };
    let tasks = (0..).zip(told).map(task).collect();
    (token, tasks)
}

/// The last task fails; the others serve until they are told to stop.
fn serve(n: u32, told: &Receiver<()>) -> Outcome {
    if n == TASKS - 1 {
        return Err(n);
    }
    told.recv_msg_block();
    Ok(n)
}

/// The group ends with the first error, and nobody waits for the others.
pub fn try_join_detaches() {
    let (at_work, (report, outcomes)) = (AtWork::nobody(), Builder::<Outcome>::new().build());
    let spawn = |task| at_work.spawn(task);
    let (_, tasks) = start(spawn, move |n, token, told| {
        let end = serve(n, told);
        if end.is_err() {
            token.cancel();
        }
        report.send_msg(end);
    });
    let failed = (0..TASKS).map(|_| outcomes.recv_msg_block()).find(Result::is_err);
    // BUG: the siblings were told to stop, and still run while the caller goes on. (Right: `join(tasks)`.)
    drop(tasks);
    at_work.assert_nobody();
    assert_eq!(failed, Some(Err(TASKS - 1)));
}

/// The owner joins in spawn order, so it learns of a failure only when every task before has ended.
pub fn awaits_in_spawn_order() {
    let (token, tasks) = start(thread::spawn, |n, _token, told| serve(n, told));
    let mut cause = None;
    // BUG: task 0 waits for the cancel, which comes after the last task has been looked at. (Right: each task
    // cancels when it fails, and not its owner.)
    for task in tasks {
        if let Err(error) = task.join().unwrap() {
            cause.get_or_insert(error);
            token.cancel();
        }
    }
    assert_eq!(cause, Some(TASKS - 1));
}

/// With the first failure the group cancels the rest and returns, as if told to stop meant stopped.
pub fn returns_before_drain() {
    fn wait(tasks: Vec<JoinHandle<()>>, outcomes: &Receiver<Outcome>, token: &Token) -> Outcome {
        let mut ended = Ok(0);
        for _ in 0..TASKS {
            ended = ended.and(outcomes.recv_msg_block());
            if ended.is_err() {
                token.cancel();
                // BUG: the siblings have heard the cancel at best. (Right: go on, and join them.)
                return ended;
            }
        }
        join(tasks);
        ended
    }
    let (at_work, (report, outcomes)) = (AtWork::nobody(), Builder::new().build());
    let spawn = |task| at_work.spawn(task);
    let (token, tasks) = start(spawn, move |n, _, told| report.send_msg(serve(n, told)));
    let ended = wait(tasks, &outcomes, &token);
    at_work.assert_nobody();
    assert_eq!(ended, Err(TASKS - 1));
}

/// A task that fails cancels the rest first and records the error second.
pub fn cancel_then_record() {
    const REACTION: u32 = u32::MAX;
    let cause = Arc::new(Mutex::new(None));
    let first = cause.clone();
    let (_, tasks) = start(thread::spawn, move |n, token, told| {
        let error = serve(n, told).err().unwrap_or(REACTION);
        // BUG: between these two lines a sibling may record its reaction. (Right: the other way round.)
        token.cancel();
        first.blocking_lock().get_or_insert(error);
    });
    join(tasks);
    assert_eq!(*cause.blocking_lock(), Some(TASKS - 1), "a reaction masks the cause");
}

/// The permit is forgotten as it is taken and added again by hand, on one way out of two.
pub fn permit_by_hand() {
    let permits = Semaphore::new(LIMIT);
    let task = |n| {
        forget(permits.acquire());
        let permits = permits.clone();
        thread::spawn(move || -> Outcome {
            // BUG: `?` leaves before the permit is given back. (Right: move it in, to be dropped at the end.)
            let value = if n == TASKS - 1 { Err(n) } else { Ok(n) }?;
            permits.add_permit();
            Ok(value)
        })
    };
    let tasks: Vec<_> = (0..TASKS).map(task).collect();
    let failures = tasks.into_iter().filter_map(|task| task.join().unwrap().err());
    assert_eq!(failures.collect::<Vec<_>>(), [TASKS - 1]);
    assert_eq!(permits.take_left(), LIMIT, "a permit has leaked");
}

/// `if let Ok(..)` on what a join gives: a panic goes nowhere. (TraceForge takes a panic for the end of all:
/// here it is a value.)
pub fn ignores_join_error() {
    #[derive(Clone, Debug, PartialEq)]
    struct Panic;
    fn wait(tasks: Vec<JoinHandle<Result<u32, Panic>>>) -> Result<Vec<u32>, Panic> {
        let mut results = Vec::new();
        for task in tasks {
            // BUG: fewer results than tasks, and no error. (Right: keep the error, and return it.)
            if let Ok(value) = task.join().unwrap() {
                results.push(value);
            }
        }
        Ok(results)
    }
    let run = |n, _: &_, _: &_| if n == TASKS - 1 { Err(Panic) } else { Ok(n) };
    let (_, tasks) = start(thread::spawn, run);
    assert_eq!(wait(tasks), Err(Panic));
}

/// The tasks push their results into one list, and the owner reads it by spawn order.
pub fn shared_push_as_index() {
    let results = Arc::new(Mutex::new(Vec::new()));
    let list = results.clone();
    let (_, tasks) = start(thread::spawn, move |n, _, _| {
        // BUG: this is the order in which they finish. (Right: `push((n, n * 10))`, and sort.)
        list.blocking_lock().push(n * 10);
    });
    join(tasks);
    assert_eq!(*results.blocking_lock(), [0, 10, 20]);
}

/// A task says that it is done before its result is in its slot.
pub fn told_before_stored() {
    let slots: Arc<Vec<_>> = Arc::new((0..TASKS).map(|_| Mutex::new(None)).collect());
    let (tell, told) = Builder::new().build();
    let own = slots.clone();
    let (_, tasks) = start(thread::spawn, move |n, _, _| {
        // BUG: the owner may read from here on. (Right: store first, and tell then.)
        tell.send_msg(n);
        *own[n as usize].blocking_lock() = Some(n * 10);
    });
    for _ in 0..TASKS {
        let n = told.recv_msg_block();
        assert_eq!(*slots[n as usize].blocking_lock(), Some(n * 10), "the result of task {n}");
    }
    join(tasks);
}

/// Two kinds of task hold one lock while they wait for another, in opposite orders; at most one at a time.
pub fn guard_over_await() {
    let permits = Semaphore::new(1);
    let (results, progress) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
    let task = |n| {
        let permit = permits.acquire();
        let (results, progress) = (results.clone(), progress.clone());
        thread::spawn(move || {
            let _permit = permit;
            if n < TASKS - 1 {
                let mut results = results.blocking_lock();
                let mut progress = progress.blocking_lock();
                results.push(n);
                *progress += 1;
            } else {
                // BUG: the other kind holds `results` and waits for `progress`. (Right: the same order.)
                let mut progress = progress.blocking_lock();
                let mut results = results.blocking_lock();
                results.clear();
                *progress = 0;
            }
        })
    };
    let tasks: Vec<_> = (0..TASKS).map(task).collect();
    join(tasks);
    assert_eq!(results.blocking_lock().len(), *progress.blocking_lock());
}

/// Each task takes its permit itself, so the limit bounds how many work and not how many there are.
pub fn permit_inside_task() {
    let permits = Semaphore::new(LIMIT);
    let there = Arc::new(Mutex::new(0));
    let task = |_| {
        let (permits, gone) = (permits.clone(), there.clone());
        let mut there = there.blocking_lock();
        *there += 1;
        assert!(*there <= LIMIT, "one more than the limit");
        drop(there);
        thread::spawn(move || {
            // BUG: it waits here as a task. (Right: before the lock above, and moved in.)
            let _permit = permits.acquire();
            *gone.blocking_lock() -= 1;
        })
    };
    let tasks: Vec<_> = (0..TASKS).map(task).collect();
    join(tasks);
}

/// The tasks report over a queue, and the group keeps the sender that it clones for them.
pub fn outcomes_sender_kept() {
    const FAILED: u32 = u32::MAX;
    struct Group {
        tasks: Vec<JoinHandle<()>>,
        report: Sender,
        outcomes: Queue,
    }
    impl Group {
        fn wait(self) -> (Vec<u32>, Vec<u32>) {
            // BUG: `self.report` is a sender too, so they end with the group. (Right: `drop(self.report)`.)
            let outcomes = std::iter::from_fn(|| self.outcomes.recv().ok());
            let (mut results, failed): (Vec<_>, _) = outcomes.partition(|end| *end != FAILED);
            join(self.tasks);
            results.sort();
            (results, failed)
        }
    }
    // Room for every outcome: nobody reads before `wait`.
    let (report, outcomes) = bounded(TASKS as usize);
    let mut group = Group { tasks: Vec::new(), report, outcomes };
    for n in 0..TASKS {
        let (report, outcome) = (group.report.clone(), if n == TASKS - 1 { FAILED } else { n });
        group.tasks.push(thread::spawn(move || {
            report.send(outcome).expect("the group reads to the end");
        }));
    }
    assert_eq!(group.wait(), (vec![0, 1], vec![FAILED]));
}

/// Who starts a task asks whether the group is cancelled, and then waits for the limit, deaf.
pub fn spawn_deaf_to_cancel() {
    let (limit, mut hang_up) = (permits(1, 1), Token::default());
    let token = Token::over([&limit]);
    let connections = [(); 2].map(|()| hang_up.listen());
    let (stop, stopped) = Builder::new().build();
    let acceptor = thread::spawn(move || {
        let mut tasks = Vec::new();
        for connection in connections {
            // BUG: a cancel that comes after the look is not heard. (Right: `recv_or_cancel`.)
            if limit.is_cancelled() || limit.recv().is_err() {
                break;
            }
            let limit = limit.clone();
            tasks.push(thread::spawn(move || {
                connection.recv_msg_block();
                limit.give_back(0);
            }));
        }
        stop.send_msg(());
        join(tasks);
    });
    token.cancel();
    stopped.recv_msg_block();
    hang_up.cancel();
    join([acceptor]);
}
