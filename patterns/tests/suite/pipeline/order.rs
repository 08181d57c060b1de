//! Contract 1 and 8: what comes out, and in which order.

use super::{nz, read_all};
use crate::runtimes::{on_every_runtime, on_one_thread};
use futures_util::{StreamExt, stream};
use selvedge_patterns::End;
use selvedge_patterns::pipeline::Pipeline;
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Barrier;

/// Runs a pipeline of three stages and compares it with the iterator.
async fn equals_the_iterator(items: u64, caps: [usize; 3]) {
    let output = Pipeline::generate(nz(caps[0]), stream::iter(0..items))
        .map(nz(caps[1]), |n| n * 3)
        .filter(nz(caps[2]), |n| n % 2 == 0)
        .map(nz(caps[0]), |n| n.to_string())
        .collect(&CancellationToken::new())
        .await
        .unwrap();
    let expected = (0..items).map(|n| n * 3).filter(|n| n % 2 == 0).map(|n| n.to_string());
    assert_eq!(output, expected.collect::<Vec<_>>());
}

#[test]
fn the_output_equals_the_iterator_in_every_small_shape() {
    for items in 0..6 {
        for caps in [[1, 1, 1], [1, 2, 3], [3, 2, 1], [2, 1, 2], [8, 8, 8]] {
            on_one_thread(|| equals_the_iterator(items, caps));
        }
    }
    on_every_runtime(|| equals_the_iterator(40, [1, 2, 1]));
}

#[test]
fn a_source_alone_is_a_pipeline() {
    on_every_runtime(|| async {
        let all =
            Pipeline::generate(nz(2), stream::iter(0..5)).collect(&CancellationToken::new()).await;
        assert_eq!(all.unwrap(), [0, 1, 2, 3, 4]);
    });
}

#[test]
fn functions_may_keep_state_between_items() {
    on_every_runtime(|| async {
        let mut sum = 0;
        let sums = Pipeline::generate(nz(1), stream::iter(1..=4))
            .map(nz(1), move |n| {
                sum += n;
                sum
            })
            .collect(&CancellationToken::new())
            .await;
        assert_eq!(sums.unwrap(), [1, 3, 6, 10]);
    });
}

#[test]
fn a_concurrent_stage_of_one_keeps_the_order() {
    on_every_runtime(|| async {
        let mut output = Pipeline::generate(nz(3), stream::iter(0..8u64))
            .map_concurrent(nz(1), nz(3), |n| async move {
                for _ in 0..(8 - n) {
                    tokio::task::yield_now().await;
                }
                n
            })
            .start(&CancellationToken::new());
        let expected: Vec<_> = (0..8).map(|n| (n, n)).collect();
        assert_eq!(read_all(&mut output).await, expected);
        assert_eq!(output.finish().await.end, End::Complete);
    });
}

#[test]
fn a_concurrent_stage_gives_each_item_once_and_tells_which_it_was() {
    on_every_runtime(|| async {
        let mut output = Pipeline::generate(nz(2), stream::iter(0..20u64))
            .map_concurrent(nz(4), nz(2), |n| async move {
                for _ in 0..(n % 4) {
                    tokio::task::yield_now().await;
                }
                n * 2
            })
            .start(&CancellationToken::new());
        let mut all = read_all(&mut output).await;
        all.sort();
        assert_eq!(all, (0..20).map(|n| (n, n * 2)).collect::<Vec<_>>());
        assert_eq!(output.finish().await.end, End::Complete);
    });
}

#[test]
fn a_concurrent_stage_works_on_n_items_at_once_and_never_on_more() {
    on_every_runtime(|| async {
        // Each waits for two others: fewer than three at once would hang.
        let together = Arc::new(Barrier::new(3));
        let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, most) = (running.clone(), peak.clone());
        let all = Pipeline::generate(nz(8), stream::iter(0..12u64))
            .map_concurrent(nz(3), nz(12), move |n| {
                let (together, now, most) = (together.clone(), now.clone(), most.clone());
                async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    together.wait().await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    n
                }
            })
            .collect(&CancellationToken::new())
            .await;
        assert_eq!(all.unwrap().len(), 12);
        assert_eq!(peak.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn collect_returns_the_order_of_the_source_after_a_concurrent_stage_mixed_it() {
    on_one_thread(|| async {
        // Items 0 and 1 wait for each other, and 1 goes first.
        let first = Arc::new(tokio::sync::Notify::new());
        let work = move |n: u64| {
            let first = first.clone();
            async move {
                match n {
                    0 => first.notified().await,
                    1 => first.notify_one(),
                    _ => {}
                }
                n
            }
        };
        let pipeline = || {
            Pipeline::generate(nz(1), stream::iter(0..3u64)).map_concurrent(
                nz(2),
                nz(3),
                work.clone(),
            )
        };
        let token = CancellationToken::new();
        let mixed: Vec<_> = pipeline().start(&token).collect().await;
        assert_ne!(mixed, [0, 1, 2], "this test mixes nothing");
        assert_eq!(pipeline().collect(&token).await.unwrap(), [0, 1, 2]);
    });
}

#[test]
fn neighbouring_stages_work_at_the_same_time() {
    on_every_runtime(|| async {
        // The second stage meets the first, which must be one item ahead.
        let meet = Arc::new(Barrier::new(2));
        let (early, late) = (meet.clone(), meet);
        let all = Pipeline::generate(nz(1), stream::iter(0..6u64))
            .map_concurrent(nz(1), nz(1), move |n| {
                let meet = early.clone();
                async move {
                    if n > 0 {
                        meet.wait().await;
                    }
                    n
                }
            })
            .map_concurrent(nz(1), nz(1), move |n| {
                let meet = late.clone();
                async move {
                    if n < 5 {
                        meet.wait().await;
                    }
                    n
                }
            })
            .collect(&CancellationToken::new())
            .await;
        assert_eq!(all.unwrap(), [0, 1, 2, 3, 4, 5]);
    });
}

#[test]
fn indices_are_those_of_the_source_and_a_filter_leaves_gaps() {
    on_every_runtime(|| async {
        let mut output = Pipeline::generate(nz(2), stream::iter([5, 6, 7, 8]))
            .filter(nz(2), |n| n % 2 == 0)
            .start(&CancellationToken::new());
        assert_eq!(read_all(&mut output).await, [(1, 6), (3, 8)]);
        let report = output.finish().await;
        assert_eq!((report.taken, report.delivered, report.rejected), (4, 2, 2));
        assert_eq!(report.end, End::Complete);
    });
}

#[test]
fn the_output_is_the_same_as_a_stream() {
    on_every_runtime(|| async {
        let mut output = Pipeline::generate(nz(2), stream::iter(0..9))
            .map(nz(2), |n| n)
            .start(&CancellationToken::new());
        let mut all: Vec<_> = (&mut output).take(4).collect().await;
        all.extend(output.next().await);
        all.extend((&mut output).collect::<Vec<_>>().await);
        assert_eq!(all, (0..9).collect::<Vec<_>>());
        for _ in 0..3 {
            assert_eq!(output.next().await, None);
            assert_eq!(StreamExt::next(&mut output).await, None);
        }
        let report = output.finish().await;
        assert_eq!(
            (report.end, report.delivered),
            (End::Complete, 9),
            "both ways of reading count"
        );
    });
}
