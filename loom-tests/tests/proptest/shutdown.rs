//! The server and its shutdown: each accepted job is done, panicked, aborted or comes back, once.

use super::{Ends, buffer, check, items, size, workers};
use futures_util::stream::{self, StreamExt};
use proptest::option;
use proptest::prelude::*;
use rt::sync::Notify;
use selvedge::{Check, Record, shutdown_complete};
use selvedge_patterns::shutdown::{Config, ServeConfig, Shutdown, Stopped, serve};
use selvedge_rt as rt;
use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
struct Input {
    workers: usize,
    jobs: u64,
    queue: usize,
    /// After the last job the source fails; else it ends.
    fails: bool,
    /// This job panics.
    panics: Option<u64>,
    /// This job ends by an abort alone.
    stuck: Option<u64>,
    /// When this job starts, the drain begins.
    drain: Option<u64>,
    /// When this job starts, all is aborted.
    abort: Option<u64>,
}

fn inputs() -> impl Strategy<Value = Input> {
    let on = || option::weighted(0.4, 0..=200u64);
    let sizes = (workers(), items(), buffer(), any::<bool>());
    (sizes, on(), on(), on(), on()).prop_map(
        |((workers, jobs, queue, fails), panics, stuck, drain, abort)| Input {
            workers,
            jobs,
            queue,
            fails,
            panics,
            stuck,
            drain,
            abort,
        },
    )
}

async fn server(input: Input, ends: Ends) {
    let shutdown = Shutdown::new(Config::default());
    let handle = shutdown.handle().clone();
    let (started, ended) = (Record::distinct("started"), Arc::new(Notify::new()));
    let (note, tell) = (started.clone(), handle.clone());
    // It yields first: what a task records before its first operation is recorded as soon as it is woken,
    // also where it is then aborted in place of that poll.
    let job = move |n: u64| {
        let (note, tell) = (note.clone(), tell.clone());
        async move {
            rt::task::yield_now().await;
            note.note(n);
            if input.drain == Some(n) {
                tell.drain();
            }
            if input.abort == Some(n) {
                tell.abort();
            }
            assert!(input.panics != Some(n), "on purpose");
            if input.stuck == Some(n) {
                pending::<()>().await;
            }
        }
    };
    let last = if input.fails { Some(Err("broken")) } else { None };
    let source = stream::iter(0..input.jobs).map(Ok).chain(stream::iter(last));
    let config = ServeConfig {
        workers: size(input.workers),
        queue: size(input.queue),
        ..ServeConfig::default()
    };
    // When the source has ended and the jobs are done, or else after a while, which a stuck job needs.
    let (begin, over) = (handle.clone(), ended.clone());
    let ends_it = async move {
        let _ = rt::time::timeout(std::time::Duration::from_secs(60), over.notified()).await;
        begin.drain();
    };
    let serving = async {
        let served = serve(&handle, "server", source, job, config).await;
        ended.notify_one();
        served
    };
    let (report, served, ()) = rt::join!(shutdown.run(pending(), pending()), serving, ends_it);
    shutdown_complete();
    ends.reached(served.end());
    if !served.aborted.is_empty() {
        ends.reached("aborted");
    }
    assert!(served.leaked.is_empty() && served.failed.is_empty(), "{served:?}");
    assert!(report.accepted() <= 1, "only the server: {report:?}");

    // What ran, was aborted or came back: together what was accepted, with nothing in between.
    let ran = started.sorted();
    let mut all: BTreeSet<u64> = ran.iter().chain(&served.aborted).copied().collect();
    let ended = all.len() - served.aborted.len();
    assert_eq!(ended, served.done as usize + served.panicked.len(), "{served:?}");
    assert!(
        served.unstarted.iter().all(|n| all.insert(*n)),
        "it started, and came back: {served:?}"
    );
    assert!(all.into_iter().eq(0..served.accepted()), "{served:?}");
    assert!(served.panicked.iter().all(|job| input.panics == Some(job.0)), "{served:?}");
    if input.stuck.is_some_and(|n| ran.contains(&n)) && input.stuck != input.panics {
        let stuck = input.stuck.expect("it ran");
        assert!(served.aborted.contains(&stuck), "only the abort ends it: {served:?}");
    }
    match served.stopped {
        Stopped::SourceEnded | Stopped::SourceFailed(_) => {
            assert_eq!(served.accepted(), input.jobs, "it took all that there was: {served:?}");
            assert_eq!(input.fails, served.stopped != Stopped::SourceEnded);
        }
        _ => assert!(served.accepted() <= input.jobs),
    }
}

#[test]
fn a_server_keeps_its_contract_on_generated_inputs_and_schedules() {
    let ends = ["Complete", "Cancelled", "Failed", "\"aborted\""];
    check(Check::new("server, generated"), 200, inputs(), &ends, server);
}
