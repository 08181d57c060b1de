//! Contract 5 to 8: when a merge ends, in which order it serves, and what it hands back.

use super::{Alive, Count, fed, nz};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::{StreamExt, stream};
use selvedge_patterns::End;
use selvedge_patterns::fan::fan_in;
use selvedge_rt::sync::CancellationToken;

#[test]
fn a_merge_gives_everything_in_the_order_of_each_source_for_every_small_size() {
    on_one_thread(|| async {
        for (sources, cap) in (0..5_u64).flat_map(|s| (1..4).map(move |c| (s, c))) {
            // Source k has k items.
            let token = CancellationToken::new();
            let each = (0..sources).map(|k| stream::iter(0..k).map(move |n| (k, n)));
            let mut merged = fan_in(&token, each, nz(cap));
            let all: Vec<(u64, u64)> = (&mut merged).collect().await;
            for k in 0..sources {
                let own: Vec<u64> = all.iter().filter(|i| i.0 == k).map(|i| i.1).collect();
                assert_eq!(own, (0..k).collect::<Vec<_>>());
            }
            let report = merged.close().await;
            assert!(report.is_clean() && report.accepted() == all.len() as u64);
        }
    });
}

#[test]
fn a_merge_keeps_the_order_of_sources_that_are_fed_at_once() {
    on_every_runtime(|| async {
        let (feeds, sources): (Vec<_>, Vec<_>) = (0..4).map(|_| fed()).unzip();
        let token = CancellationToken::new();
        let mut merged = fan_in(&token, sources, nz(2));
        for (source, feed) in feeds.into_iter().enumerate() {
            tokio::spawn(async move {
                for n in 0..20 {
                    feed.send((source, n)).unwrap();
                    tokio::task::yield_now().await;
                }
            });
        }
        let mut next = [0; 4];
        while let Some((source, n)) = merged.next().await {
            assert_eq!(n, next[source], "of source {source}");
            next[source] += 1;
        }
        assert_eq!(next, [20; 4]);
        assert!(merged.close().await.is_clean());
    });
}

#[test]
fn a_merge_of_none_ends_at_once() {
    on_every_runtime(|| async {
        let none: [stream::Empty<u64>; 0] = [];
        let mut merged = fan_in(&CancellationToken::new(), none, nz(1));
        assert_eq!(merged.next().await, None);
        assert_eq!(merged.next().await, None, "the end stays the end");
        assert!(merged.close().await.is_clean());
    });
}

#[test]
fn a_merge_ends_with_its_last_source_and_not_before() {
    on_one_thread(|| async {
        let (one, first) = fed();
        let (two, second) = fed();
        let mut merged = fan_in(&CancellationToken::new(), [first, second], nz(1));
        drop(one);
        settle().await;
        two.send(5).unwrap();
        assert_eq!(merged.next().await, Some(5));
        drop(two);
        assert_eq!(merged.next().await, None);
        assert!(merged.close().await.is_clean());
    });
}

#[test]
fn a_source_that_ended_is_dropped_while_the_others_go_on() {
    on_one_thread(|| async {
        let alive = Alive::default();
        let inside = alive.token();
        let short = stream::iter(0..1_u64).inspect(move |_| _ = &inside).boxed();
        let (feed, long) = fed();
        let mut merged = fan_in(&CancellationToken::new(), [short, long.boxed()], nz(4));
        settle().await;
        assert_eq!(alive.now(), 0);
        feed.send(7).unwrap();
        drop(feed);
        assert_eq!((&mut merged).collect::<Vec<_>>().await, [0, 7]);
        assert!(merged.close().await.is_clean());
    });
}

#[test]
fn sources_that_are_ready_are_served_in_turn() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let sources = (0..3_u64).map(stream::repeat);
        let mut merged = fan_in(&token, sources, nz(2));
        for n in 0..30 {
            assert_eq!(merged.next().await, Some(n % 3));
        }
        assert_eq!(merged.close().await.end, End::Cancelled);
    });
}

#[test]
fn a_source_that_becomes_ready_waits_for_one_item_of_each_other_at_most() {
    on_one_thread(|| async {
        for place in 0..3 {
            let (feed, late) = fed();
            let mut sources: Vec<_> = (1..3).map(|n| stream::repeat(n).boxed()).collect();
            sources.insert(place, late.boxed());
            let mut merged = fan_in(&CancellationToken::new(), sources, nz(1));
            for before in 0..7 {
                settle().await;
                if before == 6 {
                    feed.send(0).unwrap();
                }
                assert_ne!(merged.next().await, Some(0));
            }
            // One in its hands, then one of each of the two others.
            let mut others = 0;
            while merged.next().await != Some(0) {
                others += 1;
            }
            assert!(others <= 3, "after {others} others, at place {place}");
            let _ = merged.close().await;
        }
    });
}

#[test]
fn a_merge_takes_no_more_than_its_buffer_and_one() {
    on_one_thread(|| async {
        let taken = Count::default();
        let count = taken.clone();
        let sources = [stream::iter(0..50_u64).inspect(move |_| count.add())];
        let mut merged = fan_in(&CancellationToken::new(), sources, nz(3));
        settle().await;
        assert_eq!(taken.now(), 4);
        assert_eq!(merged.next().await, Some(0));
        settle().await;
        assert_eq!(taken.now(), 5);
        let report = merged.close().await;
        assert_eq!(report.undelivered, [1, 2, 3, 4]);
        assert_eq!((report.end, report.accepted()), (End::Cancelled, 5));
    });
}

#[test]
fn cancel_frees_a_merge_that_waits_for_room_and_it_hands_back_what_it_held() {
    on_one_thread(|| async {
        let alive = Alive::default();
        let inside = alive.token();
        let token = CancellationToken::new();
        let sources = [stream::iter(0..).inspect(move |_: &u64| _ = &inside)];
        let mut merged = fan_in(&token, sources, nz(2));
        settle().await;
        token.cancel();
        settle().await;
        assert_eq!(alive.now(), 0, "it still waits for room");
        // The buffer can still be read, or is handed back; the item in hand only that.
        assert_eq!(merged.next().await, Some(0));
        let report = merged.close().await;
        assert_eq!((report.end, report.delivered), (End::Cancelled, 1));
        assert_eq!(report.undelivered, [1, 2]);
    });
}

#[test]
fn cancel_ends_a_merge_whose_sources_are_idle() {
    on_every_runtime(|| async {
        let (feed, source) = fed::<u64>();
        let token = CancellationToken::new();
        let mut merged = fan_in(&token, [source], nz(1));
        token.cancel();
        assert_eq!(merged.next().await, None);
        feed.closed().await;
        assert_eq!(merged.close().await.end, End::Cancelled);
    });
}

#[test]
fn a_merge_with_a_cancelled_token_takes_nothing() {
    on_every_runtime(|| async {
        let taken = Count::default();
        let count = taken.clone();
        let token = CancellationToken::new();
        token.cancel();
        let sources = [stream::iter(0..9_u64).inspect(move |_| count.add())];
        let mut merged = fan_in(&token, sources, nz(1));
        assert_eq!(merged.next().await, None);
        let report = merged.close().await;
        assert_eq!((report.end, report.accepted(), taken.now()), (End::Cancelled, 0, 0));
    });
}

#[test]
fn a_dropped_merge_drops_its_idle_sources_and_cancels_nothing_else() {
    on_every_runtime(|| async {
        let (feed, source) = fed::<u64>();
        let token = CancellationToken::new();
        drop(fan_in(&token, [source], nz(1)));
        feed.closed().await;
        assert!(!token.is_cancelled());
    });
}

#[test]
fn closing_returns_only_after_every_source_is_dropped() {
    on_every_runtime(|| async {
        let alive = Alive::default();
        let each = (0..3).map(|_| {
            let inside = alive.token();
            stream::repeat(1_u64).inspect(move |_| _ = &inside)
        });
        let mut merged = fan_in(&CancellationToken::new(), each, nz(2));
        assert_eq!(merged.next().await, Some(1));
        let report = merged.close().await;
        assert_eq!(alive.now(), 0);
        assert_eq!((report.end, report.delivered), (End::Cancelled, 1));
    });
}

#[test]
fn a_merge_that_saw_every_source_end_is_complete_though_unread() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let merged = fan_in(&token, [stream::iter(0..2), stream::iter(5..6)], nz(3));
        settle().await;
        token.cancel();
        let report = merged.close().await;
        assert_eq!((report.end, report.is_clean()), (End::Complete, false));
        assert_eq!(report.undelivered, [0, 5, 1]);
    });
}

#[test]
fn merges_can_be_merged() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let pair = |from: u64| fan_in(&token, [stream::iter(from..from + 2)], nz(1));
        let mut merged = fan_in(&token, [pair(0), pair(10)], nz(1));
        let mut all: Vec<u64> = (&mut merged).collect().await;
        all.sort();
        assert_eq!(all, [0, 1, 10, 11]);
        assert!(merged.close().await.is_clean());
    });
}

/// An item that cannot be printed.
struct Opaque;

#[test]
fn a_merge_is_printed_without_its_items() {
    on_one_thread(|| async {
        let sources = [stream::iter([Opaque, Opaque])];
        let mut merged = fan_in(&CancellationToken::new(), sources, nz(1));
        assert!(merged.next().await.is_some());
        assert_eq!(format!("{merged:?}"), "Merged { delivered: 1, .. }");
        let _ = merged.close().await;
    });
}
