//! The job server of the guide, on every schedule: the same `server.rs` that serves TCP in
//! `patterns/examples/job_server`, with clients in memory.

#[path = "../../patterns/examples/job_server/server.rs"]
mod server;

use futures_util::{Sink, Stream, StreamExt, sink, stream};
use selvedge::{Record, shutdown_complete};
use selvedge_rt as rt;
use server::{Config, Report, serve};
use std::convert::Infallible;
use std::future::pending;
use std::num::NonZeroUsize;
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(20);
const PACE: Duration = Duration::from_millis(1);

fn config(workers: usize, queue: usize) -> Config {
    let size = |n| NonZeroUsize::new(n).expect("a server has workers and a queue");
    Config { workers: size(workers), queue: size(queue), pace: PACE, grace: GRACE }
}

type Requests = stream::BoxStream<'static, Result<String, Infallible>>;

/// The lines `<client>.0`, `<client>.1`, ..; each is noted when the server takes it.
fn lines(client: usize, count: usize, taken: &Record<String>) -> Requests {
    let taken = taken.clone();
    let lines = stream::iter(0..count).map(move |n| format!("{client}.{n}"));
    lines.inspect(move |line| taken.note(line.clone())).map(Ok).boxed()
}

/// A client that reads whatever comes.
fn reader(read: &Record<String>) -> impl Sink<String> + Send + use<> {
    let read = read.clone();
    sink::unfold((), move |(), line| {
        read.note(line);
        async { Ok::<_, Infallible>(()) }
    })
}

/// Clients that connect at once, in a listener that stays open.
fn listener<C>(clients: Vec<C>) -> impl Stream<Item = Result<C, Infallible>> {
    stream::iter(clients).map(Ok).chain(stream::pending())
}

async fn echo(line: String) -> String {
    line
}

#[selvedge::test(grain = "poll", clients = 2, workers = 2, queue = 1)]
#[selvedge::test(clients = 1, workers = 1, queue = 1)]
#[selvedge::test(sample, cases = 300, clients in 1..=4usize, workers in 1..=4usize, queue in 1..=4usize)]
#[selvedge::test(tokio, clients = 4, workers = 2, queue = 2)]
#[selvedge::test(tokio, threads = 2, runs = 20, clients = 4, workers = 2, queue = 2)]
async fn whenever_it_is_stopped_each_line_that_was_taken_is_answered(
    clients: usize,
    workers: usize,
    queue: usize,
) {
    let (taken, read) = (Record::distinct("taken"), Record::distinct("read"));
    // After its lines a client stays connected, and idle.
    let connect = |c| (lines(c, 2, &taken).chain(stream::pending()), reader(&read));
    let clients = (0..clients).map(connect).collect();
    let stop = rt::sync::CancellationToken::new();
    let stops = stop.clone();
    let stopper = rt::spawn(async move { stops.cancel() });
    let report = serve(listener(clients), &stop, config(workers, queue), echo).await;
    stopper.await.unwrap();
    shutdown_complete();
    assert_eq!(read.sorted(), taken.sorted());
    assert_eq!(report, Report { answered: taken.sorted().len() as u64, ..Report::default() });
}

#[selvedge::test(grain = "poll", clients = 2)]
#[selvedge::test(clients = 1)]
#[selvedge::test(tokio, clients = 4)]
async fn clients_that_hang_up_leave_nothing_behind(clients: usize) {
    let (taken, read) = (Record::distinct("taken"), Record::distinct("read"));
    let connect = |c| Ok::<_, Infallible>((lines(c, 2, &taken), reader(&read)));
    // The listener ends, too: nobody needs to say stop.
    let listener = stream::iter((0..clients).map(connect).collect::<Vec<_>>());
    let stop = rt::sync::CancellationToken::new();
    let report = serve(listener, &stop, config(2, 1), echo).await;
    shutdown_complete();
    assert_eq!(read.sorted(), taken.sorted());
    assert_eq!(report, Report { answered: 2 * clients as u64, ..Report::default() });
}

#[selvedge::test(grain = "poll")]
#[selvedge::test(tokio)]
async fn a_client_that_reads_nothing_is_cut_off_after_the_grace() {
    let taken = Record::distinct("taken");
    let deaf = sink::unfold((), |(), _: String| pending::<Result<(), Infallible>>());
    let client = (lines(0, 2, &taken), deaf);
    let stop = rt::sync::CancellationToken::new();
    let begun = rt::time::Instant::now();
    stop.cancel();
    // Stopped already: the client may get in or not, as the listener and the stop are looked at.
    let report = serve(listener(vec![client]), &stop, config(1, 1), echo).await;
    shutdown_complete();
    let waited = begun.elapsed() >= GRACE;
    assert_eq!((report.answered, report.cut_off), (0, u64::from(waited)));
}

#[selvedge::test(grain = "poll")]
#[selvedge::test(tokio)]
async fn a_job_that_panics_is_answered_and_its_worker_goes_on() {
    let (taken, read) = (Record::distinct("taken"), Record::new("read"));
    let client = Ok::<_, Infallible>((lines(0, 3, &taken), reader(&read)));
    let job = |line: String| async move {
        assert!(line == "0.2", "only the last");
        line
    };
    let stop = rt::sync::CancellationToken::new();
    let report = serve(stream::iter([client]), &stop, config(1, 1), job).await;
    assert_eq!(read.sorted(), ["0.2", "error: the job panicked", "error: the job panicked"]);
    assert_eq!(report, Report { answered: 3, ..Report::default() });
}

#[selvedge::test(grain = "poll", clients = 2)]
#[selvedge::test(clock = "racing", grain = "poll", clients = 1)]
#[selvedge::test(tokio, clients = 3)]
async fn jobs_start_no_faster_than_the_pace(clients: usize) {
    let (taken, starts) = (Record::distinct("taken"), Record::new("starts"));
    let read = Record::distinct("read");
    let connect = |c| Ok::<_, Infallible>((lines(c, 2, &taken), reader(&read)));
    let begun = rt::time::Instant::now();
    let noted = starts.clone();
    let job = move |line| {
        noted.note(begun.elapsed());
        async { line }
    };
    let listener = stream::iter((0..clients).map(connect).collect::<Vec<_>>());
    let stop = rt::sync::CancellationToken::new();
    // On a racing clock the grace may end first: nothing is lost out of sight then.
    let report = serve(listener, &stop, config(2, 1), job).await;
    assert!(report.cut_off > 0 || report.unstarted == 0, "{report:?}");
    for (n, at) in starts.sorted().iter().enumerate() {
        assert!(*at >= PACE * n as u32, "job {n} started after {at:?}");
    }
}

#[selvedge::test(grain = "poll")]
#[selvedge::test(tokio)]
async fn an_accept_that_fails_is_followed_by_a_pause() {
    let failures = stream::iter((0..3).map(Err::<(Requests, sink::Drain<String>), _>));
    let stop = rt::sync::CancellationToken::new();
    let begun = rt::time::Instant::now();
    let report = serve(failures, &stop, config(1, 1), echo).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(300));
    assert_eq!(report, Report::default());
}
