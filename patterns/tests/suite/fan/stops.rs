//! Contract 3, 4 and 9: every way in which a fan-out stops, and where its items are then.

use super::{Alive, Count, check_conserved, fed, nz};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::{StreamExt, stream};
use selvedge_patterns::End;
use selvedge_patterns::fan::{Indexed, fan_out};
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use tokio::sync::Notify;

#[test]
fn a_dropped_branch_takes_nothing_more_and_the_others_take_it_all() {
    on_one_thread(|| async {
        let (feed, source) = fed();
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(2), nz(9), |n: u64| async move { n });
        let mut branches = fan.take_branches();
        settle().await;
        // The first branch is the one that waits for the source; the other waits behind it.
        drop(branches.remove(0));
        for n in 0..5 {
            feed.send(n).unwrap();
        }
        drop(feed);
        let rest: Vec<u64> = (&mut branches[0]).map(|value| value.value).collect().await;
        assert_eq!(rest, [0, 1, 2, 3, 4]);
        let report = fan.close().await;
        assert!(report.is_clean() && report.delivered == 5, "{report:?}");
    });
}

#[test]
fn a_branch_dropped_in_line_for_the_source_takes_nothing() {
    on_one_thread(|| async {
        let (feed, source) = fed();
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(3), nz(9), |n: u64| async move { n });
        let mut branches = fan.take_branches();
        settle().await;
        drop(branches.remove(1));
        for n in 0..4 {
            feed.send(n).unwrap();
            settle().await;
        }
        drop(feed);
        let mut delivered = Vec::new();
        for branch in &mut branches {
            delivered.extend(branch.collect::<Vec<_>>().await);
        }
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert!(report.is_clean() && report.delivered == 4, "{report:?}");
    });
}

#[test]
fn a_dropped_branch_drops_the_future_that_it_waits_for_and_lists_the_item() {
    on_one_thread(|| async {
        let futures = Alive::default();
        let token = futures.token();
        let f = move |n: u64| {
            let inside = (n == 0).then(|| token.clone());
            async move {
                if inside.is_some() {
                    std::future::pending::<()>().await;
                }
                n
            }
        };
        let parent = CancellationToken::new();
        let mut fan = fan_out(&parent, stream::iter(0..4), nz(2), nz(1), f);
        let mut branches = fan.take_branches();
        settle().await;
        // The closure's own token, and that of item 0.
        assert_eq!(futures.now(), 2);
        drop(branches.remove(0));
        settle().await;
        assert_eq!(futures.now(), 1, "the future of item 0 lives on");
        let delivered: Vec<Indexed<u64>> = (&mut branches[0]).collect().await;
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert_eq!(report.abandoned, [0]);
        assert_eq!(report.end, End::Cancelled, "not every item was worked on");
    });
}

#[test]
fn what_a_dropped_branch_had_worked_out_is_handed_back() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let source = stream::iter(0..9_u64);
        let mut fan = fan_out(&token, source, nz(2), nz(2), |n: u64| async move { n });
        let mut branches = fan.take_branches();
        settle().await;
        drop(branches.remove(0));
        let delivered: Vec<Indexed<u64>> = (&mut branches[0]).collect().await;
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        let mut back: Vec<u64> = report.undelivered.iter().map(|value| value.value).collect();
        back.sort();
        assert_eq!(back, [0, 1, 2], "two from the buffer, and the one that waited for room");
        assert_eq!((report.end, report.is_clean()), (End::Complete, false));
    });
}

#[test]
fn dropping_every_branch_drops_an_idle_source() {
    on_every_runtime(|| async {
        let (feed, source) = fed();
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(3), nz(1), |n: u64| async move { n });
        for branch in fan.take_branches() {
            assert!(!feed.is_closed());
            drop(branch);
        }
        feed.closed().await;
        let report = fan.close().await;
        assert_eq!((report.end, report.accepted()), (End::Cancelled, 0));
        assert!(!token.is_cancelled());
    });
}

#[test]
fn a_source_that_ended_is_dropped_before_its_values_are_read() {
    on_one_thread(|| async {
        let source_alive = Alive::default();
        let inside = source_alive.token();
        let source = stream::iter(0..2_u64).inspect(move |_| _ = &inside);
        let token = CancellationToken::new();
        let fan = fan_out(&token, source, nz(2), nz(4), |n: u64| async move { n });
        settle().await;
        assert_eq!(source_alive.now(), 0);
        let report = fan.close().await;
        assert_eq!((report.end, report.undelivered.len()), (End::Complete, 2));
    });
}

#[test]
fn a_fan_out_with_a_cancelled_token_takes_nothing() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        token.cancel();
        let taken = Count::default();
        let count = taken.clone();
        let source = stream::iter(0..9_u64).inspect(move |_| count.add());
        let mut fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        assert_eq!(fan.next().await, None);
        let report = fan.close().await;
        assert_eq!((report.end, report.accepted(), taken.now()), (End::Cancelled, 0, 0));
    });
}

#[test]
fn cancel_ends_idle_branches() {
    on_one_thread(|| async {
        let (feed, source) = fed::<u64>();
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(3), nz(1), |n: u64| async move { n });
        settle().await;
        token.cancel();
        assert_eq!(fan.next().await, None);
        assert!(feed.is_closed(), "the source is dropped");
        assert_eq!(fan.close().await.end, End::Cancelled);
    });
}

#[test]
fn cancel_frees_branches_that_wait_for_room_with_their_values() {
    on_one_thread(|| async {
        let tasks = Alive::default();
        let inside = tasks.token();
        let f = move |n: u64| {
            let _ = &inside;
            async move { n }
        };
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, stream::iter(0..), nz(2), nz(1), f);
        settle().await;
        token.cancel();
        settle().await;
        assert_eq!(tasks.now(), 0, "a branch still waits for room");
        // What is in the buffers can still be read.
        let delivered: Vec<Indexed<u64>> = (&mut fan).collect().await;
        assert_eq!(delivered.len(), 2);
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert_eq!((report.end, report.undelivered.len()), (End::Cancelled, 2));
    });
}

#[test]
fn cancel_drops_the_futures_of_f_and_lists_their_items() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let f = |_: u64| std::future::pending::<u64>();
        let mut fan = fan_out(&token, stream::iter(0..9), nz(3), nz(1), f);
        settle().await;
        token.cancel();
        assert_eq!(fan.next().await, None);
        let mut report = fan.close().await;
        report.abandoned.sort();
        assert_eq!((report.end, report.abandoned), (End::Cancelled, vec![0, 1, 2]));
    });
}

#[test]
fn a_future_that_is_done_when_the_cancel_comes_is_not_abandoned() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let done = Arc::new(Notify::new());
        let wait = done.clone();
        let f = move |n: u64| {
            let done = wait.clone();
            async move {
                done.notified().await;
                n
            }
        };
        let fan = fan_out(&token, stream::iter(0..9), nz(1), nz(1), f);
        settle().await;
        done.notify_one();
        token.cancel();
        let report = fan.close().await;
        check_conserved(&[], &report);
        assert_eq!((report.undelivered.len(), report.abandoned.len()), (1, 0));
    });
}

#[test]
fn closing_returns_only_after_every_task_has_ended() {
    on_every_runtime(|| async {
        let tasks = Alive::default();
        let inside = tasks.token();
        let f = move |n: u64| {
            let inside = inside.clone();
            async move {
                tokio::task::yield_now().await;
                drop(inside);
                n
            }
        };
        let mut fan = fan_out(&CancellationToken::new(), stream::iter(0..), nz(3), nz(1), f);
        let delivered = Vec::from_iter(fan.next().await);
        let report = fan.close().await;
        assert_eq!(tasks.now(), 0, "a task of the fan-out, or one of its futures, lives on");
        check_conserved(&delivered, &report);
        assert_eq!(report.end, End::Cancelled);
    });
}

#[test]
fn closing_takes_what_a_branch_that_is_still_held_did_not_read() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let source = stream::iter(0..2_u64);
        let mut fan = fan_out(&token, source, nz(1), nz(2), |n: u64| async move { n });
        let mut branch = fan.take_branches().remove(0);
        settle().await;
        let report = fan.close().await;
        assert_eq!(report.undelivered.len(), 2);
        assert_eq!(branch.next().await, None);
    });
}

#[test]
fn dropping_a_fan_out_ends_its_tasks_and_the_branches_that_were_taken() {
    on_one_thread(|| async {
        let (feed, source) = fed();
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        feed.send(1).unwrap();
        let mut branches = fan.take_branches();
        settle().await;
        drop(fan);
        settle().await;
        assert!(feed.is_closed(), "a branch lives on");
        assert!(!token.is_cancelled());
        // What was worked out before is still there for who holds the branch.
        assert_eq!(branches[0].next().await, Some(Indexed { index: 0, value: 1 }));
        assert_eq!(branches[0].next().await, None);
        assert_eq!(branches[1].next().await, None);
    });
}

#[test]
fn a_cancel_after_the_last_item_cuts_nothing() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let source = stream::iter(0..3_u64);
        let mut fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        let delivered: Vec<Indexed<u64>> = (&mut fan).collect().await;
        token.cancel();
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert!(report.is_clean());
    });
}
