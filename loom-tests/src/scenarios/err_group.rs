//! The error group's contract. The numbers are those of `selvedge_patterns::err_group`.
//!
//! A shape's workers are the limit, its jobs the tasks; a group has no buffer. A group has no timer and no
//! task of its own, so all of it fits loom.

use crate::scenario::{Root, Scenario, Shape, shape};
use rt::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use rt::sync::{CancellationToken, Semaphore};
use rt::task::JoinHandle;
use selvedge::{Check, Record, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::err_group::{Cause, Ended, ErrGroup, Failure, GroupError, TryRejected};
use selvedge_rt as rt;
use std::future::pending;
use std::sync::Arc;

const BASE: Scenario = Scenario {
    pattern: "err_group",
    name: "",
    statements: &[],
    root: success,
    check: known_ends,
    operation: shape(2, 3, 1),
    poll: shape(3, 5, 1),
    loom: Some(shape(2, 2, 1)),
    preemptions: None,
};

/// One task in each role under loom, which then needs no bound on preemptions.
const ALONE: Option<Shape> = Some(shape(1, 2, 1));

/// The scenarios, in the order of the contract.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "wait_returns_when_every_task_has_ended_and_dropped_its_future",
        statements: &[1],
        root: ended_is_ended,
        ..BASE
    },
    Scenario {
        name: "no_reaction_to_the_cancel_masks_the_cause",
        statements: &[1, 2, 7, 10],
        root: |s| reactions(s, false),
        ..BASE
    },
    Scenario {
        name: "of_two_failures_the_first_is_the_cause_and_the_other_is_listed",
        statements: &[2, 10],
        root: two_failures,
        ..BASE
    },
    Scenario {
        name: "no_reaction_to_the_callers_cancel_masks_a_failure_nor_passes_for_one",
        statements: &[2, 8, 10],
        root: failure_and_cancel,
        operation: shape(2, 2, 1),
        poll: shape(2, 4, 1),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_panic_is_a_failure",
        statements: &[2, 3, 7, 10],
        root: |s| reactions(s, true),
        ..BASE
    },
    Scenario {
        name: "a_spawn_after_the_cancel_never_runs_its_closure",
        statements: &[4],
        root: late_spawn,
        loom: ALONE,
        ..BASE
    },
    Scenario {
        name: "what_starts_is_accepted_and_has_an_end_and_what_is_refused_never_starts",
        statements: &[4, 5, 8, 10],
        root: cancelled_flow,
        operation: shape(1, 2, 1),
        poll: shape(2, 4, 1),
        loom: ALONE,
        ..BASE
    },
    Scenario {
        name: "a_spawn_that_waits_for_the_limit_is_freed_by_the_cancel",
        statements: &[5],
        root: full_group,
        loom: ALONE,
        poll: shape(4, 4, 1),
        ..BASE
    },
    Scenario {
        name: "a_spawn_that_waits_for_the_limit_is_freed_by_a_failure",
        statements: &[5],
        root: full_and_failing,
        loom: ALONE,
        poll: shape(4, 4, 1),
        ..BASE
    },
    Scenario {
        name: "there_are_never_more_tasks_than_the_limit",
        statements: &[6],
        root: at_most,
        ..BASE
    },
    Scenario {
        name: "a_place_is_free_when_its_task_has_ended",
        statements: &[6],
        root: try_places,
        ..BASE
    },
    Scenario { name: "results_are_in_spawn_order", statements: &[6, 7, 10], root: success, ..BASE },
    Scenario {
        name: "an_empty_group_gives_no_results_or_is_cancelled",
        statements: &[8],
        root: empty,
        ..BASE
    },
    Scenario {
        name: "dropping_the_group_cancels_and_aborts",
        statements: &[9],
        root: dropped_group,
        loom: ALONE,
        check: |check| known_ends(check).unjoined(),
        ..BASE
    },
    Scenario {
        name: "dropping_a_wait_cancels_and_aborts",
        statements: &[9],
        root: dropped_wait,
        loom: ALONE,
        check: |check| known_ends(check).unjoined(),
        ..BASE
    },
];

/// What a group's check is told: an end says all by itself.
pub fn known_ends(check: Check) -> Check {
    check.identify::<(usize, Ended<u64, u64>)>()
}

/// The error of the task that fails by itself.
const BROKEN: u64 = 100;
/// The error of a task that was told to stop.
const REACTION: u64 = 200;

type Group = ErrGroup<u64, u64>;

/// Waits for the cancel and answers with an error.
async fn reacts(token: CancellationToken) -> Result<u64, u64> {
    token.cancelled().await;
    Err(REACTION)
}

/// A task whose only step is to cancel, so that it may come at any time.
fn canceller(token: &CancellationToken) -> JoinHandle<()> {
    let token = token.clone();
    rt::spawn(async move { token.cancel() })
}

/// What every group must meet that did not succeed: each task is in one place, and in order.
fn account(spawned: usize, failed: &GroupError<u64, u64>) {
    let mut seen: Vec<usize> = failed.results.iter().map(|r| r.0).collect();
    seen.extend(failed.failures.iter().map(|f| f.0));
    seen.extend(&failed.cancelled);
    if let Cause::Failed { task, .. } = failed.cause {
        seen.push(task);
    }
    seen.sort();
    assert_eq!(seen, (0..spawned).collect::<Vec<_>>(), "each task is seen once: {failed:?}");
    assert_eq!(failed.spawned(), spawned, "{failed:?}");
    assert!(failed.results.is_sorted() && failed.failures.is_sorted(), "{failed:?}");
    assert!(failed.results.iter().all(|(task, value)| *task as u64 == *value), "{failed:?}");
}

fn success(s: Shape) -> Root {
    Box::pin(async move {
        let mut group = Group::new(&CancellationToken::new()).limit(s.workers());
        for n in 0..s.jobs {
            let index = group.spawn(move |_| async move { Ok(n) }).await;
            assert_eq!(index.expect("nobody cancels"), n as usize);
        }
        let results = group.wait().await;
        shutdown_complete();
        assert_eq!(results, Ok((0..s.jobs).collect()));
    })
}

/// Counts down when it is dropped.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

fn ended_is_ended(s: Shape) -> Root {
    Box::pin(async move {
        let running = Arc::new(AtomicUsize::new(s.jobs as usize));
        let mut group = Group::new(&CancellationToken::new());
        for n in 0..s.jobs {
            let running = Running(running.clone());
            let task = move |token: CancellationToken| async move {
                let _running = running;
                if n == 0 { Err(BROKEN) } else { reacts(token).await }
            };
            // Refused, it is dropped here.
            drop(group.spawn(task).await);
        }
        let failed = group.wait().await;
        assert_eq!(running.load(SeqCst), 0, "each future is dropped");
        shutdown_complete();
        assert_eq!(failed.expect_err("task 0 fails").end(), End::Failed);
    })
}

fn reactions(s: Shape, panics: bool) -> Root {
    Box::pin(async move {
        let mut group = Group::new(&CancellationToken::new());
        let last = s.jobs - 1;
        for n in 0..s.jobs {
            let task = move |token| async move {
                match n {
                    0 => Ok(0),
                    _ if n < last => reacts(token).await,
                    _ if panics => panic!("broken"),
                    _ => Err(BROKEN),
                }
            };
            group.spawn(task).await.expect("the last one is the first to fail");
        }
        let failed = group.wait().await.expect_err("the last one fails");
        shutdown_complete();
        account(s.jobs as usize, &failed);
        let failure = if panics { Failure::Panic("broken".into()) } else { Failure::Error(BROKEN) };
        assert_eq!(failed.cause, Cause::Failed { task: last as usize, failure });
        assert!(failed.failures.iter().all(|(_, failure)| *failure == Failure::Error(REACTION)));
        // Task 0 ended well, or saw the cancel before it started.
        assert_eq!(failed.results.len() + failed.cancelled.iter().filter(|t| **t == 0).count(), 1);
    })
}

fn two_failures(s: Shape) -> Root {
    Box::pin(async move {
        let mut group = Group::new(&CancellationToken::new());
        let mut spawned = 0;
        for n in 0..s.jobs {
            let task = move |token| async move {
                if n < 2 { Err(BROKEN + n) } else { reacts(token).await }
            };
            spawned += group.spawn(task).await.is_ok() as usize;
        }
        let failed = group.wait().await.expect_err("two tasks fail");
        shutdown_complete();
        account(spawned, &failed);
        let Cause::Failed { task: cause @ 0..2, failure: Failure::Error(error) } = failed.cause
        else {
            panic!("{failed:?}")
        };
        assert_eq!(error, BROKEN + cause as u64);
        // The other one failed too, or the cancel was there before it started.
        for (task, failure) in &failed.failures {
            let own = if *task < 2 { BROKEN + *task as u64 } else { REACTION };
            assert_eq!(*failure, Failure::Error(own));
        }
    })
}

fn failure_and_cancel(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut group = Group::new(&token);
        let canceller = canceller(&token);
        let mut spawned = 0;
        for n in 0..s.jobs {
            let task =
                move |token| async move { if n == 0 { Err(BROKEN) } else { reacts(token).await } };
            spawned += group.spawn(task).await.is_ok() as usize;
        }
        let failed = group.wait().await.expect_err("it is cancelled, or task 0 fails");
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        account(spawned, &failed);
        match failed.cause {
            Cause::Failed { task, failure } => {
                assert_eq!((task, failure), (0, Failure::Error(BROKEN)));
            }
            Cause::Cancelled => assert_eq!(failed.end(), End::Cancelled),
        }
    })
}

fn late_spawn(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let ran = Record::distinct("ran");
        let mut group = Group::new(&token).limit(s.workers());
        for _ in 0..s.workers {
            group.spawn(reacts).await.expect("nobody has cancelled yet");
        }
        token.cancel();
        let note = ran.clone();
        let refused = group.spawn(move |_| {
            note.note(1);
            async { Ok(1) }
        });
        let closure = refused.await.expect_err("the group is cancelled").into_closure();
        let note = ran.clone();
        let refused = group.try_spawn(move |_| {
            note.note(2);
            async { Ok(2) }
        });
        assert!(matches!(refused, Err(TryRejected::Cancelled(_))));
        let failed = group.wait().await.expect_err("the group is cancelled");
        account(s.workers, &failed);
        assert_eq!(failed.cause, Cause::Cancelled);
        assert_eq!(ran.sorted(), Vec::<u64>::new(), "no closure ran");
        assert_eq!(closure(token).await, Ok(1), "and it is the closure that came back");
    })
}

fn cancelled_flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let canceller = canceller(&token);
        let started = Record::distinct("started");
        let mut group = Group::new(&token).limit(s.workers());
        let mut spawned = 0;
        for n in 0..s.jobs {
            let note = started.clone();
            let task = move |token: CancellationToken| {
                note.note(n);
                async move { if token.is_cancelled() { Err(REACTION) } else { Ok(n) } }
            };
            match group.spawn(task).await {
                Ok(index) => {
                    assert_eq!(index, spawned);
                    spawned += 1;
                }
                Err(_) => break,
            }
        }
        let ended = group.wait().await;
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        match ended {
            Ok(results) => {
                assert_eq!(results, (0..s.jobs).collect::<Vec<_>>(), "complete means complete");
                assert_eq!(started.sorted(), results);
            }
            Err(failed) => {
                account(spawned, &failed);
                assert_eq!(failed.cause, Cause::Cancelled, "a reaction is no cause");
                let ends = failed.results.len() + failed.failures.len();
                assert_eq!(started.sorted().len(), ends, "{failed:?}");
            }
        }
    })
}

/// As many tasks as the limit, deaf to the token until the gate opens.
async fn fill(s: Shape, group: &mut Group) -> Arc<Semaphore> {
    let gate = Arc::new(Semaphore::new(0));
    for n in 0..s.workers as u64 {
        let gate = gate.clone();
        let task = move |_| async move {
            // Not started, where the cancel comes first.
            let _permit = gate.acquire().await.expect("the gate is never closed");
            Ok(n)
        };
        let _ = group.spawn(task).await;
    }
    gate
}

fn full_group(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut group = Group::new(&token).limit(s.workers());
        let gate = fill(s, &mut group).await;
        let canceller = canceller(&token);
        // Only the cancel can end this wait, or what did not start.
        let ended = group.spawn(move |_| async move { Ok(s.workers as u64) }).await;
        gate.add_permits(1);
        let failed = group.wait().await.expect_err("the group is cancelled");
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        account(s.workers + ended.is_ok() as usize, &failed);
        assert!(ended.is_err(), "no place is free before the cancel");
        assert_eq!(failed.cause, Cause::Cancelled);
    })
}

fn full_and_failing(s: Shape) -> Root {
    Box::pin(async move {
        let mut group = Group::new(&CancellationToken::new()).limit(s.workers());
        let fails = Arc::new(Semaphore::new(0));
        let gate = fill(Shape { workers: s.workers - 1, ..s }, &mut group).await;
        let permit = fails.clone();
        let task = move |_| async move {
            let _permit = permit.acquire().await.expect("it is never closed");
            Err(BROKEN)
        };
        group.spawn(task).await.expect("nobody has failed yet");
        let opener = rt::spawn(async move { fails.add_permits(1) });
        let refused = group.spawn(move |_| async move { Ok(s.workers as u64) }).await.is_err();
        gate.add_permits(1);
        let failed = group.wait().await.expect_err("the last one fails");
        opener.await.expect("the opener does not panic");
        shutdown_complete();
        assert!(refused, "a place that is free because of a failure is of no use");
        account(s.workers, &failed);
        let failure = Failure::Error(BROKEN);
        assert_eq!(failed.cause, Cause::Failed { task: s.workers - 1, failure });
    })
}

fn at_most(s: Shape) -> Root {
    Box::pin(async move {
        let running = Arc::new(AtomicUsize::new(0));
        let mut group = Group::new(&CancellationToken::new()).limit(s.workers());
        for n in 0..s.jobs {
            let running = running.clone();
            let task = move |_| async move {
                let before = running.fetch_add(1, SeqCst);
                let _running = Running(running);
                assert!(before < s.workers, "{before} run already");
                rt::task::yield_now().await;
                Ok(n)
            };
            group.spawn(task).await.expect("nobody cancels");
        }
        assert_eq!(group.wait().await, Ok((0..s.jobs).collect()));
    })
}

fn try_places(s: Shape) -> Root {
    Box::pin(async move {
        let mut group = Group::new(&CancellationToken::new()).limit(s.workers());
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..s.jobs {
            let n = accepted;
            match group.try_spawn(move |_| async move { Ok(n) }) {
                Ok(index) => {
                    assert_eq!(index as u64, n);
                    accepted += 1;
                }
                Err(TryRejected::Full(_)) => refused += 1,
                Err(TryRejected::Cancelled(_)) => panic!("nobody cancels"),
            }
        }
        assert!(accepted >= s.jobs.min(s.workers as u64), "below the limit nothing is refused");
        // However it went, waiting for a place gives one.
        for n in accepted..accepted + refused {
            group.spawn(move |_| async move { Ok(n) }).await.expect("nobody cancels");
        }
        assert_eq!(group.wait().await, Ok((0..s.jobs).collect()));
    })
}

fn empty(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let group = Group::new(&token);
        let others: Vec<_> = (1..s.workers).map(|_| rt::spawn(reacts(token.clone()))).collect();
        let canceller = canceller(&token);
        match group.wait().await {
            Ok(results) => assert_eq!(results, Vec::<u64>::new()),
            Err(failed) => {
                account(0, &failed);
                assert_eq!(failed.cause, Cause::Cancelled);
            }
        }
        canceller.await.expect("the canceller does not panic");
        for other in others {
            assert_eq!(other.await.expect("it does not panic"), Err(REACTION));
        }
    })
}

/// Tasks that only an abort ends; the first leaves a task behind that only the cancel ends.
async fn stubborn(s: Shape, group: &mut Group) {
    for n in 0..s.workers {
        let task = move |token: CancellationToken| async move {
            if n == 0 {
                drop(rt::spawn(async move { token.cancelled().await }));
            }
            pending().await
        };
        group.spawn(task).await.expect("nobody has cancelled yet");
    }
}

fn dropped_group(s: Shape) -> Root {
    Box::pin(async move {
        let caller = CancellationToken::new();
        let mut group = Group::new(&caller);
        stubborn(s, &mut group).await;
        // Some tasks may have started by now, and some not.
        rt::task::yield_now().await;
        // `TaskLeak` tells if a task does not end.
        drop(group);
        assert!(!caller.is_cancelled(), "a group never cancels the token that it was given");
    })
}

fn dropped_wait(s: Shape) -> Root {
    Box::pin(async move {
        let stop = CancellationToken::new();
        let mut group = Group::new(&CancellationToken::new());
        stubborn(s, &mut group).await;
        let canceller = canceller(&stop);
        rt::select! {
            _ = group.wait() => panic!("its tasks do not end by themselves"),
            () = stop.cancelled() => {}
        }
        canceller.await.expect("the canceller does not panic");
    })
}
