//! Contract 4, 5 and 8: what a cancel refuses, frees and gives back.

use super::{Group, error, nz, reacts};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::err_group::{Cause, TryRejected};
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Both ways to spawn refuse, give the closure back, and do not run it.
async fn check_refuses(group: &mut Group) {
    let ran = Arc::new(AtomicUsize::new(0));
    let task = || {
        let ran = ran.clone();
        move |_: CancellationToken| {
            ran.fetch_add(1, Ordering::SeqCst);
            async { Ok(1) }
        }
    };
    let back = group.spawn(task()).await.unwrap_err().into_closure();
    let refused = group.try_spawn(task()).unwrap_err();
    assert!(matches!(refused, TryRejected::Cancelled(_)), "{refused:?}");
    settle().await;
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    // It is the closure.
    for closure in [back, refused.into_closure()] {
        assert_eq!(closure(CancellationToken::new()).await, Ok(1));
    }
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

#[test]
fn a_spawn_after_the_callers_cancel_gives_its_closure_back() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token);
        token.cancel();
        check_refuses(&mut group).await;
        assert_eq!(group.wait().await.unwrap_err().spawned(), 0);
    });
}

#[test]
fn a_spawn_in_a_group_of_a_cancelled_caller_gives_its_closure_back() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        token.cancel();
        check_refuses(&mut Group::new(&token)).await;
        check_refuses(&mut Group::new(&token).limit(nz(1))).await;
    });
}

#[test]
fn a_spawn_after_a_failure_gives_its_closure_back() {
    for limit in 1..3 {
        on_one_thread(|| async {
            let mut group = Group::new(&CancellationToken::new()).limit(nz(limit));
            group.spawn(|_| async { Err("broken") }).await.unwrap();
            settle().await;
            check_refuses(&mut group).await;
            let failed = group.wait().await.unwrap_err();
            assert_eq!((failed.spawned(), failed.cause), (1, error(0, "broken")));
        });
    }
}

#[test]
fn an_accepted_task_that_has_not_started_when_the_cancel_comes_never_does_and_is_listed() {
    on_one_thread(|| async {
        let mut group = Group::new(&CancellationToken::new());
        let started = Arc::new(AtomicUsize::new(0));
        group.spawn(|_| async { Err("broken") }).await.unwrap();
        for _ in 0..3 {
            let started = started.clone();
            let task = move |_| {
                started.fetch_add(1, Ordering::SeqCst);
                async { Ok(1) }
            };
            group.spawn(task).await.unwrap();
        }
        let failed = group.wait().await.unwrap_err();
        assert_eq!(started.load(Ordering::SeqCst), 0);
        assert_eq!(
            (failed.cause.clone(), failed.cancelled.clone()),
            (error(0, "broken"), vec![1, 2, 3])
        );
        assert_eq!(failed.spawned(), 4);
    });
}

#[test]
fn a_spawn_that_waits_for_the_limit_is_freed_by_the_callers_cancel() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let gate = Arc::new(Semaphore::new(0));
        let mut group = Group::new(&token).limit(nz(1));
        let deaf = gate.clone();
        group
            .spawn(|_| async move { deaf.acquire().await.map(|_| 1).map_err(|_| "closed") })
            .await
            .unwrap();
        let waiting = tokio::spawn(async move {
            let refused = group.spawn(|_| async { Ok(2) }).await.is_err();
            (refused, group)
        });
        settle().await;
        assert!(!waiting.is_finished(), "the group is at its limit");
        token.cancel();
        let (refused, group) = waiting.await.unwrap();
        assert!(refused, "freed, though the task that is in the way runs on");
        gate.add_permits(1);
        let failed = group.wait().await.unwrap_err();
        assert_eq!((failed.cause, failed.results), (Cause::Cancelled, vec![(0, 1)]));
    });
}

#[test]
fn a_spawn_that_waits_for_the_limit_is_freed_by_a_failure() {
    on_one_thread(|| async {
        let gate = Arc::new(Semaphore::new(0));
        let mut group = Group::new(&CancellationToken::new()).limit(nz(2));
        let (deaf, fails) = (gate.clone(), gate.clone());
        group
            .spawn(|_| async move { deaf.acquire_many(5).await.map(|_| 1).map_err(|_| "closed") })
            .await
            .unwrap();
        group
            .spawn(
                |_| async move { fails.acquire().await.map_err(|_| "closed").and(Err("broken")) },
            )
            .await
            .unwrap();
        // Whichever asks first for permits, the failure needs one and the other five.
        let waiting = tokio::spawn(async move {
            let refused = group.spawn(|_| async { Ok(2) }).await.is_err();
            (refused, group)
        });
        settle().await;
        assert!(!waiting.is_finished(), "the group is at its limit");
        gate.add_permits(6);
        let (refused, group) = waiting.await.unwrap();
        assert!(refused);
        assert_eq!(group.wait().await.unwrap_err().cause, error(1, "broken"));
    });
}

#[test]
fn a_group_whose_caller_is_cancelled_is_cancelled_though_every_task_succeeds() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token);
        let partly = |token: CancellationToken| async move {
            token.cancelled().await;
            Ok(1)
        };
        group.spawn(partly).await.unwrap();
        settle().await;
        token.cancel();
        let failed = group.wait().await.unwrap_err();
        assert_eq!((failed.cause, failed.results), (Cause::Cancelled, vec![(0, 1)]));
    });
}

#[test]
fn an_empty_group_whose_caller_is_cancelled_is_cancelled() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        token.cancel();
        let failed = Group::new(&token).wait().await.unwrap_err();
        assert_eq!((failed.spawned(), failed.cause), (0, Cause::Cancelled));
    });
}

#[test]
fn a_cancel_while_wait_waits_ends_every_task_that_looks() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token);
        for _ in 0..4 {
            group.spawn(reacts).await.unwrap();
        }
        let wait = tokio::spawn(group.wait());
        token.cancel();
        let failed = wait.await.unwrap().unwrap_err();
        assert_eq!((failed.cause.clone(), failed.spawned()), (Cause::Cancelled, 4));
        assert!(failed.results.is_empty());
    });
}
