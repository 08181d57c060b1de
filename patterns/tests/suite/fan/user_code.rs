//! Contract 9: panics of the user's code are data, wherever they come.

use super::{check_conserved, nz};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::{Stream, StreamExt, stream};
use selvedge_patterns::End;
use selvedge_patterns::fan::{Indexed, fan_in, fan_out};
use selvedge_rt::sync::CancellationToken;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb");
    }
}

/// Gives `0..items`, and then panics; polled again it would end.
struct Panics {
    items: std::ops::Range<u64>,
    panicked: bool,
}

impl Stream for Panics {
    type Item = u64;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
        assert!(!self.panicked, "polled after its panic");
        let next = self.items.next();
        self.panicked = next.is_none();
        Poll::Ready(Some(next.expect("the source panics")))
    }
}

fn panics_after(items: u64) -> Panics {
    Panics { items: 0..items, panicked: false }
}

#[test]
fn panicking_items_are_listed_and_their_branches_go_on() {
    on_every_runtime(|| async {
        // Half in the call, half in the future; more of them than branches.
        let f = |n: u64| {
            assert!(!n.is_multiple_of(4), "call {n}");
            async move {
                assert!(n % 4 != 1, "future {n}");
                n
            }
        };
        let mut fan = fan_out(&CancellationToken::new(), stream::iter(0..16), nz(2), nz(1), f);
        let delivered: Vec<Indexed<u64>> = (&mut fan).collect().await;
        let mut report = fan.close().await;
        check_conserved(&delivered, &report);
        assert_eq!((report.end, report.delivered, report.panicked.len()), (End::Complete, 8, 8));
        report.panicked.sort();
        assert_eq!(report.panicked[1], Indexed { index: 1, value: "future 1".into() });
        assert!(!report.is_clean());
    });
}

#[test]
fn a_future_that_panics_when_the_cancel_drops_it_is_listed() {
    on_one_thread(|| async {
        let f = |n: u64| async move {
            let _bomb = Bomb;
            std::future::pending::<()>().await;
            n
        };
        let token = CancellationToken::new();
        let fan = fan_out(&token, stream::iter(0..9), nz(1), nz(1), f);
        settle().await;
        let report = fan.close().await;
        check_conserved(&[], &report);
        assert_eq!(report.panicked, [Indexed { index: 0, value: "the bomb".into() }]);
        assert_eq!(report.end, End::Cancelled);
    });
}

#[test]
fn a_source_that_panics_ends_the_input_and_what_was_taken_is_finished() {
    on_every_runtime(|| async {
        let f = |n: u64| async move {
            tokio::task::yield_now().await;
            n
        };
        let mut fan = fan_out(&CancellationToken::new(), panics_after(5), nz(3), nz(1), f);
        let delivered: Vec<Indexed<u64>> = (&mut fan).collect().await;
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert_eq!((report.end, report.delivered), (End::Panicked, 5));
        assert_eq!(report.source_panic.as_deref(), Some("the source panics"));
    });
}

#[test]
fn a_source_that_panics_when_dropped_at_its_end_says_so() {
    on_every_runtime(|| async {
        let bomb = Bomb;
        let source = stream::iter(0..3_u64).inspect(move |_| _ = &bomb);
        let token = CancellationToken::new();
        let mut fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        let delivered: Vec<Indexed<u64>> = (&mut fan).collect().await;
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert_eq!((report.end, report.delivered), (End::Panicked, 3));
        assert_eq!(report.source_panic.as_deref(), Some("the bomb"));
    });
}

#[test]
fn a_source_that_panics_when_dropped_by_a_cancel_says_so() {
    on_every_runtime(|| async {
        let bomb = Bomb;
        let source = stream::pending::<u64>().inspect(move |_| _ = &bomb);
        let token = CancellationToken::new();
        let fan = fan_out(&token, source, nz(2), nz(1), |n: u64| async move { n });
        let report = fan.close().await;
        assert_eq!((report.end, report.accepted()), (End::Panicked, 0));
        assert_eq!(report.source_panic.as_deref(), Some("the bomb"));
    });
}

#[test]
fn of_several_panics_the_one_that_ended_the_source_is_told() {
    on_every_runtime(|| async {
        let (in_source, in_f) = (Bomb, Bomb);
        let source = panics_after(1).inspect(move |_| _ = &in_source);
        let f = move |n: u64| {
            let _ = &in_f;
            async move { n }
        };
        let mut fan = fan_out(&CancellationToken::new(), source, nz(1), nz(1), f);
        let delivered: Vec<Indexed<u64>> = (&mut fan).collect().await;
        let report = fan.close().await;
        check_conserved(&delivered, &report);
        assert_eq!(report.source_panic.as_deref(), Some("the source panics"));
    });
}

#[test]
fn a_merged_source_that_panics_is_listed_and_the_others_go_on() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let sources = [stream::iter(10..13).boxed(), panics_after(1).boxed()];
        let mut merged = fan_in(&token, sources, nz(1));
        let mut all: Vec<u64> = (&mut merged).collect().await;
        all.sort();
        assert_eq!(all, [0, 10, 11, 12]);
        let report = merged.close().await;
        assert_eq!((report.end, report.delivered), (End::Panicked, 4));
        let listed = Indexed { index: 1, value: "the source panics".to_owned() };
        assert_eq!(report.panicked, [listed]);
        assert!(!report.is_clean());
    });
}

#[test]
fn a_merged_source_that_panics_when_dropped_is_listed() {
    on_every_runtime(|| async {
        let armed = || {
            let bomb = Bomb;
            stream::pending::<u64>().inspect(move |_| _ = &bomb).boxed()
        };
        let token = CancellationToken::new();
        let merged = fan_in(&token, [stream::pending().boxed(), armed(), armed()], nz(1));
        let report = merged.close().await;
        assert_eq!(report.end, End::Panicked);
        let places: Vec<u64> = report.panicked.iter().map(|panicked| panicked.index).collect();
        assert_eq!(places, [1, 2]);
    });
}
