//! Contract 3, 6 and 7: a server accepts, stops, and loses nothing.

use super::{FOR_EVER, ms, running};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use futures_util::stream::{self, Stream, StreamExt};
use selvedge_patterns::End;
use selvedge_patterns::shutdown::{ServeConfig, Shutdown, Stopped, serve};
use std::convert::Infallible;
use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, mpsc};

pub(super) fn sizes(workers: usize, queue: usize) -> ServeConfig {
    ServeConfig {
        workers: NonZeroUsize::new(workers).unwrap(),
        queue: NonZeroUsize::new(queue).unwrap(),
        ..ServeConfig::default()
    }
}

/// The jobs `0..n`, then the end.
pub(super) fn jobs(n: u64) -> impl Stream<Item = Result<u64, Infallible>> + Send {
    stream::iter(0..n).map(Ok)
}

/// Jobs that come through a channel.
fn sent(mut rx: mpsc::Receiver<u64>) -> impl Stream<Item = Result<u64, Infallible>> + Send {
    stream::poll_fn(move |cx| rx.poll_recv(cx).map(|job| job.map(Ok)))
}

#[test]
fn every_job_runs_once_and_never_more_at_a_time_than_there_are_workers() {
    for (workers, queue) in [(1, 1), (3, 1), (2, 8)] {
        on_every_runtime(|| async {
            let shutdown = Shutdown::new(FOR_EVER);
            let handle = shutdown.handle().clone();
            let run = running(shutdown);
            let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let ran = Arc::new(Mutex::new(Vec::new()));
            let (count, peak, note) = (now.clone(), most.clone(), ran.clone());
            let handler = move |job| {
                let (count, peak, note) = (count.clone(), peak.clone(), note.clone());
                async move {
                    peak.fetch_max(count.fetch_add(1, SeqCst) + 1, SeqCst);
                    tokio::task::yield_now().await;
                    note.lock().unwrap().push(job);
                    count.fetch_sub(1, SeqCst);
                }
            };
            let served = serve(&handle, "server", jobs(20), handler, sizes(workers, queue)).await;
            assert_eq!((served.done, served.accepted()), (20, 20));
            assert_eq!((served.end(), served.is_clean()), (End::Complete, true));
            assert_eq!(served.stopped, Stopped::SourceEnded);
            let mut ran = ran.lock().unwrap().clone();
            ran.sort();
            assert_eq!(ran, (0..20).collect::<Vec<_>>());
            assert!(most.load(SeqCst) <= workers);
            assert_eq!(now.load(SeqCst), 0);
            handle.drain();
            assert!(run.await.unwrap().is_clean());
        });
    }
}

#[test]
fn a_job_that_comes_with_the_drain_is_left_to_the_source() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let _run = running(shutdown);
        let (send, rx) = mpsc::channel(1);
        let server = handle.clone();
        let server = tokio::spawn(async move {
            serve(&server, "server", sent(rx), |_| async {}, sizes(1, 1)).await
        });
        settle().await;
        send.try_send(1).unwrap();
        handle.drain();
        assert_eq!(server.await.unwrap().accepted(), 0);
    });
}

#[test]
fn it_stops_at_an_idle_source_and_drops_it_at_once() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let run = running(shutdown);
        let (send, rx) = mpsc::channel(1);
        let gate = Arc::new(Semaphore::new(0));
        let waits = gate.clone();
        let handler = move |_| {
            let gate = waits.clone();
            async move { gate.acquire().await.unwrap().forget() }
        };
        let server = handle.clone();
        let server =
            tokio::spawn(
                async move { serve(&server, "server", sent(rx), handler, sizes(1, 1)).await },
            );
        send.send(1).await.unwrap();
        settle().await;
        handle.drain();
        settle().await;
        assert!(send.is_closed(), "the source goes when accepting ends, not when the drain does");
        assert!(!server.is_finished() && !run.is_finished(), "one job is in flight");
        gate.add_permits(1);
        let served = server.await.unwrap();
        assert_eq!((served.done, served.accepted(), served.end()), (1, 1, End::Cancelled));
        assert!(served.is_clean(), "a drain is a clean stop");
        assert!(run.await.unwrap().is_clean());
    });
}

#[test]
fn a_full_queue_takes_nothing_from_the_source_and_a_drain_is_heard_there_too() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let run = running(shutdown);
        let (send, rx) = mpsc::channel(10);
        let gate = Arc::new(Semaphore::new(0));
        let waits = gate.clone();
        let handler = move |_| {
            let gate = waits.clone();
            async move { gate.acquire().await.unwrap().forget() }
        };
        for job in 0..10 {
            send.send(job).await.unwrap();
        }
        let server = handle.clone();
        let server =
            tokio::spawn(
                async move { serve(&server, "server", sent(rx), handler, sizes(2, 3)).await },
            );
        settle().await;
        assert_eq!(send.capacity(), 5, "two run, three wait, five are the caller's");
        handle.drain();
        settle().await;
        assert!(send.is_closed());
        gate.add_permits(10);
        let served = server.await.unwrap();
        assert_eq!((served.done, served.accepted()), (5, 5));
        assert!(run.await.unwrap().is_clean());
    });
}

#[test]
fn an_abort_gives_back_what_never_started_and_lists_what_did() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let run = running(shutdown);
        let server = handle.clone();
        let server = tokio::spawn(async move {
            let source = jobs(10).chain(stream::pending());
            serve(&server, "server", source, |_| pending::<()>(), sizes(2, 3)).await
        });
        settle().await;
        handle.abort();
        let mut served = server.await.unwrap();
        served.aborted.sort();
        assert_eq!(
            (served.aborted.as_slice(), served.unstarted.as_slice()),
            (&[0, 1][..], &[2, 3, 4][..])
        );
        assert_eq!((served.accepted(), served.done), (5, 0));
        assert_eq!((served.end(), served.is_clean()), (End::Cancelled, false));
        assert_eq!(run.await.unwrap().aborted, ["server"]);
    });
}

#[test]
fn the_grace_ends_a_server_beside_the_shutdown_in_one_task() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(super::within(50, 50));
        let handle = shutdown.handle().clone();
        let source = jobs(3).chain(stream::pending());
        let (report, served) = tokio::join!(
            shutdown.run(tokio::time::sleep(ms(10)), pending()),
            serve(&handle, "server", source, |_| pending::<()>(), sizes(1, 1))
        );
        assert_eq!(report.elapsed, ms(50));
        assert_eq!((served.aborted, served.unstarted), (vec![0], vec![1]));
    });
}

#[test]
fn with_a_shutdown_that_has_begun_it_accepts_nothing() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        handle.drain();
        let source = jobs(3).inspect(|_| panic!("it must not be asked"));
        let served = serve(&handle, "late", source, |_| async {}, sizes(1, 1)).await;
        assert_eq!((served.accepted(), served.stopped), (0, Stopped::Drained));
    });
}

#[test]
fn an_empty_source_is_complete_at_once() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let served = serve(shutdown.handle(), "empty", jobs(0), |_| async {}, sizes(1, 1)).await;
        assert_eq!((served.accepted(), served.end()), (0, End::Complete));
    });
}

#[test]
fn dropping_it_aborts_its_jobs_and_gives_its_guard_back() {
    on_one_thread(|| async {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let live = Arc::new(());
        let inside = live.clone();
        let handler = move |_| {
            let inside = inside.clone();
            async move {
                pending::<()>().await;
                drop(inside);
            }
        };
        let source = jobs(2).chain(stream::pending());
        let server = serve(&handle, "server", source, handler, sizes(2, 1));
        assert!(tokio::time::timeout(ms(5), server).await.is_err());
        settle().await;
        assert_eq!(Arc::strong_count(&live), 1);
        handle.drain();
        assert_eq!(running(shutdown).await.unwrap().drained, 1);
    });
}
