//! A server: takes jobs from a source, runs a bounded number at once, and stops gracefully.
//!
//! 1. One task owns the source, the queue and the running jobs. There is no channel between accepting
//!    and running, so nothing to send, nothing to close, and no job in anyone's hand: a job is taken
//!    from the source only when the queue has room for it.
//! 2. It is in one of three states, each with its own loop and its own waits: it *accepts* until the
//!    source ends or the drain begins; it *drains* until nothing is left or the abort begins; it
//!    *aborts* until its jobs are gone or the shutdown no longer waits for them.
//!
//! The road not taken: the worker pool of this crate. Its submitter waits inside `submit`, with the job
//! in it, and a drain would have to drop that job or wait for room.

use super::crew::Crew;
use super::handle::{Guard, Handle};
use super::report::{Account, BoxError, Name, TaskOutput};
use super::source::{OnSourceError, Source};
use crate::End;
use futures_core::Stream;
use selvedge_rt as rt;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// The sizes of a server, and what it makes of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeConfig {
    /// How many accepted jobs wait for their turn, at most; then nothing is accepted. More rides out
    /// bursts, but adds latency, and jobs to give back at an abort. Default: 1.
    pub queue: NonZeroUsize,
    /// How many jobs run at once, at most; only the caller knows what they cost. Default: 1.
    pub workers: NonZeroUsize,
    /// What becomes of an error of the source. Default: [`OnSourceError::Fatal`].
    pub on_source_error: OnSourceError,
}

impl Default for ServeConfig {
    fn default() -> Self {
        ServeConfig {
            queue: NonZeroUsize::MIN,
            workers: NonZeroUsize::MIN,
            on_source_error: OnSourceError::default(),
        }
    }
}

/// Why a server accepts no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped<E> {
    /// The source ended.
    SourceEnded,
    /// The shutdown began.
    Drained,
    /// The source gave an error, and that is fatal.
    SourceFailed(E),
    /// The source panicked, with this message.
    SourcePanicked(String),
}

/// Where everything went that a server accepted. From [`serve`].
///
/// Each accepted job is counted in `done` or is in exactly one list. A job is named by how many were
/// accepted before it.
#[derive(Debug)]
#[must_use = "the report gives back jobs that nobody else has"]
pub struct ServeReport<J, E> {
    /// Why it accepts no more.
    pub stopped: Stopped<E>,
    /// How many jobs returned without an error.
    pub done: u64,
    /// Jobs that returned an error.
    pub failed: Vec<(u64, BoxError)>,
    /// Jobs that panicked, with the message.
    pub panicked: Vec<(u64, String)>,
    /// Jobs that the abort dropped at an await.
    pub aborted: Vec<u64>,
    /// Jobs that still run: the shutdown no longer waits for them.
    pub leaked: Vec<u64>,
    /// Jobs that never started. They come back.
    pub unstarted: Vec<J>,
    /// How many errors of the source were followed by a pause.
    pub source_errors: u64,
}

impl<J, E> ServeReport<J, E> {
    /// How many jobs were accepted.
    pub fn accepted(&self) -> u64 {
        let listed = self.failed.len()
            + self.panicked.len()
            + self.aborted.len()
            + self.leaked.len()
            + self.unstarted.len();
        self.done + listed as u64
    }

    /// Whether every accepted job returned without an error, and the source neither failed for good
    /// nor panicked.
    pub fn is_clean(&self) -> bool {
        self.done == self.accepted()
            && matches!(self.stopped, Stopped::SourceEnded | Stopped::Drained)
    }

    /// Why the work ended: [`End::Complete`] only where the source ended and every job ran.
    pub fn end(&self) -> End {
        let cut = self.aborted.len() + self.leaked.len() + self.unstarted.len();
        match self.stopped {
            Stopped::SourceFailed(_) => End::Failed,
            Stopped::SourcePanicked(_) => End::Panicked,
            Stopped::Drained => End::Cancelled,
            Stopped::SourceEnded if cut > 0 => End::Cancelled,
            Stopped::SourceEnded => End::Complete,
        }
    }
}

/// Takes jobs from `source` and runs `handler` on each, until the source ends or the shutdown begins.
///
/// When the drain begins it drops the source, whether it waits for the next job or for room, and goes
/// on with what it accepted. When the abort begins it aborts the jobs that run and gives back those that
/// have not started. It returns when its jobs are gone, or the shutdown has reported them as leaked. The
/// shutdown waits for it under `name`. One job's error or panic stops nothing else.
///
/// With a shutdown that has begun it accepts nothing. Where a source must not be polled again after it
/// gave an error, let the error be fatal.
///
/// # Panics
///
/// Outside a runtime.
///
/// # Cancel safety
///
/// If dropped early, the jobs are aborted and the report is lost. So run it beside the shutdown, as
/// below or in a task of its own, and not with [`Handle::spawn`], which drops it at the abort.
///
/// # Examples
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use selvedge_patterns::End;
/// use selvedge_patterns::shutdown::{Config, ServeConfig, Shutdown, serve};
/// use selvedge_rt as rt;
/// use std::convert::Infallible;
/// use std::future::pending;
///
/// # tokio_test::block_on(async {
/// let shutdown = Shutdown::new(Config::default());
/// let handle = shutdown.handle().clone();
/// let requests = stream::iter(1..=3).map(Ok::<u32, Infallible>);
///
/// let server = async {
///     let report = serve(&handle, "server", requests, |n| async move {
///         if n == 2 { Err("two is refused") } else { Ok(()) }
///     }, ServeConfig::default()).await;
///     handle.drain(); // In a process, a signal does.
///     report
/// };
/// let (stop, served) = rt::join!(shutdown.run(pending(), pending()), server);
/// assert!(stop.is_clean());
/// assert_eq!((served.done, served.failed[0].0), (2, 1));
/// assert_eq!(served.end(), End::Complete);
/// # });
/// ```
pub async fn serve<S, J, E, H, Fut>(
    shutdown: &Handle,
    name: impl Into<Name>,
    source: S,
    handler: H,
    config: ServeConfig,
) -> ServeReport<J, E>
where
    S: Stream<Item = Result<J, E>>,
    J: Send + 'static,
    H: Fn(J) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: TaskOutput,
{
    let mut source = Source::new(source);
    let mut server = Server {
        config,
        handler: Arc::new(handler),
        queue: VecDeque::new(),
        crew: Crew::new(),
        accepted: 0,
        source_errors: 0,
    };
    let Some(guard) = shutdown.guard(name) else {
        return server.report(Stopped::Drained, Vec::new());
    };
    let stopped = server.accept(&mut source, &guard).await;
    source.close();
    let leaked = match server.drain(&guard).await {
        true => Vec::new(),
        false => server.abort(&guard).await,
    };
    server.report(stopped, leaked)
}

/// The one owner of everything accepted.
struct Server<J, H> {
    config: ServeConfig,
    handler: Arc<H>,
    /// Accepted and not started.
    queue: VecDeque<J>,
    crew: Crew<u64>,
    accepted: u64,
    source_errors: u64,
}

impl<J, H, Fut> Server<J, H>
where
    J: Send + 'static,
    H: Fn(J) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: TaskOutput,
{
    /// Accepts, until told why not.
    async fn accept<S, E>(&mut self, source: &mut Source<S>, guard: &Guard) -> Stopped<E>
    where
        S: Stream<Item = Result<J, E>>,
    {
        let draining = guard.shared.draining.cancelled();
        rt::pin!(draining);
        loop {
            self.start();
            let room = self.queue.len() < self.config.queue.get();
            let next = rt::select! {
                biased;
                () = &mut draining => return Stopped::Drained,
                _ = self.crew.join_next(), if self.crew.len() > 0 => continue,
                next = source.next(), if room => next,
            };
            match next {
                Ok(Some(Ok(job))) => {
                    source.succeeded();
                    self.queue.push_back(job);
                    self.accepted += 1;
                }
                Ok(Some(Err(error))) => match self.config.on_source_error {
                    OnSourceError::Fatal => return Stopped::SourceFailed(error),
                    OnSourceError::Backoff(backoff) => {
                        self.source_errors += 1;
                        source.failed(backoff);
                    }
                },
                Ok(None) => return Stopped::SourceEnded,
                Err(message) => return Stopped::SourcePanicked(message),
            }
        }
    }

    /// Runs what was accepted to its end; `false` where the abort comes first.
    async fn drain(&mut self, guard: &Guard) -> bool {
        let aborting = guard.shared.aborting.cancelled();
        rt::pin!(aborting);
        loop {
            self.start();
            let more = rt::select! {
                biased;
                () = &mut aborting => return false,
                more = self.crew.join_next() => more,
            };
            if !more {
                return true;
            }
        }
    }

    /// Aborts what runs. Gives what is still there when the shutdown no longer waits.
    async fn abort(&mut self, guard: &Guard) -> Vec<u64> {
        self.crew.abort();
        rt::select! {
            biased;
            () = self.crew.drain() => Vec::new(),
            () = guard.shared.done.cancelled() => self.crew.leaked(),
        }
    }

    /// Starts as many jobs as may run.
    fn start(&mut self) {
        while self.crew.len() < self.config.workers.get()
            && let Some(job) = self.queue.pop_front()
        {
            let number = self.accepted - self.queue.len() as u64 - 1;
            let handler = self.handler.clone();
            // The call is inside, so that its panic is the job's.
            self.crew.spawn(number, async move { handler(job).await });
        }
    }

    fn report<E>(mut self, stopped: Stopped<E>, leaked: Vec<u64>) -> ServeReport<J, E> {
        let Account { drained, failed, panicked, aborted } = self.crew.settle();
        ServeReport {
            stopped,
            done: drained,
            failed,
            panicked,
            aborted,
            leaked,
            unstarted: self.queue.into(),
            source_errors: self.source_errors,
        }
    }
}
