//! Contract 6 and 7 of a server: errors of its source, and what fails or panics in it.

use super::serve::{jobs, sizes};
use super::{Dropped, FOR_EVER, ms, running, within};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::stream::{self, StreamExt};
use selvedge_patterns::End;
use selvedge_patterns::shutdown::{
    Backoff, OnSourceError, ServeConfig, ServeReport, Shutdown, Stopped, ZeroBackoff, serve,
};
use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::mpsc;
use std::time::Duration;

fn backing_off(first: Duration, max: Duration) -> ServeConfig {
    let backoff = Backoff::new(first, max).unwrap();
    ServeConfig { on_source_error: OnSourceError::Backoff(backoff), ..sizes(1, 1) }
}

#[test]
fn a_source_error_is_fatal_by_default_and_what_came_before_is_drained() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let source = stream::iter([Ok(1), Ok(2), Err("broken"), Ok(3)]);
        let served = serve(shutdown.handle(), "server", source, |_| async {}, sizes(1, 1)).await;
        assert_eq!((served.done, served.accepted()), (2, 2));
        assert_eq!((served.end(), served.is_clean()), (End::Failed, false));
        assert_eq!(served.stopped, Stopped::SourceFailed("broken"));
    });
}

#[test]
fn an_error_that_stays_is_asked_for_after_growing_pauses() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let begun = tokio::time::Instant::now();
        let mut at = Vec::new();
        let broken = stream::poll_fn(|_| {
            at.push(begun.elapsed());
            std::task::Poll::Ready(Some(Err::<u64, _>("broken")))
        });
        let served = serve(&handle, "server", broken, |_| async {}, backing_off(ms(10), ms(30)));
        let (report, served) =
            tokio::join!(shutdown.run(tokio::time::sleep(ms(105)), pending()), served);
        assert_eq!(at, [ms(0), ms(10), ms(30), ms(60), ms(90)]);
        assert!(served.accepted() == 0 && report.is_clean());
        assert_eq!((served.source_errors, served.stopped), (5, Stopped::Drained));
    });
}

#[test]
fn a_drain_is_heard_in_a_pause() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let broken = stream::repeat_with(|| Err::<u64, _>("broken"));
        let hour = Duration::from_secs(3600);
        let served = serve(&handle, "server", broken, |_| async {}, backing_off(hour, hour));
        let (report, served) =
            tokio::join!(shutdown.run(tokio::time::sleep(ms(10)), pending()), served);
        assert_eq!((report.elapsed, served.source_errors), (ms(0), 1));
    });
}

#[test]
fn a_success_ends_the_row_of_errors() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let flaky = stream::iter([Err("a"), Err("b"), Ok(1), Err("c"), Ok(2)]);
        let begun = tokio::time::Instant::now();
        let config = backing_off(ms(10), ms(1000));
        let served = serve(shutdown.handle(), "server", flaky, |_| async {}, config).await;
        assert_eq!((served.done, served.source_errors), (2, 3));
        assert_eq!(begun.elapsed(), ms(10 + 20 + 10));
        assert_eq!((served.end(), served.is_clean()), (End::Complete, true));
    });
}

#[test]
fn jobs_end_while_the_source_pauses() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let source =
            stream::iter([Ok(1), Ok(2), Ok(3), Err("broken")]).chain(jobs(1).map(|_| Ok(4)));
        let config = ServeConfig { queue: 4.try_into().unwrap(), ..backing_off(ms(100), ms(100)) };
        let last = tokio::time::Instant::now() + ms(100);
        let handler = move |job| async move {
            tokio::time::sleep(ms(10)).await;
            assert_eq!(job == 4, tokio::time::Instant::now() > last);
        };
        let served = serve(shutdown.handle(), "server", source, handler, config).await;
        assert_eq!((served.done, served.panicked.len()), (4, 0), "{:?}", served.panicked);
    });
}

#[test]
fn a_backoff_of_zero_is_refused() {
    assert_eq!(Backoff::new(Duration::ZERO, ms(5)), Err(ZeroBackoff));
    let text = ZeroBackoff.to_string();
    assert_eq!(text, "a backoff of zero would ask a failing source for ever");
}

#[test]
fn failed_and_panicked_jobs_are_listed_by_number_and_stop_nothing() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handler = |job: u64| {
            assert!(job != 1, "no future");
            async move {
                tokio::task::yield_now().await;
                assert!(job != 2, "inside");
                if job == 3 { Err("failed") } else { Ok(()) }
            }
        };
        let served = serve(shutdown.handle(), "server", jobs(6), handler, sizes(2, 3)).await;
        let mut panicked = served.panicked.clone();
        panicked.sort();
        assert_eq!(panicked, [(1, "no future".to_owned()), (2, "inside".to_owned())]);
        assert_eq!((served.failed[0].0, served.failed[0].1.to_string()), (3, "failed".into()));
        assert_eq!((served.done, served.accepted()), (3, 6));
        assert_eq!((served.end(), served.is_clean()), (End::Complete, false));
    });
}

#[test]
fn a_source_that_panics_ends_accepting_and_what_came_before_is_drained() {
    on_every_runtime(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let source = jobs(2).chain(stream::poll_fn(|_| panic!("no more")));
        let served = serve(shutdown.handle(), "server", source, |_| async {}, sizes(1, 1)).await;
        assert_eq!((served.done, served.end()), (2, End::Panicked));
        assert_eq!(served.stopped, Stopped::SourcePanicked("no more".into()));
    });
}

#[test]
fn a_destructor_that_panics_in_the_abort_is_that_jobs_panic() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let server = handle.clone();
        let server = tokio::spawn(async move {
            let source = jobs(2).chain(stream::pending());
            let handler = |job| {
                let bomb = Dropped(move || assert!(job != 1, "dropped"));
                async move {
                    pending::<()>().await;
                    drop(bomb);
                }
            };
            serve(&server, "server", source, handler, sizes(2, 1)).await
        });
        let run = running(shutdown);
        settle().await;
        handle.abort();
        let served = server.await.unwrap();
        assert_eq!((served.panicked, served.aborted), (vec![(1, "dropped".into())], vec![0]));
        let _report = run.await.unwrap();
    });
}

#[test]
fn a_job_that_blocks_its_thread_is_leaked_by_the_server_and_the_shutdown_alike() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_time()
        .build()
        .unwrap();
    let (release, blocked) = mpsc::channel::<()>();
    let blocked = std::sync::Mutex::new(blocked);
    let (report, served) = runtime.block_on(async {
        let (started, starts) = tokio::sync::oneshot::channel();
        let started = std::sync::Mutex::new(Some(started));
        let shutdown = Shutdown::new(within(10, 30));
        let handle = shutdown.handle().clone();
        let both = std::sync::Arc::new((blocked, started));
        let handler = move |_| {
            let both = both.clone();
            async move {
                both.1.lock().unwrap().take().unwrap().send(()).unwrap();
                let _ = both.0.lock().unwrap().recv();
            }
        };
        let source = jobs(2).chain(stream::pending());
        let trigger = async { starts.await.unwrap() };
        tokio::join!(
            shutdown.run(trigger, pending()),
            serve(&handle, "server", source, handler, sizes(1, 1))
        )
    });
    assert_eq!(report.leaked, ["server"]);
    assert_eq!(served.leaked, [0]);
    assert!(served.unstarted == [1] || served.unstarted.is_empty());
    release.send(()).unwrap();
}

#[test]
fn a_server_in_a_shutdown_that_is_dropped_aborts_its_jobs_and_reports() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let server = tokio::spawn(async move {
            let source = jobs(1).chain(stream::pending());
            serve(&handle, "server", source, |_| pending::<()>(), sizes(1, 1)).await
        });
        settle().await;
        drop(shutdown);
        assert_eq!(server.await.unwrap().aborted, [0]);
    });
}

#[test]
fn a_server_whose_source_has_ended_still_hears_the_abort() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let server =
            async { serve(&handle, "server", jobs(3), |_| pending::<()>(), sizes(1, 1)).await };
        let trigger = tokio::time::sleep(ms(1));
        let force = async {
            trigger.await;
            ready(()).await
        };
        let (_report, served) = tokio::join!(shutdown.run(pending(), force), server);
        assert_eq!((served.aborted, served.unstarted), (vec![0], vec![1]));
    });
}

#[test]
fn each_list_counts_and_whatever_was_cut_is_not_complete() {
    type Report = ServeReport<u64, Infallible>;
    let clean = || Report {
        stopped: Stopped::SourceEnded,
        done: 1,
        failed: Vec::new(),
        panicked: Vec::new(),
        aborted: Vec::new(),
        leaked: Vec::new(),
        unstarted: Vec::new(),
        source_errors: 0,
    };
    assert_eq!((clean().accepted(), clean().end()), (1, End::Complete));
    let failed = || vec![(0, "broken".into())];
    let panicked = || vec![(0, "broken".to_owned()); 2];
    let (aborted, leaked, unstarted) = (|| vec![0; 3], || vec![0; 4], || vec![0; 5]);
    for (report, accepted, end) in [
        (Report { failed: failed(), ..clean() }, 2, End::Complete),
        (Report { panicked: panicked(), ..clean() }, 3, End::Complete),
        (Report { aborted: aborted(), ..clean() }, 4, End::Cancelled),
        (Report { leaked: leaked(), ..clean() }, 5, End::Cancelled),
        (Report { unstarted: unstarted(), ..clean() }, 6, End::Cancelled),
    ] {
        assert_eq!((report.accepted(), report.end()), (accepted, end), "{report:?}");
        assert!(!report.is_clean());
    }
    let (failed, panicked, aborted) = (failed(), panicked(), aborted());
    let (leaked, unstarted) = (leaked(), unstarted());
    let all = Report { failed, panicked, aborted, leaked, unstarted, ..clean() };
    assert_eq!(all.accepted(), 16);
}
