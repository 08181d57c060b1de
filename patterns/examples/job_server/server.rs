//! The job server, but for its sockets: an accept loop, a queue, workers, a rate limit, a graceful stop.
//!
//! It is written as one writes it on tokio; only the `use` lines say `selvedge_rt`, and a connection is a
//! stream of lines with a sink for lines, whatever is behind them. `main.rs` puts TCP there;
//! `loom-tests/tests/job_server.rs` puts lines in memory there and runs this file on every schedule.
//!
//! 1. A line that was taken from a client is answered, a stop or not: a connection looks at the stop only
//!    between two lines. Only the end of the grace cuts it short, and then it is counted.
//! 2. Who closes what: each connection holds a sender of the queue, the accept loop another. After the stop
//!    the last one goes with the last connection, and then the workers end.
//! 3. Never more than `workers` jobs run, `queue` jobs wait, and one starts every `pace`.

use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use rt::async_channel::{self, Receiver, Sender};
use rt::sync::{CancellationToken, Mutex, oneshot};
use rt::task::{JoinError, JoinSet};
use rt::time::{Duration, Interval, MissedTickBehavior, interval, sleep, timeout};
use selvedge_rt as rt;
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// After an accept that failed: what it lacks, mostly file descriptors, takes a while to come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The sizes of a server.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Jobs that run at once.
    pub workers: NonZeroUsize,
    /// Jobs that wait for a worker; then connections wait.
    pub queue: NonZeroUsize,
    /// At least so long lies between the starts of two jobs. Not zero.
    pub pace: Duration,
    /// How long a stop waits for connections, before it cuts them off.
    pub grace: Duration,
}

/// What became of the clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines that were answered, on connections that came to their end.
    pub answered: u64,
    /// Connections that the end of the grace cut off.
    pub cut_off: u64,
    /// Their lines that still waited for a worker then.
    pub unstarted: u64,
}

/// A line on its way to a worker, and the way back.
struct Job {
    line: String,
    reply: oneshot::Sender<String>,
}

/// Serves the connections of `listener` until it ends or `stop` is cancelled; then stops gracefully.
///
/// # Panics
///
/// If `pace` is zero.
pub async fn serve<L, R, W, E, ReadError, H, Fut>(
    listener: L,
    stop: &CancellationToken,
    config: Config,
    handler: H,
) -> Report
where
    L: Stream<Item = Result<(R, W), E>>,
    R: Stream<Item = Result<String, ReadError>> + Send + 'static,
    W: Sink<String> + Send + 'static,
    ReadError: Send + 'static,
    H: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = String> + Send + 'static,
{
    let (queue, jobs) = async_channel::bounded(config.queue.get());
    let mut pace = interval(config.pace);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (pace, handler) = (Arc::new(Mutex::new(pace)), Arc::new(handler));
    let mut workers = JoinSet::new();
    for _ in 0..config.workers.get() {
        workers.spawn(work(jobs.clone(), pace.clone(), handler.clone()));
    }
    drop(pace);

    let mut report = Report::default();
    let mut connections = JoinSet::new();
    accept(listener, stop, &queue, &mut connections, &mut report).await;

    drop(queue);
    let drained = timeout(config.grace, join(&mut connections, &mut report)).await;
    if drained.is_err() {
        connections.abort_all();
        join(&mut connections, &mut report).await;
        workers.abort_all();
    }
    while workers.join_next().await.is_some() {}
    while jobs.try_recv().is_ok() {
        report.unstarted += 1;
    }
    report
}

/// Starts a connection for each client, until told to stop. The listener is dropped with it, so later
/// clients are refused.
async fn accept<L, R, W, E, ReadError>(
    listener: L,
    stop: &CancellationToken,
    queue: &Sender<Job>,
    connections: &mut JoinSet<u64>,
    report: &mut Report,
) where
    L: Stream<Item = Result<(R, W), E>>,
    R: Stream<Item = Result<String, ReadError>> + Send + 'static,
    W: Sink<String> + Send + 'static,
    ReadError: Send + 'static,
{
    rt::pin!(listener);
    loop {
        rt::select! {
            () = stop.cancelled() => return,
            next = listener.next() => match next {
                Some(Ok((requests, replies))) => {
                    connections.spawn(converse(requests, replies, queue.clone(), stop.clone()));
                }
                Some(Err(_)) => {
                    stop.run_until_cancelled(sleep(ACCEPT_PAUSE)).await;
                }
                None => return,
            },
            // So that they take no memory.
            Some(ended) = connections.join_next() => report.count(ended),
        }
    }
}

/// One connection: a line, its answer, the next line. Returns how many were answered.
async fn converse<R, W, ReadError>(
    requests: R,
    replies: W,
    queue: Sender<Job>,
    stop: CancellationToken,
) -> u64
where
    R: Stream<Item = Result<String, ReadError>>,
    W: Sink<String>,
{
    rt::pin!(requests, replies);
    let mut answered = 0;
    loop {
        let next = rt::select! {
            () = stop.cancelled() => return answered,
            next = requests.next() => next,
        };
        // Its end, or a line that is none: too long, or not UTF-8.
        let Some(Ok(line)) = next else { return answered };
        let (reply, answer) = oneshot::channel();
        // The workers live longer than we do, unless all of it is cut off.
        if queue.send(Job { line, reply }).await.is_err() {
            return answered;
        }
        let Ok(answer) = answer.await else { return answered };
        if replies.send(answer).await.is_err() {
            return answered;
        }
        answered += 1;
    }
}

/// One worker: a job, at its time, then the next one. A panic is the job's.
async fn work<H, Fut>(jobs: Receiver<Job>, pace: Arc<Mutex<Interval>>, handler: Arc<H>)
where
    H: Fn(String) -> Fut,
    Fut: Future<Output = String>,
{
    while let Ok(Job { line, reply }) = jobs.recv().await {
        // The lock is held through the wait, on purpose: the first in the queue starts first.
        pace.lock().await.tick().await;
        let answer = AssertUnwindSafe(async { handler(line).await }).catch_unwind().await;
        // Refused where the connection was cut off.
        let _ = reply.send(answer.unwrap_or_else(|_| "error: the job panicked".into()));
    }
}

async fn join(connections: &mut JoinSet<u64>, report: &mut Report) {
    while let Some(ended) = connections.join_next().await {
        report.count(ended);
    }
}

impl Report {
    fn count(&mut self, ended: Result<u64, JoinError>) {
        match ended {
            Ok(answered) => self.answered += answered,
            Err(error) if error.is_cancelled() => self.cut_off += 1,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
