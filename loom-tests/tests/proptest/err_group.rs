//! The group: each task is in one place, the cause is one that a task or the caller gave, and there are
//! never more tasks than the limit.

use super::{Ends, check, workers};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rt::sync::CancellationToken;
use rt::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use selvedge::{Check, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::err_group::{Cause, ErrGroup, Failure};
use selvedge_rt as rt;
use std::sync::Arc;

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    /// Ends well, after so many yields.
    Works(usize),
    /// Ends when it is told to, with an error.
    Waits,
    Fails,
    Panics,
}

/// Most work: where one in three fails, all is over after three.
fn task() -> impl Strategy<Value = Task> {
    prop_oneof![
        200 => (0..4usize).prop_map(Task::Works),
        1 => Just(Task::Fails),
        1 => Just(Task::Panics),
    ]
}

#[derive(Clone, Debug)]
struct Input {
    limit: usize,
    tasks: Vec<Task>,
    /// Before the spawn of this one.
    cancel: Option<usize>,
    /// This one only ends when it is told to.
    waits: Option<usize>,
}

fn inputs() -> impl Strategy<Value = Input> {
    let at = || option::weighted(0.3, 0..200usize);
    (workers(), vec(task(), 0..=200), at(), at()).prop_map(|(limit, tasks, cancel, waits)| Input {
        limit,
        tasks,
        cancel,
        waits,
    })
}

async fn run(task: Task, token: CancellationToken, n: u64) -> Result<u64, u64> {
    match task {
        Task::Works(yields) => {
            for _ in 0..yields {
                rt::task::yield_now().await;
            }
            Ok(n)
        }
        Task::Waits => {
            token.cancelled().await;
            Err(n)
        }
        Task::Fails => Err(n),
        Task::Panics => panic!("task {n}"),
    }
}

async fn group(mut input: Input, ends: Ends) {
    let token = CancellationToken::new();
    if let Some(n) = input.waits.filter(|n| *n < input.tasks.len()) {
        input.tasks[n] = Task::Waits;
    }
    let mut canceller = None;
    let running = Arc::new(AtomicUsize::new(0));
    let mut group = ErrGroup::new(&token).limit(size(&input));
    let mut spawned = 0;
    for (n, task) in input.tasks.iter().copied().enumerate() {
        if input.cancel == Some(n) {
            token.cancel();
        }
        let (running, limit) = (running.clone(), input.limit);
        let start = move |token| async move {
            assert!(running.fetch_add(1, SeqCst) < limit, "more than the limit");
            let guard = Guard(running);
            let end = run(task, token, n as u64).await;
            drop(guard);
            end
        };
        match group.spawn(start).await {
            Ok(index) => assert_eq!(index, std::mem::replace(&mut spawned, index + 1)),
            Err(_) => break,
        }
        // A failure before it tells it to end; where there is none, somebody else does, once it waits.
        let fails = |task: &Task| matches!(task, Task::Fails | Task::Panics);
        if task == Task::Waits && !input.tasks[..n].iter().any(fails) {
            let token = token.clone();
            canceller = Some(rt::spawn(async move {
                rt::task::yield_now().await;
                token.cancel();
            }));
        }
    }
    if input.cancel.is_some() {
        token.cancel();
    }
    let ended = group.wait().await;
    if let Some(canceller) = canceller {
        canceller.await.expect("it does not panic");
    }
    shutdown_complete();
    assert_eq!(running.load(SeqCst), 0, "each future is dropped");
    let kind = |task: usize| input.tasks[task];
    match ended {
        Ok(results) => {
            ends.reached(End::Complete);
            assert_eq!(results, (0..input.tasks.len() as u64).collect::<Vec<_>>());
            assert!(input.tasks.iter().all(|t| matches!(t, Task::Works(_))), "a failure is lost");
        }
        Err(failed) => {
            ends.reached(failed.end());
            let mut seen: Vec<usize> = failed.results.iter().map(|r| r.0).collect();
            seen.extend(failed.failures.iter().map(|f| f.0));
            seen.extend(&failed.cancelled);
            let is = |task: usize, failure: &Failure<u64>| match failure {
                Failure::Panic(_) => kind(task) == Task::Panics,
                Failure::Error(n) => {
                    *n == task as u64 && matches!(kind(task), Task::Fails | Task::Waits)
                }
            };
            match &failed.cause {
                Cause::Failed { task, failure } => {
                    assert!(is(*task, failure) && kind(*task) != Task::Waits, "{failed:?}");
                    seen.push(*task);
                }
                Cause::Cancelled => assert!(token.is_cancelled(), "{failed:?}"),
            }
            assert!(failed.failures.iter().all(|(task, failure)| is(*task, failure)));
            assert!(failed.results.iter().all(|(task, n)| *task as u64 == *n));
            seen.sort();
            assert_eq!(
                seen,
                (0..spawned).collect::<Vec<_>>(),
                "each task is seen once: {failed:?}"
            );
        }
    }
}

fn size(input: &Input) -> std::num::NonZeroUsize {
    super::size(input.limit)
}

/// Counts down when it is dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn a_group_keeps_its_contract_on_generated_inputs_and_schedules() {
    let ends = ["Complete", "Failed", "Panicked", "Cancelled"];
    check(Check::new("error group, generated"), 200, inputs(), &ends, group);
}
