//! Servers: where accepting stops, and where each job goes.

use super::{FOR_EVER, at_any_time, drained, joined};
use crate::scenario::{Root, Shape, shape};
use futures_util::stream::{self, Stream, StreamExt};
use rt::sync::Notify;
use rt::time::{Duration, Instant};
use selvedge::{Record, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::shutdown::{
    Backoff, Handle, OnSourceError, Report, ServeConfig, ServeReport, Shutdown, Stopped, serve,
};
use selvedge_rt as rt;
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

/// The jobs `0..n`.
fn jobs(n: u64) -> impl Stream<Item = Result<u64, Infallible>> + Send {
    stream::iter(0..n).map(Ok)
}

/// The same, then idle for ever.
fn jobs_then_idle(n: u64) -> impl Stream<Item = Result<u64, Infallible>> + Send {
    jobs(n).chain(stream::pending())
}

fn server(s: Shape) -> ServeConfig {
    ServeConfig { queue: s.buffer(), workers: s.workers(), ..ServeConfig::default() }
}

/// What every server must meet: the jobs that ran and those that come back are those it took, each once.
#[track_caller]
fn conserved<E: std::fmt::Debug>(served: &ServeReport<u64, E>, ran: &Record<u64>) {
    let mut all = ran.sorted();
    all.extend(&served.unstarted);
    all.sort();
    // The source counts up from 0, so this says that no job fell out between the two.
    assert_eq!(all, (0..served.accepted()).collect::<Vec<_>>(), "{served:?}");
}

/// Runs a server whose jobs do `job`, beside a shutdown that is told what to do at any time.
async fn with_server<E, Fut>(
    s: Shape,
    source: impl Stream<Item = Result<u64, E>>,
    job: impl Fn(u64) -> Fut + Send + Sync + 'static,
    tell: impl FnOnce(Handle) + Send + 'static,
) -> (Report, ServeReport<u64, E>)
where
    Fut: Future<Output = ()> + Send + 'static,
{
    let shutdown = Shutdown::new(FOR_EVER);
    let handle = shutdown.handle().clone();
    let tells = handle.clone();
    let told = at_any_time(move || tell(tells));
    let (report, served) = rt::join!(
        shutdown.run(pending(), pending()),
        serve(&handle, "server", source, job, server(s))
    );
    joined(told).await;
    shutdown_complete();
    (report, served)
}

pub(super) fn idle_source(s: Shape) -> Root {
    Box::pin(async move {
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let job = move |job| {
            let note = note.clone();
            async move { note.note(job) }
        };
        let (report, served) =
            with_server(s, jobs_then_idle(s.jobs), job, |handle| handle.drain()).await;
        conserved(&served, &ran);
        assert_eq!(served.done, served.accepted(), "what was accepted is drained: {served:?}");
        assert_eq!((served.stopped, report.is_clean()), (Stopped::Drained, true));
    })
}

pub(super) fn no_room(s: Shape) -> Root {
    Box::pin(async move {
        let (ran, room) = (Record::distinct("ran"), Arc::new(Notify::new()));
        let (note, wait) = (ran.clone(), room.clone());
        // The first job, and with few workers soon all that is behind it, waits until the drain has
        // begun: nothing is accepted for want of room, and the source has more.
        let job = move |job| {
            let (note, wait) = (note.clone(), wait.clone());
            async move {
                if job == 0 {
                    wait.notified().await;
                }
                note.note(job);
            }
        };
        let begin = move |handle: Handle| {
            handle.drain();
            room.notify_one();
        };
        let one = shape(1, s.jobs, s.buffer);
        let (report, served) = with_server(one, jobs_then_idle(s.jobs), job, begin).await;
        conserved(&served, &ran);
        assert!(served.accepted() <= s.jobs);
        assert_eq!(served.done, served.accepted(), "what was accepted is drained: {served:?}");
        assert_eq!((served.end(), report.is_clean()), (End::Cancelled, true));
    })
}

pub(super) fn aborted_server(s: Shape) -> Root {
    Box::pin(async move {
        let started = Record::distinct("started");
        let note = started.clone();
        let job = move |job| {
            note.note(job);
            pending::<()>()
        };
        let (report, served) =
            with_server(s, jobs_then_idle(s.jobs), job, |handle| handle.abort()).await;
        // In the order in which they came: those that ran are aborted, the rest comes back.
        let mut all = served.aborted.clone();
        all.sort();
        assert!(started.sorted().iter().all(|job| all.contains(job)), "{served:?}");
        all.extend(&served.unstarted);
        assert_eq!(all, (0..served.accepted()).collect::<Vec<_>>(), "{served:?}");
        assert!(served.accepted() <= (s.workers + s.buffer) as u64, "{served:?}");
        assert_eq!((served.done, served.leaked.len()), (0, 0));
        assert_eq!(served.end(), End::Cancelled);
        assert_eq!(served.is_clean(), served.accepted() == 0);
        assert!(report.accepted() <= 1, "only the server, if it came in time: {report:?}");
    })
}

pub(super) fn served_to_the_end(s: Shape) -> Root {
    Box::pin(async move {
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let job = move |job| {
            let note = note.clone();
            async move { note.note(job) }
        };
        let server = async {
            let served = serve(&handle, "server", jobs(s.jobs), job, server(s)).await;
            handle.drain();
            served
        };
        let (report, served) = rt::join!(shutdown.run(pending(), pending()), server);
        shutdown_complete();
        conserved(&served, &ran);
        assert_eq!((served.done, served.end()), (s.jobs, End::Complete));
        drained(&report, 1);
        let late = serve(&handle, "late", jobs(s.jobs), |_| async {}, ServeConfig::default()).await;
        assert_eq!((late.accepted(), late.end()), (0, End::Cancelled));
    })
}

pub(super) fn failing_source(s: Shape) -> Root {
    Box::pin(async move {
        let shutdown = Shutdown::new(FOR_EVER);
        let handle = shutdown.handle().clone();
        let first = Duration::from_millis(2);
        let backoff = Backoff::new(first, first * 2).expect("it is not zero");
        let mut asked = 0;
        // It fails whenever it is asked, and has the shutdown begin with its last error.
        let source = stream::poll_fn(|_| {
            asked += 1;
            if asked == s.jobs {
                handle.drain();
            }
            std::task::Poll::Ready(Some(Err::<u64, _>(asked)))
        });
        let config = ServeConfig {
            on_source_error: OnSourceError::Backoff(backoff),
            ..ServeConfig::default()
        };
        let begun = Instant::now();
        let (report, served) = rt::join!(
            shutdown.run(pending(), pending()),
            serve(&handle, "server", source, |_| async {}, config)
        );
        let pauses = first * (2 * s.jobs as u32).saturating_sub(3);
        assert!(begun.elapsed() >= pauses, "it asked {} times without a pause", s.jobs);
        assert_eq!((served.source_errors, served.accepted()), (s.jobs, 0));
        assert_eq!((served.stopped, report.is_clean()), (Stopped::Drained, true));
    })
}

pub(super) fn fatal_source(s: Shape) -> Root {
    Box::pin(async move {
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let job = move |job| {
            let note = note.clone();
            async move { note.note(job) }
        };
        let broken = jobs(s.jobs).map(|job| job.map_err(|never| match never {}));
        let broken = broken.chain(stream::iter([Err("broken"), Ok(99)]));
        let (report, served) = with_server(s, broken, job, |handle| handle.drain()).await;
        conserved(&served, &ran);
        assert_eq!(served.done, served.accepted());
        // The drain may have come first.
        if served.stopped != Stopped::Drained {
            assert_eq!(
                (&served.stopped, served.end()),
                (&Stopped::SourceFailed("broken"), End::Failed)
            );
            assert_eq!(served.done, s.jobs, "what came before the error is drained");
        }
        assert!(report.is_clean(), "{report:?}");
    })
}

pub(super) fn panicking_server(s: Shape) -> Root {
    Box::pin(async move {
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let job = move |job| {
            note.note(job);
            // The first panics before there is a future, the second inside it.
            assert!(job != 0, "at once");
            async move { assert!(job != 1, "later") }
        };
        let broken = jobs(s.jobs).chain(stream::poll_fn(|_| panic!("no more")));
        let (report, served) = with_server(s, broken, job, |handle| handle.drain()).await;
        conserved(&served, &ran);
        let mut panicked = served.panicked.clone();
        panicked.sort();
        let all = [(0, "at once".to_owned()), (1, "later".to_owned())];
        assert_eq!(panicked, all[..served.accepted().min(2) as usize]);
        if served.stopped != Stopped::Drained {
            assert_eq!(served.stopped, Stopped::SourcePanicked("no more".into()));
            assert_eq!((served.accepted(), served.end()), (s.jobs, End::Panicked));
        }
        assert!(report.is_clean(), "the panics are the server's to tell: {report:?}");
    })
}
