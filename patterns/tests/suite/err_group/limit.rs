//! Contract 6: never above the limit, and a place for each that has ended.

use super::{Gauge, Group, nz};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::err_group::TryRejected;
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

#[test]
fn there_are_never_more_tasks_than_the_limit_and_there_are_as_many() {
    for limit in 1..5 {
        on_one_thread(|| async {
            let running = Gauge::default();
            let mut group = Group::new(&CancellationToken::new()).limit(nz(limit));
            for n in 0..12 {
                let running = running.clone();
                let task = move |_| async move {
                    let _inside = running.enter();
                    tokio::time::sleep(Duration::from_millis(1 + n % 3)).await;
                    Ok(n)
                };
                group.spawn(task).await.unwrap();
            }
            assert_eq!(group.wait().await, Ok((0..12).collect()));
            assert_eq!(running.peak(), limit);
        });
    }
}

#[test]
fn there_are_never_more_tasks_than_the_limit_on_several_threads() {
    on_every_runtime(|| async {
        let running = Gauge::default();
        let mut group = Group::new(&CancellationToken::new()).limit(nz(3));
        for n in 0..20 {
            let inner = running.clone();
            let task = move |_| async move {
                let _inside = inner.enter();
                tokio::task::yield_now().await;
                Ok(n)
            };
            group.spawn(task).await.unwrap();
        }
        assert_eq!(group.wait().await, Ok((0..20).collect()));
        assert!((1..=3).contains(&running.peak()), "{}", running.peak());
    });
}

#[test]
fn spawn_never_waits_without_a_limit() {
    on_one_thread(|| async {
        let gate = Arc::new(Semaphore::new(0));
        let mut group = Group::new(&CancellationToken::new());
        for n in 0..1000 {
            let gate = gate.clone();
            let task =
                move |_| async move { gate.acquire().await.map(|_| n).map_err(|_| "closed") };
            group.spawn(task).await.unwrap();
        }
        gate.add_permits(1);
        assert_eq!(group.wait().await, Ok((0..1000).collect()));
    });
}

#[test]
fn spawn_waits_at_the_limit_and_goes_on_when_a_task_has_ended() {
    on_one_thread(|| async {
        let gate = Arc::new(Semaphore::new(0));
        let mut group = Group::new(&CancellationToken::new()).limit(nz(2));
        for n in 0..2 {
            let gate = gate.clone();
            let task = move |_| async move {
                gate.acquire().await.map_err(|_| "closed")?.forget();
                Ok(n)
            };
            group.spawn(task).await.unwrap();
        }
        let third = tokio::spawn(async move {
            let index = group.spawn(|_| async { Ok(2) }).await.unwrap();
            (index, group)
        });
        settle().await;
        assert!(!third.is_finished());
        gate.add_permits(1);
        let (index, group) = third.await.unwrap();
        assert_eq!(index, 2);
        gate.add_permits(1);
        assert_eq!(group.wait().await, Ok(vec![0, 1, 2]));
    });
}

#[test]
fn try_spawn_is_refused_at_the_limit_and_takes_the_place_of_a_task_that_has_ended() {
    on_one_thread(|| async {
        let mut group = Group::new(&CancellationToken::new()).limit(nz(1));
        assert_eq!(group.try_spawn(|_| async { Ok(0) }).unwrap(), 0);
        let refused = group.try_spawn(|_| async { Ok(1) }).unwrap_err();
        assert!(matches!(refused, TryRejected::Full(_)), "{refused:?}");
        settle().await;
        assert_eq!(group.try_spawn(refused.into_closure()).unwrap(), 1);
        assert_eq!(group.wait().await, Ok(vec![0, 1]));
    });
}

#[test]
fn a_full_and_cancelled_group_says_that_it_is_cancelled() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token).limit(nz(1));
        group.spawn(super::reacts).await.unwrap();
        token.cancel();
        let refused = group.try_spawn(super::reacts).unwrap_err();
        assert!(matches!(refused, TryRejected::Cancelled(_)), "{refused:?}");
        group.wait().await.unwrap_err();
    });
}

#[test]
fn a_group_and_what_it_refuses_are_printed_without_the_closures() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token).limit(nz(1));
        group.spawn(super::reacts).await.unwrap();
        assert_eq!(format!("{group:?}"), "ErrGroup { spawned: 1, limit: Some(1), .. }");
        let full = group.try_spawn(super::reacts).unwrap_err();
        assert_eq!(format!("{full:?}: {full}"), "Full(..): the group is at its limit");
        token.cancel();
        let late = group.try_spawn(super::reacts).unwrap_err();
        assert_eq!(format!("{late:?}: {late}"), "Cancelled(..): the group is cancelled");
        let late = group.spawn(super::reacts).await.unwrap_err();
        assert_eq!(format!("{late:?}: {late}"), "Rejected(..): the group is cancelled");
        group.wait().await.unwrap_err();
    });
}
