//! Contract 1 and 2: who gets an item, and who waits for whom.

use super::{Count, check_conserved, fed, nz};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::{StreamExt, stream};
use selvedge_patterns::End;
use selvedge_patterns::fan::{FanOut, Indexed, fan_out};
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use tokio::sync::{Barrier, Semaphore};

async fn read_all<U>(fan: &mut FanOut<U>) -> Vec<Indexed<U>> {
    let mut all = Vec::new();
    while let Some(value) = fan.next().await {
        all.push(value);
    }
    all
}

#[test]
fn each_item_goes_to_one_branch_for_every_small_size() {
    on_one_thread(|| async {
        for (branches, cap) in (1..5).flat_map(|b| (1..4).map(move |c| (b, c))) {
            for items in 0..8_u64 {
                let token = CancellationToken::new();
                let source = stream::iter(0..items);
                let mut fan =
                    fan_out(&token, source, nz(branches), nz(cap), |n: u64| async move { n * n });
                let mut delivered = read_all(&mut fan).await;
                let report = fan.close().await;
                check_conserved(&delivered, &report);
                assert!(report.is_clean() && report.accepted() == items, "{report:?}");
                delivered.sort();
                let squares = (0..items).map(|index| Indexed { index, value: index * index });
                assert_eq!(delivered, squares.collect::<Vec<_>>());
            }
        }
    });
}

#[test]
fn each_item_is_worked_on_once_when_branches_compete() {
    on_every_runtime(|| async {
        let ran = Count::default();
        let count = ran.clone();
        let f = move |n: u64| {
            count.add();
            async move {
                tokio::task::yield_now().await;
                n
            }
        };
        let source = stream::iter(0..60);
        let mut fan = fan_out(&CancellationToken::new(), source, nz(4), nz(2), f);
        let delivered = read_all(&mut fan).await;
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert_eq!((ran.now(), delivered.len(), report.end), (60, 60, End::Complete));
    });
}

#[test]
fn as_many_items_are_worked_on_at_once_as_there_are_branches() {
    on_every_runtime(|| async {
        // Each item waits for two others: fewer branches than three would hang.
        let together = Arc::new(Barrier::new(3));
        let f = move |_: u64| {
            let together = together.clone();
            async move { together.wait().await.is_leader() }
        };
        let source = stream::iter(0..3);
        let mut fan = fan_out(&CancellationToken::new(), source, nz(3), nz(1), f);
        assert_eq!(read_all(&mut fan).await.len(), 3);
        assert!(fan.close().await.is_clean());
    });
}

#[test]
fn branches_read_one_after_another_get_everything() {
    on_every_runtime(|| async {
        let source = stream::iter(0..40_u64);
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(3), nz(1), |n: u64| async move { n });
        let mut delivered = Vec::new();
        for mut branch in fan.take_branches() {
            let before = delivered.len();
            while let Some(value) = branch.next().await {
                delivered.push(value);
            }
            assert!(delivered[before..].is_sorted(), "in the order in which it took");
        }
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert!(report.is_clean() && delivered.len() == 40);
    });
}

#[test]
fn a_branch_that_waits_for_room_takes_nothing_and_holds_up_no_other() {
    on_one_thread(|| async {
        let taken = Count::default();
        let count = taken.clone();
        let source = stream::iter(0..20_u64).inspect(move |_| count.add());
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(2), nz(2), |n: u64| async move { n });
        let mut branches = fan.take_branches();
        settle().await;
        // In each branch two in the buffer and one in its hands.
        assert_eq!(taken.now(), 6);
        let mut of_first = 0;
        while branches[0].next().await.is_some() {
            of_first += 1;
        }
        assert_eq!(of_first, 17, "the second branch, unread, was given nothing more");
        drop(branches);
        assert_eq!(fan.close().await.undelivered.len(), 3);
    });
}

#[test]
fn a_slow_item_holds_up_its_own_branch_only() {
    on_one_thread(|| async {
        let gate = Arc::new(Semaphore::new(0));
        let wait = gate.clone();
        let f = move |n: u64| {
            let gate = wait.clone();
            async move {
                if n == 0 {
                    gate.acquire().await.unwrap().forget();
                }
                n
            }
        };
        let source = stream::iter(0..10);
        let mut fan = fan_out(&CancellationToken::new(), source, nz(2), nz(1), f);
        for _ in 0..9 {
            assert_ne!(fan.next().await.unwrap().value, 0);
        }
        gate.add_permits(1);
        assert_eq!(fan.next().await, Some(Indexed { index: 0, value: 0 }));
        assert_eq!(fan.next().await, None);
        assert!(fan.close().await.is_clean());
    });
}

#[test]
fn the_branches_of_a_fan_out_are_read_in_turn() {
    on_one_thread(|| async {
        // Two branches, each with three values: neither waits until the other is empty.
        let source = stream::iter(0..8_u64);
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(2), nz(3), |n: u64| async move { n });
        settle().await;
        // The first branch took 0 to 3 before the second ran.
        let first: Vec<u64> = [fan.next().await, fan.next().await].map(|v| v.unwrap().index).into();
        assert_eq!(first, [0, 4]);
        let _ = fan.close().await;
    });
}

#[test]
fn a_fan_out_of_an_empty_source_is_complete() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let none = stream::empty::<u64>();
        let mut fan = fan_out(&token, none, nz(3), nz(1), |n: u64| async move { n });
        assert_eq!(fan.next().await, None);
        assert_eq!(fan.next().await, None, "the end stays the end");
        let report = fan.close().await;
        assert!(report.is_clean() && report.accepted() == 0);
    });
}

#[test]
fn an_error_is_a_value_like_any_other() {
    on_every_runtime(|| async {
        let f = |n: u64| async move { if n.is_multiple_of(2) { Err(n) } else { Ok(n) } };
        let mut fan = fan_out(&CancellationToken::new(), stream::iter(0..6), nz(2), nz(1), f);
        let all = read_all(&mut fan).await;
        assert_eq!(all.iter().filter(|v| v.value.is_err()).count(), 3);
        assert_eq!(all.iter().filter(|v| v.value.is_ok()).count(), 3);
        assert!(fan.close().await.is_clean());
    });
}

#[test]
fn a_fan_out_is_a_stream() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let source = stream::iter(0..5_u64);
        let mut fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        let mut all: Vec<u64> = (&mut fan).map(|value| value.value).collect().await;
        all.sort();
        assert_eq!(all, [0, 1, 2, 3, 4]);
        assert_eq!(fan.close().await.delivered, 5);
    });
}

#[test]
fn a_fan_out_whose_branches_were_taken_has_nothing_of_its_own() {
    on_one_thread(|| async {
        let (_feed, source) = fed::<u64>();
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        let branches = fan.take_branches();
        assert_eq!(branches.len(), 2);
        assert_eq!(fan.take_branches().len(), 0);
        assert_eq!(fan.next().await, None);
        drop(branches);
        let _ = fan.close().await;
    });
}

#[test]
fn branches_that_were_seen_to_end_are_not_among_those_taken() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let source = stream::iter(0..3_u64);
        let mut fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        assert_eq!(read_all(&mut fan).await.len(), 3);
        assert!(fan.take_branches().is_empty());
        assert!(fan.close().await.is_clean());
    });
}

/// A value that cannot be printed.
struct Opaque;

#[test]
fn a_fan_out_and_its_branches_are_printed_without_their_values() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let none = stream::empty::<()>();
        let mut fan = fan_out(&token, none, nz(2), nz(1), |()| async { Opaque });
        assert_eq!(format!("{fan:?}"), "FanOut { branches: 2, .. }");
        assert_eq!(format!("{:?}", fan.take_branches()[0]), "Branch { .. }");
        let _ = fan.close().await;
    });
}
