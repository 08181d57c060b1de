//! Contract 1, 7, 8 and 9: how a group ends, and what it leaves behind.

use super::{Bomb, Gauge, Group, error, reacts};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::err_group::Cause;
use selvedge_rt::sync::CancellationToken;
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

#[test]
fn wait_returns_only_after_every_task_has_ended_and_dropped_its_future() {
    on_every_runtime(|| async {
        let running = Gauge::default();
        let mut group = Group::new(&CancellationToken::new());
        for n in 0..4_u64 {
            let inside = running.enter();
            let task = move |token: CancellationToken| async move {
                let _inside = inside;
                if n == 0 {
                    return Err("broken");
                }
                token.cancelled().await;
                for _ in 0..n * 3 {
                    tokio::task::yield_now().await;
                }
                Ok(n)
            };
            let _ = group.spawn(task).await;
        }
        group.wait().await.unwrap_err();
        assert_eq!(running.now(), 0, "a task lives on");
    });
}

#[test]
fn wait_waits_for_a_task_that_does_not_look_at_the_token() {
    on_one_thread(|| async {
        let gate = Arc::new(Semaphore::new(0));
        let mut group = Group::new(&CancellationToken::new());
        let deaf = gate.clone();
        group
            .spawn(|_| async move { deaf.acquire().await.map(|_| 7).map_err(|_| "closed") })
            .await
            .unwrap();
        group.spawn(|_| async { Err("broken") }).await.unwrap();
        let wait = tokio::spawn(group.wait());
        settle().await;
        assert!(!wait.is_finished());
        gate.add_permits(1);
        let failed = wait.await.unwrap().unwrap_err();
        assert_eq!((failed.cause, failed.results), (error(1, "broken"), vec![(0, 7)]));
    });
}

#[test]
fn results_are_in_spawn_order_whatever_the_order_of_the_ends() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        on_one_thread(|| async {
            let mut group = Group::new(&CancellationToken::new());
            for (n, place) in order.into_iter().enumerate() {
                let task = move |_| async move {
                    tokio::time::sleep(Duration::from_millis(place)).await;
                    Ok(n as u64)
                };
                assert_eq!(group.spawn(task).await.unwrap(), n);
            }
            assert_eq!(group.wait().await, Ok(vec![0, 1, 2]));
        });
    }
}

#[test]
fn an_empty_group_gives_no_results_at_once() {
    on_every_runtime(|| async {
        assert_eq!(Group::new(&CancellationToken::new()).wait().await, Ok(vec![]));
    });
}

#[test]
fn a_group_that_is_dropped_cancels_its_token_and_aborts_its_tasks() {
    on_one_thread(|| async {
        let caller = CancellationToken::new();
        let running = Gauge::default();
        let mut group = Group::new(&caller);
        let (tell, told) = oneshot::channel();
        let inside = running.enter();
        let task = |token: CancellationToken| async move {
            tell.send(token).unwrap();
            // Deaf to the token: only the abort ends it.
            pending::<()>().await;
            drop(inside);
            Ok(0)
        };
        group.spawn(task).await.unwrap();
        let token = told.await.unwrap();
        assert!(!token.is_cancelled());
        drop(group);
        assert!(token.is_cancelled());
        settle().await;
        assert_eq!(running.now(), 0, "the task lives on");
        assert!(!caller.is_cancelled(), "the caller's token is not the group's to cancel");
    });
}

#[test]
fn a_wait_or_a_spawn_that_is_dropped_early_aborts_or_starts_nothing() {
    on_one_thread(|| async {
        let running = Gauge::default();
        let mut group = Group::new(&CancellationToken::new()).limit(super::nz(1));
        let inside = running.enter();
        group
            .spawn(|_| async {
                pending::<()>().await;
                drop(inside);
                Ok(0)
            })
            .await
            .unwrap();
        let late = running.enter();
        let spawn = group.spawn(move |_| async {
            drop(late);
            Ok(1)
        });
        tokio::time::timeout(Duration::from_secs(1), spawn).await.unwrap_err();
        assert_eq!(running.now(), 1, "the closure is dropped with the spawn, and the task runs on");
        tokio::time::timeout(Duration::from_secs(1), group.wait()).await.unwrap_err();
        settle().await;
        assert_eq!(running.now(), 0);
    });
}

#[test]
fn the_end_cancels_the_tokens_that_the_tasks_left_behind_and_not_the_callers() {
    on_every_runtime(|| async {
        let caller = CancellationToken::new();
        let mut group = Group::new(&caller);
        let (tell, told) = oneshot::channel();
        let task = |token| async move {
            tell.send(token).unwrap();
            Ok(1)
        };
        group.spawn(task).await.unwrap();
        assert_eq!(group.wait().await, Ok(vec![1]));
        assert!(told.await.unwrap().is_cancelled());
        assert!(!caller.is_cancelled());
    });
}

#[test]
fn a_failure_does_not_cancel_the_callers_token_nor_another_group_of_his() {
    on_every_runtime(|| async {
        let caller = CancellationToken::new();
        let (mut one, mut other) = (Group::new(&caller), Group::new(&caller));
        one.spawn(|_| async { Err("broken") }).await.unwrap();
        one.wait().await.unwrap_err();
        assert!(!caller.is_cancelled());
        other.spawn(|token| async move { Ok(u64::from(token.is_cancelled())) }).await.unwrap();
        assert_eq!(other.wait().await, Ok(vec![0]));
    });
}

/// A group on another runtime than the one that waits for it.
fn stranded(task: impl FnOnce(CancellationToken) -> Running + Send + 'static) -> Group {
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut group = Group::new(&CancellationToken::new()).limit(super::nz(2));
    other.block_on(async {
        group.spawn(|_| async { Ok(5) }).await.unwrap();
        let (tell, told) = oneshot::channel();
        let task = move |token| {
            tell.send(()).unwrap();
            task(token)
        };
        group.spawn(task).await.unwrap();
        told.await.unwrap();
        while group.try_spawn(|_| async { Ok(6) }).is_err() {
            tokio::task::yield_now().await;
        }
    });
    drop(other);
    group
}

type Running = std::pin::Pin<Box<dyn Future<Output = Result<u64, &'static str>> + Send>>;

#[test]
fn tasks_whose_runtime_is_shut_down_free_their_place_and_are_listed_as_cancelled() {
    let mut group = stranded(|_| Box::pin(pending()));
    on_one_thread(|| async {
        // Task 1 was aborted with its runtime; its place is free for this one.
        group.spawn(|_| async { Ok(7) }).await.unwrap();
        let failed = group.wait().await.unwrap_err();
        assert_eq!(failed.cause, Cause::Cancelled);
        assert_eq!(failed.spawned(), 4);
        assert!(failed.cancelled.contains(&1), "{failed:?}");
        assert!(failed.results.contains(&(0, 5)) && failed.results.contains(&(3, 7)), "{failed:?}");
    });
}

#[test]
fn a_destructor_that_panics_while_the_runtime_is_shut_down_surfaces_in_wait() {
    let group = stranded(|_| {
        Box::pin(async {
            let _bomb = Bomb;
            pending().await
        })
    });
    on_one_thread(|| async {
        let wait = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(group.wait()));
        let payload = wait.await.unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"dropped"));
    });
}

#[test]
fn groups_nest_and_a_failure_inside_is_a_failure_outside() {
    on_every_runtime(|| async {
        let mut outer = Group::new(&CancellationToken::new());
        let nested = |token: CancellationToken| async move {
            let mut inner = Group::new(&token);
            inner.spawn(|_| async { Err("inside") }).await.unwrap();
            let _ = inner.spawn(reacts).await;
            match inner.wait().await.unwrap_err().cause {
                Cause::Failed {
                    failure: selvedge_patterns::err_group::Failure::Error(e), ..
                } => Err(e),
                other => panic!("{other:?}"),
            }
        };
        outer.spawn(nested).await.unwrap();
        let _ = outer.spawn(reacts).await;
        assert_eq!(outer.wait().await.unwrap_err().cause, error(0, "inside"));
    });
}
