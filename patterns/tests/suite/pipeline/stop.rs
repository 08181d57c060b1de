//! Contract 2 and 4 to 7: how it stops, how it holds back, what it hands back.

use super::{Held, check_conserved, counting, never_ending, nz, read_all};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::{StreamExt, stream};
use selvedge_patterns::End;
use selvedge_patterns::pipeline::Pipeline;
use selvedge_rt::sync::CancellationToken;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// Two stages behind a source, all of which hold `held`.
fn holding(
    source: impl futures_util::Stream<Item = u64> + Send + 'static,
    held: &Held,
) -> Pipeline<u64> {
    let (first, second) = (held.clone(), held.clone());
    Pipeline::generate(nz(1), source)
        .map(nz(1), move |n| {
            let _ = &first;
            n
        })
        .map_concurrent(nz(2), nz(1), move |n| {
            let _ = &second;
            async move { n }
        })
}

#[test]
fn dropping_the_output_stops_an_idle_source() {
    on_one_thread(|| async {
        let (held, token) = (Held::default(), CancellationToken::new());
        let output = holding(never_ending(0, &held), &held).start(&token);
        settle().await;
        assert_eq!(held.count(), 3);
        drop(output);
        settle().await;
        assert_eq!(held.count(), 0, "a task of the pipeline lives on");
        assert!(!token.is_cancelled(), "the caller's token is not the pipeline's to cancel");
    });
}

#[test]
fn dropping_the_output_stops_stages_that_wait_for_room() {
    on_one_thread(|| async {
        let held = Held::default();
        let mut output = holding(never_ending(50, &held), &held).start(&CancellationToken::new());
        assert_eq!(output.next().await, Some(0));
        settle().await;
        assert_eq!(held.count(), 3);
        drop(output);
        settle().await;
        assert_eq!(held.count(), 0, "a task of the pipeline lives on");
    });
}

#[test]
fn cancel_stops_an_idle_pipeline_whose_output_stays() {
    on_one_thread(|| async {
        let (held, token) = (Held::default(), CancellationToken::new());
        let mut output = holding(never_ending(0, &held), &held).start(&token);
        settle().await;
        token.cancel();
        settle().await;
        assert_eq!(held.count(), 0, "a task of the pipeline lives on");
        assert_eq!(output.next().await, None);
        assert_eq!(output.finish().await.end, End::Cancelled);
    });
}

#[test]
fn cancel_frees_stages_that_wait_for_a_reader() {
    on_one_thread(|| async {
        let (held, token) = (Held::default(), CancellationToken::new());
        let mut output = holding(never_ending(50, &held), &held).start(&token);
        settle().await;
        token.cancel();
        settle().await;
        assert_eq!(held.count(), 0, "a task of the pipeline lives on");
        // What had gone through every stage can still be read.
        let received = read_all(&mut output).await;
        assert_eq!(received, [(0, 0)]);
        let report = output.finish().await;
        check_conserved(&received, &report);
        assert_eq!(report.end, End::Cancelled);
    });
}

#[test]
fn a_stage_closes_its_output_when_its_input_has_ended() {
    on_one_thread(|| async {
        let held = Held::default();
        let mut output = holding(counting(2, &held), &held).start(&CancellationToken::new());
        assert_eq!(read_all(&mut output).await.len(), 2);
        assert_eq!(held.count(), 0, "with the end of the output everything of the user is gone");
        assert_eq!(output.finish().await.end, End::Complete);
    });
}

#[test]
fn at_most_the_sum_of_capacities_and_workers_is_in_flight() {
    for (caps, workers) in [([1, 1, 1], 1), ([3, 1, 2], 1), ([1, 2, 1], 4), ([2, 2, 2], 3)] {
        on_one_thread(|| async {
            let taken = Arc::new(AtomicU64::new(0));
            let count = taken.clone();
            let source = stream::iter(0..100).inspect(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            });
            let mut output = Pipeline::generate(nz(caps[0]), source)
                .map(nz(caps[1]), |n| n)
                .map_concurrent(nz(workers), nz(caps[2]), |n| async move { n })
                .start(&CancellationToken::new());
            // Nobody reads. What the source gave is what the pipeline can hold.
            settle().await;
            let room = (caps.iter().sum::<usize>() + 2 + workers) as u64;
            assert_eq!(taken.load(Ordering::SeqCst), room);
            // One out, one in.
            assert!(output.next().await.is_some());
            settle().await;
            assert_eq!(taken.load(Ordering::SeqCst), room + 1);
            assert_eq!(output.finish().await.taken, room + 1);
        });
    }
}

#[test]
fn a_truncated_run_is_never_complete() {
    for stop in 0..6 {
        on_every_runtime(|| async move {
            let token = CancellationToken::new();
            let mut output =
                Pipeline::generate(nz(1), stream::iter(0..6)).map(nz(1), |n| n).start(&token);
            for n in 0..stop {
                assert_eq!(output.next().await, Some(n));
            }
            token.cancel();
            let rest = read_all(&mut output).await.len() as u64;
            let report = output.finish().await;
            if report.end == End::Complete {
                assert_eq!(stop + rest, 6);
            } else {
                assert_eq!(report.end, End::Cancelled);
            }
        });
    }
}

#[test]
fn a_consumer_that_finishes_early_is_not_a_complete_run_though_all_items_are_through() {
    on_one_thread(|| async {
        let output = Pipeline::generate(nz(4), stream::iter(0..3u64))
            .map(nz(4), |n| n + 1)
            .start(&CancellationToken::new());
        settle().await;
        let report = output.finish().await;
        assert_eq!((report.end, report.delivered), (End::Cancelled, 0));
        assert_eq!(report.undelivered, [(0, 1), (1, 2), (2, 3)]);
        assert!(report.unfinished.is_empty());
    });
}

#[test]
fn a_cancel_that_finds_everything_delivered_cuts_nothing() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let mut output =
            Pipeline::generate(nz(1), stream::iter(0..3)).map(nz(1), |n| n).start(&token);
        assert_eq!(read_all(&mut output).await.len(), 3);
        token.cancel();
        assert_eq!(output.finish().await.end, End::Complete);
    });
}

#[test]
fn finish_returns_after_every_task_has_ended() {
    on_every_runtime(|| async {
        let held = Held::default();
        let mut output = holding(never_ending(30, &held), &held).start(&CancellationToken::new());
        assert_eq!(output.next().await.map(|_| ()), Some(()));
        let report = output.finish().await;
        assert_eq!(held.count(), 0, "a task of the pipeline lives on");
        assert_eq!(report.end, End::Cancelled);
    });
}

#[test]
fn items_that_got_stuck_come_back_as_what_they_were_there() {
    on_one_thread(|| async {
        let output = Pipeline::generate(nz(1), stream::iter(0..50u64))
            .map(nz(1), |n| n.to_string())
            .named("text")
            .map(nz(1), |text| text.len())
            .start(&CancellationToken::new());
        settle().await;
        let report = output.finish().await;
        check_conserved::<usize>(&[], &report);
        assert!(!report.undelivered.is_empty());
        let mut places = Vec::new();
        for stuck in report.unfinished {
            let item = stuck.item.unwrap();
            match stuck.stage.position {
                1 => {
                    assert_eq!(stuck.stage.name, "text");
                    assert_eq!(*item.downcast::<u64>().unwrap(), stuck.index);
                }
                2 => assert_eq!(*item.downcast::<String>().unwrap(), stuck.index.to_string()),
                other => panic!("there is no stage {other}"),
            }
            places.push(stuck.stage.position);
        }
        assert!(places.is_sorted_by(|a, b| a >= b), "the furthest have the lowest index");
        assert!(places.contains(&1) && places.contains(&2), "{places:?}");
    });
}

#[test]
fn a_future_in_flight_is_dropped_and_its_item_listed_without_a_value() {
    on_one_thread(|| async {
        let (held, token) = (Held::default(), CancellationToken::new());
        let inside = held.clone();
        let output = Pipeline::generate(nz(1), stream::iter(0..9u64))
            .map_concurrent(nz(2), nz(1), move |_| {
                let inside = inside.clone();
                async move {
                    std::future::pending::<()>().await;
                    drop(inside);
                }
            })
            .start(&token);
        settle().await;
        assert_eq!(held.count(), 3, "two futures and their function");
        token.cancel();
        let report = output.finish().await;
        assert_eq!(held.count(), 0);
        check_conserved(&[], &report);
        let stuck: Vec<_> = report.unfinished.iter().map(|u| (u.index, u.item.is_some())).collect();
        assert_eq!(stuck, [(0, false), (1, false), (2, true), (3, true)]);
    });
}

#[test]
fn a_future_that_is_done_when_the_cancel_comes_is_not_abandoned() {
    on_one_thread(|| async {
        let (token, done) = (CancellationToken::new(), Arc::new(Notify::new()));
        let wait = done.clone();
        let output = Pipeline::generate(nz(1), stream::iter(0..9))
            .map_concurrent(nz(1), nz(1), move |n| {
                let done = wait.clone();
                async move {
                    done.notified().await;
                    n
                }
            })
            .start(&token);
        settle().await;
        done.notify_one();
        token.cancel();
        assert_eq!(output.finish().await.undelivered, [(0, 0)]);
    });
}

#[test]
fn what_a_stage_finds_in_its_buffer_after_the_cancel_is_not_worked_on() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let cancelled = token.clone();
        let mut output = Pipeline::generate(nz(3), stream::iter(0..9))
            .map(nz(1), move |n| {
                assert!(!cancelled.is_cancelled(), "it works on {n}");
                n
            })
            .start(&token);
        settle().await;
        // The stage gets room, and only then the cancel: so it goes on to its next item.
        assert_eq!(output.next().await, Some(0));
        token.cancel();
        let report = output.finish().await;
        assert_eq!((report.end, report.failures.len()), (End::Cancelled, 0));
    });
}

#[test]
fn what_was_not_read_comes_back_in_order_after_a_concurrent_stage() {
    on_one_thread(|| async {
        let late = Arc::new(Notify::new());
        let wait = late.clone();
        let output = Pipeline::generate(nz(1), stream::iter(0..3))
            .map_concurrent(nz(2), nz(3), move |n| {
                let late = (n == 0).then(|| wait.clone());
                async move {
                    if let Some(late) = late {
                        late.notified().await;
                    }
                    n
                }
            })
            .start(&CancellationToken::new());
        settle().await;
        late.notify_one();
        settle().await;
        assert_eq!(output.finish().await.undelivered, [(0, 0), (1, 1), (2, 2)]);
    });
}

#[test]
fn cancelled_from_the_start_the_source_is_never_polled() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        token.cancel();
        let source = stream::poll_fn(|_| panic!("polled"));
        let mut output = Pipeline::<u64>::generate(nz(1), source).start(&token);
        assert_eq!(output.next().await, None);
        let report = output.finish().await;
        assert_eq!((report.end, report.taken, report.failures.len()), (End::Cancelled, 0, 0));
    });
}
