//! Contract 3: errors and panics of user code.

use super::{Held, check_conserved, counting, never_ending, nz, read_all};
use crate::runtimes::{on_every_runtime, on_one_thread, on_several_threads, settle};
use futures_util::{StreamExt, poll, stream};
use selvedge_patterns::End;
use selvedge_patterns::pipeline::{Cause, Failure, Pipeline, Report, Stage};
use selvedge_rt::sync::CancellationToken;
use std::error::Error;
use std::num::ParseIntError;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::Notify;

/// The one failure of a report, which is its cause.
#[track_caller]
fn cause<T>(report: &Report<T>) -> &Failure {
    assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
    report.cause().expect("the end has a cause")
}

#[test]
fn an_error_names_its_stage_and_its_item_and_what_came_out_is_a_prefix() {
    on_every_runtime(|| async {
        let held = Held::default();
        let mut output = Pipeline::generate(nz(2), never_ending(10, &held))
            .map(nz(2), |n| n + 1)
            .try_map(nz(2), |n| if n == 5 { Err("five") } else { Ok(n) })
            .named("no fives")
            .filter(nz(2), |_| true)
            .start(&CancellationToken::new());
        let received = read_all(&mut output).await;
        let report = output.finish().await;
        assert_eq!(held.count(), 0, "the idle source ends too");
        check_conserved(&received, &report);
        let expected: Vec<_> = (0..4).map(|n| (n, n + 1)).collect();
        assert!(expected.starts_with(&received), "{received:?}");
        assert_eq!(report.end, End::Failed);
        let failure = cause(&report);
        assert_eq!(failure.stage, Stage { position: 2, name: "no fives" });
        assert_eq!(failure.index, Some(4));
        assert_eq!(failure.to_string(), "stage 2 `no fives` failed on item 4: five");
        assert_eq!(failure.source().unwrap().to_string(), "five");
    });
}

#[test]
fn a_panic_names_its_stage_and_its_item() {
    on_every_runtime(|| async {
        let held = Held::default();
        let mut output = Pipeline::generate(nz(1), never_ending(10, &held))
            .filter(nz(1), |n| {
                assert_ne!(*n, 3, "a three");
                true
            })
            .start(&CancellationToken::new());
        let received = read_all(&mut output).await;
        let report = output.finish().await;
        assert_eq!(held.count(), 0);
        check_conserved(&received, &report);
        assert_eq!(report.end, End::Panicked);
        let failure = cause(&report);
        assert_eq!((failure.stage.name, failure.index), ("filter", Some(3)));
        assert!(matches!(&failure.cause, Cause::Panic(message) if message.contains("a three")));
        assert!(failure.source().is_none());
    });
}

/// Runs a concurrent stage that panics on item 2 in some way.
async fn check_concurrent_panic<Fut>(work: fn(u64) -> Fut)
where
    Fut: Future<Output = u64> + Send + 'static,
{
    let mut output = Pipeline::generate(nz(2), never_ending(3, &Held::default()))
        .map_concurrent(nz(2), nz(4), work)
        .start(&CancellationToken::new());
    let received = read_all(&mut output).await;
    let report = output.finish().await;
    check_conserved(&received, &report);
    assert_eq!(report.end, End::Panicked);
    let failure = cause(&report);
    assert_eq!((failure.stage.name, failure.index), ("map_concurrent", Some(2)));
    assert!(matches!(&failure.cause, Cause::Panic(message) if message == "expected"));
}

#[test]
fn a_panic_in_a_concurrent_stage_is_caught_in_the_function_and_in_its_future() {
    on_every_runtime(|| {
        check_concurrent_panic(|n| {
            assert!(n != 2, "expected");
            async move { n }
        })
    });
    on_every_runtime(|| {
        check_concurrent_panic(|n| async move {
            tokio::task::yield_now().await;
            assert!(n != 2, "expected");
            n
        })
    });
}

#[test]
fn an_error_in_a_concurrent_stage_ends_the_pipeline() {
    on_every_runtime(|| async {
        let mut output = Pipeline::generate(nz(2), never_ending(6, &Held::default()))
            .try_map_concurrent(nz(3), nz(2), |n| async move {
                tokio::task::yield_now().await;
                if n == 4 { Err("four") } else { Ok(n) }
            })
            .start(&CancellationToken::new());
        let received = read_all(&mut output).await;
        let report = output.finish().await;
        check_conserved(&received, &report);
        assert_eq!(report.end, End::Failed);
        assert_eq!(cause(&report).index, Some(4));
    });
}

#[test]
fn a_source_that_panics_is_stage_nought_and_takes_no_item() {
    on_every_runtime(|| async {
        let source = stream::iter(0..).inspect(|n| assert!(*n != 3, "the source broke"));
        let mut output =
            Pipeline::generate(nz(1), source).map(nz(1), |n| n).start(&CancellationToken::new());
        let received = read_all(&mut output).await;
        let report = output.finish().await;
        check_conserved(&received, &report);
        assert_eq!((report.end, report.taken), (End::Panicked, 3));
        assert_eq!(cause(&report).to_string(), "stage 0 `generate` panicked: the source broke");
    });
}

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn a_panic_in_a_destructor_of_a_function_is_the_stages_and_loses_nothing() {
    on_every_runtime(|| async {
        let bomb = Bomb;
        let mut output = Pipeline::generate(nz(1), stream::iter(0..3))
            .map(nz(8), move |n| {
                let _ = &bomb;
                n
            })
            .start(&CancellationToken::new());
        let received = read_all(&mut output).await;
        let report = output.finish().await;
        check_conserved(&received, &report);
        assert_eq!(report.end, End::Panicked);
        assert_eq!(cause(&report).to_string(), "stage 1 `map` panicked: dropped");
    });
}

#[test]
fn a_panic_in_the_destructor_of_a_source_is_the_sources_and_loses_nothing() {
    on_every_runtime(|| async {
        let bomb = Bomb;
        let source = stream::iter(0..3).inspect(move |_| _ = &bomb);
        let mut output = Pipeline::generate(nz(8), source).start(&CancellationToken::new());
        let received = read_all(&mut output).await;
        let report = output.finish().await;
        check_conserved(&received, &report);
        assert_eq!(report.end, End::Panicked);
        assert_eq!(cause(&report).to_string(), "stage 0 `generate` panicked: dropped");
    });
}

#[test]
fn a_failure_ends_the_stages_although_nobody_reads() {
    on_one_thread(|| async {
        // The source waits for its next item, or for room.
        for items in [3, 10] {
            let held = Held::default();
            let output = Pipeline::generate(nz(1), never_ending(items, &held))
                .try_map(nz(1), |n| if n == 2 { Err("two") } else { Ok(n) })
                .map(nz(1), |n| n)
                .start(&CancellationToken::new());
            settle().await;
            assert_eq!(held.count(), 0, "the source lives on");
            assert_eq!(output.finish().await.end, End::Failed);
        }
    });
}

#[test]
fn a_failure_that_reacts_to_the_cancel_is_listed_and_is_not_the_cause() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let seen = token.clone();
        let mut output = Pipeline::generate(nz(1), stream::iter(0..9))
            .try_map(nz(1), move |n| {
                if n == 2 {
                    seen.cancel();
                }
                if seen.is_cancelled() { Err("cancelled") } else { Ok(n) }
            })
            .start(&token);
        let received = read_all(&mut output).await;
        let report = output.finish().await;
        check_conserved(&received, &report);
        assert_eq!(report.end, End::Cancelled);
        assert!(report.cause().is_none());
        assert_eq!(report.failures.len(), 1);
    });
}

#[test]
fn a_collected_failure_that_reacts_to_the_cancel_is_listed_and_is_not_the_cause() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let seen = token.clone();
        let cancels = move |_| {
            seen.cancel();
            Err::<u64, _>("cancelled")
        };
        let pipeline = Pipeline::generate(nz(1), stream::iter(0..9)).try_map(nz(1), cancels);
        let error = pipeline.collect(&token).await.unwrap_err();
        assert_eq!((error.end, error.failures.len()), (End::Cancelled, 1));
        assert!(error.cause().is_none());
        assert_eq!(error.to_string(), "the pipeline was cancelled");
    });
}

#[test]
fn a_failure_before_the_cancel_stays_the_cause() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let output = Pipeline::generate(nz(1), stream::iter(0..9))
            .try_map(nz(1), |_| Err::<u64, _>("at once"))
            .start(&token);
        settle().await;
        token.cancel();
        assert_eq!(output.finish().await.end, End::Failed);
    });
}

/// Says that it is being dropped, and waits until nobody else holds the second.
struct Slow(Arc<Notify>, Held);

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.notify_one();
        while self.1.count() > 0 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_failure_whose_stage_ends_after_those_that_react_to_the_cancel_stays_the_cause() {
    on_several_threads(|| async {
        let (token, busy, dropping) = (CancellationToken::new(), Arc::default(), Arc::default());
        let held = Held::default();
        let (cancelled, is_busy) = (token.clone(), Arc::<Notify>::clone(&busy));
        let slow = Slow(Arc::clone(&dropping), held.clone());
        let output = Pipeline::generate(nz(1), stream::iter(0..2))
            .try_map_concurrent(nz(1), nz(1), move |n| {
                let _ = &held;
                let (cancelled, busy) = (cancelled.clone(), is_busy.clone());
                async move {
                    if n == 1 {
                        busy.notify_one();
                        cancelled.cancelled().await;
                        return Err("late");
                    }
                    Ok(n)
                }
            })
            .try_map_concurrent(nz(1), nz(1), move |_| {
                let _ = &slow;
                let busy = busy.clone();
                async move {
                    busy.notified().await;
                    Err::<u64, _>("first")
                }
            })
            .start(&token);
        dropping.notified().await;
        token.cancel();
        let report = output.finish().await;
        assert_eq!((report.end, report.failures.len()), (End::Failed, 2));
        assert_eq!(report.cause().unwrap().stage.position, 2);
    });
}

#[test]
fn a_collected_failure_has_what_came_out_and_lists_the_rest() {
    on_every_runtime(|| async {
        let error = Pipeline::generate(nz(2), stream::iter(["1", "2", "x", "4", "5"]))
            .try_map(nz(1), str::parse::<u32>)
            .map(nz(1), |n| n * 10)
            .collect(&CancellationToken::new())
            .await
            .unwrap_err();
        assert_eq!(error.end, End::Failed);
        assert!([10, 20].starts_with(&error.output), "{:?}", error.output);
        assert_eq!(error.cause().unwrap().index, Some(2));
        assert!(error.source().unwrap().is::<ParseIntError>());
        assert_eq!(
            error.to_string(),
            "stage 1 `try_map` failed on item 2: invalid digit found in string"
        );
        for (index, stage) in &error.unfinished {
            match index {
                0 | 1 => assert_eq!(stage.position, 2, "it was through the stage that failed"),
                3 | 4 => assert_eq!(stage.position, 1),
                other => panic!("item {other} is not stuck"),
            }
        }
    });
}

#[test]
fn a_collected_cancel_is_an_error_of_its_own() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        token.cancel();
        let held = Held::default();
        let error =
            Pipeline::generate(nz(1), counting(3, &held)).collect(&token).await.unwrap_err();
        assert_eq!((error.end, error.output.len()), (End::Cancelled, 0));
        assert!(error.cause().is_none() && error.source().is_none());
        assert_eq!(error.to_string(), "the pipeline was cancelled");
    });
}

#[test]
fn a_collected_cancel_has_what_the_last_stage_held() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let pipeline = Pipeline::generate(nz(1), stream::iter(0..9)).map(nz(1), |n| n);
        let mut all = pin!(pipeline.collect(&token));
        assert!(poll!(&mut all).is_pending());
        settle().await;
        // One is in the last buffer, and one waits for room there.
        token.cancel();
        settle().await;
        assert_eq!(all.await.unwrap_err().output, [0, 1]);
    });
}

#[test]
fn the_error_goes_through_a_question_mark() {
    async fn all() -> Result<Vec<u64>, Box<dyn Error + Send + Sync>> {
        let token = CancellationToken::new();
        let parsed = Pipeline::generate(nz(1), stream::iter(["x"]))
            .try_map(nz(1), str::parse::<u64>)
            .collect(&token);
        Ok(parsed.await?)
    }
    on_one_thread(|| async { assert!(all().await.is_err()) });
}
