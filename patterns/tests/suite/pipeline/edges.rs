//! The edges: odd shapes of use that must neither hang nor lose anything.

use super::{Held, counting, never_ending, nz, read_all};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::{StreamExt, stream};
use selvedge_patterns::End;
use selvedge_patterns::pipeline::Pipeline;
use selvedge_rt::sync::CancellationToken;
use std::cell::Cell;

#[test]
fn an_empty_source_is_a_complete_run() {
    on_every_runtime(|| async {
        let mut output = Pipeline::generate(nz(1), stream::empty::<u64>())
            .map(nz(1), |n| n)
            .start(&CancellationToken::new());
        assert_eq!(output.next().await, None);
        let report = output.finish().await;
        assert_eq!((report.end, report.taken), (End::Complete, 0));
    });
}

#[test]
fn a_filter_that_rejects_everything_is_a_complete_run() {
    on_every_runtime(|| async {
        let mut output = Pipeline::generate(nz(2), stream::iter(0..50))
            .filter(nz(1), |_| false)
            .start(&CancellationToken::new());
        assert_eq!(output.next().await, None);
        let report = output.finish().await;
        assert_eq!((report.end, report.rejected), (End::Complete, 50));
    });
}

#[test]
fn a_pipeline_that_is_never_started_polls_nothing_and_drops_its_source() {
    on_one_thread(|| async {
        let held = Held::default();
        let pipeline = Pipeline::generate(nz(1), counting(3, &held)).map(nz(1), |n| n);
        settle().await;
        assert_eq!(held.count(), 1);
        assert_eq!(format!("{pipeline:?}"), "Pipeline { stages: [\"generate\", \"map\"], .. }");
        drop(pipeline);
        assert_eq!(held.count(), 0);
    });
}

#[test]
fn a_pipeline_is_the_source_of_another() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let inner = Pipeline::generate(nz(1), stream::iter(0..5u64)).map(nz(1), |n| n + 1);
        let outer = Pipeline::generate(nz(1), inner.start(&token)).map(nz(1), |n| n * 2);
        assert_eq!(outer.collect(&token).await.unwrap(), [2, 4, 6, 8, 10]);
    });
}

#[test]
fn the_end_of_a_pipeline_stops_the_one_that_is_its_source() {
    on_one_thread(|| async {
        let held = Held::default();
        let token = CancellationToken::new();
        let inner = Pipeline::generate(nz(1), never_ending(1, &held)).start(&token);
        let outer = Pipeline::generate(nz(1), inner).start(&token);
        settle().await;
        assert_eq!(held.count(), 1);
        assert_eq!(outer.finish().await.end, End::Cancelled);
        settle().await;
        assert_eq!(held.count(), 0);
    });
}

#[test]
fn a_next_that_is_dropped_while_it_waits_received_nothing() {
    on_one_thread(|| async {
        let (feed, items) = tokio::sync::mpsc::channel(1);
        let source = stream::unfold(items, |mut items: tokio::sync::mpsc::Receiver<u64>| async {
            items.recv().await.map(|item| (item, items))
        });
        let mut output =
            Pipeline::generate(nz(1), source).map(nz(1), |n| n).start(&CancellationToken::new());
        {
            let waiting = output.next();
            tokio::pin!(waiting);
            assert!(futures_util::poll!(waiting).is_pending());
            feed.send(7).await.unwrap();
            settle().await;
        }
        drop(feed);
        assert_eq!(read_all(&mut output).await, [(0, 7)]);
        let report = output.finish().await;
        assert_eq!((report.end, report.delivered), (End::Complete, 1));
    });
}

#[test]
fn a_collect_that_is_dropped_stops_the_pipeline() {
    on_one_thread(|| async {
        let held = Held::default();
        let token = CancellationToken::new();
        {
            let collecting = Pipeline::generate(nz(1), never_ending(3, &held)).collect(&token);
            tokio::pin!(collecting);
            assert!(futures_util::poll!(collecting).is_pending());
            settle().await;
            assert_eq!(held.count(), 1);
        }
        settle().await;
        assert_eq!(held.count(), 0, "a task of the pipeline lives on");
        assert!(!token.is_cancelled());
    });
}

#[test]
fn items_need_be_neither_clone_nor_sync() {
    on_every_runtime(|| async {
        struct Item(Cell<u64>);
        let source = stream::iter(0..3).map(|n| Item(Cell::new(n)));
        let all = Pipeline::generate(nz(1), source)
            .map_concurrent(nz(2), nz(1), |item| async move { item })
            .filter(nz(1), |item| item.0.get() != 1)
            .collect(&CancellationToken::new())
            .await;
        let all: Vec<_> = all.ok().unwrap().into_iter().map(|item| item.0.get()).collect();
        assert_eq!(all, [0, 2]);
    });
}

#[test]
fn handles_and_futures_can_move_between_threads() {
    fn check<T: Send>(_: &T) {}
    fn check_sync<T: Sync>(_: &T) {}
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let pipeline = || Pipeline::generate(nz(1), stream::iter(0..3u64)).map(nz(1), |n| n);
        check(&pipeline());
        check(&pipeline().collect(&token));
        let mut output = pipeline().start(&token);
        check(&output);
        check_sync(&output);
        check(&output.next());
        let finish = output.finish();
        check(&finish);
        check(&finish.await);
    });
}

/// An item that cannot be printed.
struct Opaque;

#[test]
fn what_a_pipeline_gives_is_printed_without_its_items() {
    on_one_thread(|| async {
        let opaque = || Pipeline::generate(nz(1), stream::repeat_with(|| Opaque)).map(nz(1), |o| o);
        let mut output = opaque().start(&CancellationToken::new());
        assert!(output.next().await.is_some());
        assert_eq!(format!("{output:?}"), "Output { delivered: 1, .. }");
        settle().await;
        // One in the last buffer; one in the hands of `map`, one in its buffer, one in the source's.
        let report = output.finish().await;
        assert_eq!(format!("{:?}", report.unfinished[0]), "item 3 at stage 1 `map`");

        let token = CancellationToken::new();
        token.cancel();
        let error = opaque().collect(&token).await.map(drop).unwrap_err();
        let said = "PipelineError { end: Cancelled, failures: [], unfinished: [], .. }";
        assert_eq!(format!("{error:?}"), said);
    });
}
