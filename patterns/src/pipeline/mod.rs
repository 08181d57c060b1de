//! A source and stages, each a task of its own, joined by bounded buffers.
//!
//! ```text
//!  source ──cap──▶ map ──cap──▶ filter ──cap──▶ map_concurrent ×n ──cap──▶ Output
//!    ▲               ▲             ▲                  ▲                      │
//!    └───────────────┴── closes every buffer ─────────┴──── supervisor ◀─ cancels
//! ```
//!
//! The contract; each line is a test, and is proved on every schedule by the suite:
//!
//! 1. Uncancelled, the output is that of `source.map(..).filter(..)` on an iterator, in its order;
//!    only `map_concurrent` gives up the order.
//! 2. A stage closes its own output, by ending, and nobody else does while nothing goes wrong.
//! 3. An error or a panic in a stage ends the stages before and after it, and is reported with the
//!    stage and the item. The first wins: a failure that comes after the cancel is listed, and is not
//!    the cause.
//! 4. Dropping the [`Output`] stops the source, even one that waits for its next item for ever.
//! 5. At most the sum of all capacities and workers is in flight; a source and a stage are one worker
//!    each, a concurrent stage is `n`.
//! 6. A truncated run is never [`Complete`](crate::End::Complete).
//! 7. [`Output::finish`] returns after every task of the pipeline has ended.
//! 8. Without a concurrent stage, what comes out is a prefix of what an uncancelled run gives.
//! 9. Conservation: every item that the source gave was delivered, rejected by a filter, the cause of a
//!    failure, or is in the report.
//!
//! Who closes what:
//!
//! * Each buffer has the stage before it as its only sender: it ends when that stage has ended, and
//!   what is in it still goes through.
//! * On a cancel and on the first failure the supervisor, and nobody else, closes every buffer. A close
//!   wakes whoever waits on either side, and a refused send gives its item back; so a stage needs to
//!   watch no token while it waits, and loses nothing.
//! * [`Output`] holds the pipeline's own token, a child of the one given to [`start`](Pipeline::start):
//!   dropping or finishing it cancels this pipeline and nothing else.
//!
//! What it costs: an item takes about a third more instructions than in a chain of tasks on `mpsc`. Half of
//! that is the channel, which has to be closed from outside and shared by workers; the rest buys a look at
//! the token before each item is taken or worked on, panics as data, and the index and the account of items.
//!
//! The road not taken: a `select!` of the token and the buffer at each receive and each send of every
//! stage. That is two more polls an item and stage, and a stage that forgets one of them leaks.

mod error;
mod output;
mod report;
mod source;
mod stage;
mod supervisor;
mod work;

pub use error::{Cause, Failure, PipelineError};
pub use output::Output;
pub use report::{Report, Stage, Unfinished};
#[doc(hidden)]
pub use stage::{Item, StageEnd};

use futures_core::Stream;
use rt::async_channel::{Receiver, bounded};
use rt::sync::CancellationToken;
use rt::task::JoinSet;
use selvedge_rt as rt;
use stage::Seat;
use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use supervisor::{Link, Supervisor};
use work::{Concurrent, Filter, Map, Step, TryMap, Work};

/// Spawns the tasks of one stage.
type Spawn = Box<dyn FnOnce(&mut JoinSet<StageEnd>, &CancellationToken) + Send>;

/// Builds a pipeline; [`start`](Pipeline::start) or [`collect`](Pipeline::collect) runs it.
///
/// Every stage has a buffer behind it, and its capacity is the stage's first argument. There is no
/// default, because only the caller knows how uneven the stages are:
///
/// | capacity | what it trades |
/// |---|---|
/// | 1 | neighbours overlap by one item: enough where every item costs the same |
/// | more | a stage rides out a slow spell of the next one; adds latency, memory, and items to give back on a cancel |
/// | larger than the source | the stage never waits, and the buffer holds everything |
///
/// The functions of `map`, `try_map` and `filter` run to their end and are not interrupted; work that
/// waits belongs into [`map_concurrent`](Self::map_concurrent), whose futures are dropped at their next
/// await on a cancel. With `n = 1` that keeps the order.
///
/// # Examples
///
/// ```
/// use futures_util::stream;
/// use selvedge_patterns::pipeline::Pipeline;
/// use selvedge_rt::sync::CancellationToken;
/// use std::num::NonZeroUsize;
///
/// # tokio_test::block_on(async {
/// let cap = NonZeroUsize::new(2).unwrap();
/// let even_squares = Pipeline::generate(cap, stream::iter(1..=6u64))
///     .map(cap, |n| n * n)
///     .filter(cap, |n| n % 2 == 0)
///     .collect(&CancellationToken::new())
///     .await;
/// assert_eq!(even_squares.unwrap(), [4, 16, 36]);
/// # });
/// ```
#[must_use = "a pipeline does nothing until it is started"]
pub struct Pipeline<T> {
    output: Receiver<Item<T>>,
    names: Vec<&'static str>,
    spawns: Vec<Spawn>,
    /// One for each buffer, the last one included.
    links: Vec<Box<dyn Link>>,
}

impl<T: Send + 'static> Pipeline<T> {
    /// A pipeline whose items come from `source`, with room for `cap` of them before the first stage.
    ///
    /// The source is polled only by its own task, never after it has ended or panicked, and dropped
    /// there. For an iterator use `futures_util::stream::iter`.
    ///
    /// Every buffer is allocated at once.
    ///
    /// # Panics
    ///
    /// If `cap` is more than fits into memory.
    pub fn generate<S>(cap: NonZeroUsize, source: S) -> Self
    where
        S: Stream<Item = T> + Send + 'static,
    {
        let (sender, output) = bounded(cap.get());
        let spawn: Spawn = Box::new(move |tasks, token| {
            tasks.spawn(source::run(source, sender, token.clone()));
        });
        Pipeline {
            links: vec![Box::new(output.clone())],
            output,
            names: vec!["generate"],
            spawns: vec![spawn],
        }
    }

    /// Applies `f` to each item.
    pub fn map<U, F>(self, cap: NonZeroUsize, f: F) -> Pipeline<U>
    where
        U: Send + 'static,
        F: FnMut(T) -> U + Send + 'static,
    {
        self.stage("map", cap, vec![Map(f)])
    }

    /// Applies `f` to each item; the first error ends the pipeline.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::stream;
    /// use selvedge_patterns::{End, pipeline::Pipeline};
    /// use selvedge_rt::sync::CancellationToken;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let cap = NonZeroUsize::MIN;
    /// let error = Pipeline::generate(cap, stream::iter(["1", "2", "three", "4"]))
    ///     .try_map(cap, str::parse::<u32>)
    ///     .named("parse")
    ///     .collect(&CancellationToken::new())
    ///     .await
    ///     .unwrap_err();
    /// assert_eq!(error.end, End::Failed);
    /// assert_eq!(error.to_string(), "stage 1 `parse` failed on item 2: invalid digit found in string");
    /// // What came out before is a prefix.
    /// assert!([1, 2].starts_with(&error.output));
    /// # });
    /// ```
    pub fn try_map<U, E, F>(self, cap: NonZeroUsize, f: F) -> Pipeline<U>
    where
        U: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
        F: FnMut(T) -> Result<U, E> + Send + 'static,
    {
        self.stage("try_map", cap, vec![TryMap(f)])
    }

    /// Lets through the items for which `keep` says so; drops the others.
    pub fn filter<F>(self, cap: NonZeroUsize, keep: F) -> Pipeline<T>
    where
        F: FnMut(&T) -> bool + Send + 'static,
    {
        self.stage("filter", cap, vec![Filter(keep)])
    }

    /// Runs `f` on up to `n` items at once; they come out in any order.
    ///
    /// [`Output::next_indexed`] tells which item of the source each came from. A future in flight at a
    /// cancel is dropped at its next await, and its item is listed without a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::stream;
    /// use selvedge_patterns::pipeline::Pipeline;
    /// use selvedge_rt as rt;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let n = |n| NonZeroUsize::new(n).unwrap();
    /// let doubled = Pipeline::generate(n(4), stream::iter(0..8u64))
    ///     .map_concurrent(n(4), n(1), |item| async move {
    ///         rt::task::yield_now().await;
    ///         item * 2
    ///     })
    ///     .collect(&rt::sync::CancellationToken::new())
    ///     .await;
    /// // `collect` puts them back in order.
    /// assert_eq!(doubled.unwrap(), [0, 2, 4, 6, 8, 10, 12, 14]);
    /// # });
    /// ```
    pub fn map_concurrent<U, F, Fut>(self, n: NonZeroUsize, cap: NonZeroUsize, f: F) -> Pipeline<U>
    where
        U: Send + 'static,
        F: Fn(T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = U> + Send + 'static,
    {
        self.concurrent("map_concurrent", (n, cap), f, Step::Passed)
    }

    /// The same for an `f` that may fail; the first error ends the pipeline.
    pub fn try_map_concurrent<U, E, F, Fut>(
        self,
        n: NonZeroUsize,
        cap: NonZeroUsize,
        f: F,
    ) -> Pipeline<U>
    where
        U: Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
        F: Fn(T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<U, E>> + Send + 'static,
    {
        self.concurrent("try_map_concurrent", (n, cap), f, Step::from)
    }

    fn concurrent<U, F, Fut>(
        self,
        name: &'static str,
        (n, cap): (NonZeroUsize, NonZeroUsize),
        f: F,
        step: fn(Fut::Output) -> Step<U>,
    ) -> Pipeline<U>
    where
        U: Send + 'static,
        F: Fn(T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Send> + Send + 'static,
    {
        let work = Concurrent::new(f, step);
        self.stage(name, cap, vec![work; n.get()])
    }

    /// Adds a stage with one worker for each of `works`.
    fn stage<W>(
        mut self,
        name: &'static str,
        cap: NonZeroUsize,
        mut works: Vec<W>,
    ) -> Pipeline<W::Output>
    where
        W: Work<T> + Send + 'static,
        W::Output: Send + 'static,
    {
        let (sender, output) = bounded(cap.get());
        let (at, input) = (self.names.len(), self.output);
        self.names.push(name);
        self.links.push(Box::new(output.clone()));
        self.spawns.push(Box::new(move |tasks, token| {
            let last = works.pop().expect("a stage has at least one worker");
            let seat = Seat { at, input, output: sender, token: token.clone() };
            for work in works {
                tasks.spawn(stage::run(seat.clone(), work));
            }
            tasks.spawn(stage::run(seat, last));
        }));
        Pipeline { output, names: self.names, spawns: self.spawns, links: self.links }
    }

    /// Names the stage that was added last, for reports. Default: the method that added it.
    pub fn named(mut self, name: &'static str) -> Self {
        *self.names.last_mut().expect("the source is the first stage") = name;
        self
    }

    /// Spawns the stages and their supervisor.
    ///
    /// Cancelling `token` ends the pipeline; the pipeline never cancels `token`. With a token that is
    /// cancelled already, the source is never polled.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn start(self, token: &CancellationToken) -> Output<T> {
        let token = token.child_token();
        let mut tasks = JoinSet::new();
        for spawn in self.spawns {
            spawn(&mut tasks, &token);
        }
        let supervisor = Supervisor { tasks, links: self.links, token: token.clone() };
        let supervisor = rt::spawn(supervisor.run());
        Output::new(self.output, token.drop_guard(), supervisor, self.names)
    }

    /// Runs the pipeline to its end, and returns what comes out in the order of the source, also where
    /// a concurrent stage has mixed it.
    ///
    /// # Errors
    ///
    /// [`PipelineError`] unless the run was complete: with the cause, and what came out.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, the pipeline is cancelled and what came out is lost.
    pub async fn collect(self, token: &CancellationToken) -> Result<Vec<T>, PipelineError<T>> {
        let mut output = self.start(token);
        let mut items = Vec::new();
        while let Some(item) = output.next_indexed().await {
            items.push(item);
        }
        let report = output.finish().await;
        items.extend(report.undelivered);
        items.sort_unstable_by_key(|(index, _)| *index);
        let output = items.into_iter().map(|(_, item)| item).collect();
        if report.end.is_complete() {
            return Ok(output);
        }
        let unfinished = report.unfinished.iter().map(|u| (u.index, u.stage)).collect();
        Err(PipelineError { end: report.end, failures: report.failures, unfinished, output })
    }
}

impl<T> fmt::Debug for Pipeline<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("stages", &self.names).finish_non_exhaustive()
    }
}
