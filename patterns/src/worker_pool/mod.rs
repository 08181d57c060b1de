//! A fixed number of workers takes jobs from a shared queue.
//!
//! ```text
//!  Pool ─┐                      ┌─ worker ─┐
//!  Pool ─┼─ queue (MPMC, `q`) ──┼─ worker ─┼── results (`r`) ── Results
//!  Pool ─┘          ▲           └─ worker ─┘                      │
//!                   └── closes ── supervisor ◄── cancels ─────────┘
//! ```
//!
//! The contract; each line is a test, and is proved on every schedule by the suite:
//!
//! 1. Never more than `workers` jobs run at once.
//! 2. A worker ends when the queue is closed and empty, on cancel, or when the consumer is gone.
//! 3. The results end exactly once, after the last worker.
//! 4. No job starts after its worker has seen the cancel, and a worker looks at the token after it
//!    took the job, right before it starts it.
//! 5. A job in flight at cancel runs to its end ([`OnCancel::Drain`]) or is dropped and listed
//!    ([`OnCancel::Abandon`]).
//! 6. A job that panics gives one [`Outcome::Panicked`]; its worker lives on.
//! 7. A full queue makes [`Pool::submit`] wait; cancel frees it and gives the job back.
//! 8. At most `queue + results + workers` jobs and results are held at any time.
//! 9. Conservation: `accepted = done + panicked + cancelled`, each cancelled job listed, and
//!    `done + panicked = delivered + undelivered`.
//!
//! Who closes what:
//!
//! * The *job queue* ends when the last [`Pool`] handle is dropped. On cancel the supervisor, and
//!   nobody else, closes it; that wakes blocked submitters and idle workers alike, so neither needs
//!   to watch the token while it waits.
//! * The *results* have one sender, shared; the supervisor drops it after it has joined the workers.
//! * [`Results`] holds the pool's own token, a child of the one given to
//!   [`start`](WorkerPool::start): dropping or closing it cancels this pool and nothing else.
//!
//! What it costs: a job takes about a sixth more instructions than with workers on the same queue and no
//! guarantee; where it takes a microsecond itself, that is 3 % of its time. More than half of it is the look at
//! the token before each job, which is a lock that the workers share; the rest are ids, panics as data and
//! the account.
//!
//! Roads not taken:
//!
//! * A `select!` of token and queue in each worker. It registers every idle worker with the token, polls
//!   twice per wake-up, and still lets a job start between its two looks.
//! * A child token for each worker, whose lock is in nobody's way: a free job costs 7 % less on two threads.
//!   But then no two workers are interchangeable, and the search of every schedule becomes ten times as
//!   large.

mod pool;
mod report;
mod results;
mod supervisor;
mod worker;

pub use pool::{JobId, Pool, Rejected, TryRejected};
#[doc(hidden)]
pub use report::Leftover;
pub use report::{Done, Outcome, PoolReport};
pub use results::Results;

use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use supervisor::Supervisor;
use worker::Worker;

/// What becomes of the jobs in flight when the pool is cancelled.
///
/// Jobs that still wait in the queue never start either way; the report gives them back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnCancel {
    /// They run to their end and their results are delivered.
    ///
    /// A cancelled pool then waits for the slowest job, and for a consumer that has stopped reading
    /// until it reads on, closes or drops its [`Results`]. The default, because a job that is cut in
    /// half may leave its work in half.
    #[default]
    Drain,
    /// Their futures are dropped at the next await, and they are listed as cancelled; a result that
    /// finds no room is handed back in the report. A cancelled pool waits for nobody.
    Abandon,
}

/// Sets up a worker pool; [`start`](WorkerPool::start) spawns it.
///
/// Every buffer has a reason. The defaults are the smallest sizes that keep all workers busy:
///
/// | parameter | default | what it trades |
/// |---|---|---|
/// | [`workers`](Self::workers) | 1 | how many jobs overlap; only the caller knows what they cost |
/// | [`queue`](Self::queue) | `workers` | one job waits per worker, so that a worker finds its next job without waiting for a submitter; more rides out bursts, but adds latency, memory, and jobs to give back on cancel |
/// | [`results`](Self::results) | `workers` | each worker can leave one result and go on; more decouples a consumer that reads in bursts |
/// | [`on_cancel`](Self::on_cancel) | [`Drain`](OnCancel::Drain) | a prompt end against jobs cut in half |
///
/// # Examples
///
/// ```
/// use selvedge_patterns::worker_pool::{Outcome, WorkerPool};
/// use selvedge_patterns::End;
/// use selvedge_rt as rt;
/// use std::num::NonZeroUsize;
///
/// # tokio_test::block_on(async {
/// let token = rt::sync::CancellationToken::new();
/// let (mut pool, mut results) = WorkerPool::new(|n: u64| async move { n * n })
///     .workers(NonZeroUsize::new(4).unwrap())
///     .start(&token);
///
/// let producer = rt::spawn(async move {
///     for n in 0..10 {
///         pool.submit(n).await.unwrap();
///     }
///     // The last handle is dropped here: the queue ends, then the workers, then the results.
/// });
///
/// let mut sum = 0;
/// while let Some(done) = results.next().await {
///     match done.outcome {
///         Outcome::Returned(square) => sum += square,
///         Outcome::Panicked(message) => panic!("job {} panicked: {message}", done.id),
///     }
/// }
/// assert_eq!(sum, 285);
///
/// let report = results.close().await;
/// assert_eq!(report.end, End::Complete);
/// assert_eq!(report.done, 10);
/// producer.await.unwrap();
/// # });
/// ```
#[derive(Clone, Debug)]
#[must_use = "a pool does nothing until it is started"]
pub struct WorkerPool<F> {
    handler: F,
    workers: NonZeroUsize,
    queue: Option<NonZeroUsize>,
    results: Option<NonZeroUsize>,
    on_cancel: OnCancel,
}

impl<F> WorkerPool<F> {
    /// A pool whose workers run `handler` on each job.
    ///
    /// A job may submit to its own pool. When the queue is full and every worker does so, they wait
    /// for each other until the pool is cancelled, which frees them; prefer
    /// [`try_submit`](Pool::try_submit) there. A handler that owns a [`Pool`] handle keeps the queue
    /// open: such a pool ends by cancellation only, so let the job carry the handle instead.
    pub fn new(handler: F) -> Self {
        WorkerPool {
            handler,
            workers: NonZeroUsize::MIN,
            queue: None,
            results: None,
            on_cancel: OnCancel::default(),
        }
    }

    /// How many jobs run at once, at most. Default: 1.
    pub fn workers(mut self, workers: NonZeroUsize) -> Self {
        self.workers = workers;
        self
    }

    /// How many accepted jobs wait for a worker before [`Pool::submit`] waits. Default: `workers`.
    pub fn queue(mut self, jobs: NonZeroUsize) -> Self {
        self.queue = Some(jobs);
        self
    }

    /// How many results wait for the consumer before the workers wait. Default: `workers`.
    ///
    /// One task that submits all its jobs before it reads any result needs
    /// `queue + results + workers >= jobs`, or it waits for itself; submit from a task of its own.
    pub fn results(mut self, results: NonZeroUsize) -> Self {
        self.results = Some(results);
        self
    }

    /// What becomes of jobs in flight at cancel. Default: [`OnCancel::Drain`].
    pub fn on_cancel(mut self, on_cancel: OnCancel) -> Self {
        self.on_cancel = on_cancel;
        self
    }

    /// Spawns the workers and their supervisor.
    ///
    /// Cancelling `token` ends the pool; the pool never cancels `token`. With a token that is
    /// cancelled already, no job starts.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and where a capacity is larger than tokio's channels allow
    /// (`usize::MAX >> 3`).
    pub fn start<J, R, Fut>(self, token: &CancellationToken) -> (Pool<J>, Results<J, R>)
    where
        J: Send + 'static,
        R: Send + 'static,
        F: Fn(J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let token = token.child_token();
        let (submit, jobs) = rt::async_channel::bounded(self.queue.unwrap_or(self.workers).get());
        let (deliver, results) = mpsc::channel(self.results.unwrap_or(self.workers).get());

        // One of each end, shared by all workers, where one clone per worker would also do. The
        // supervisor holds a share as well and outlives the workers, so that it is always the one
        // to let go last: no worker does by chance, and their ends stay interchangeable.
        let shared = Arc::new(Worker {
            jobs,
            results: deliver,
            token: token.clone(),
            handler: self.handler,
            on_cancel: self.on_cancel,
        });
        let mut workers = JoinSet::new();
        for _ in 0..self.workers.get() {
            workers.spawn(worker::run(shared.clone()));
        }
        let supervisor = rt::spawn(Supervisor { shared, workers }.run());
        (Pool::new(submit), Results::new(results, token.drop_guard(), supervisor))
    }
}
