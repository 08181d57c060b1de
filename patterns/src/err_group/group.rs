//! The owner's side of a group.

use super::error::{Cause, Failure, GroupError, Rejected, TryRejected};
use super::task::{Ended, Shared, task};
use rt::sync::{CancellationToken, DropGuard};
use rt::task::{JoinError, JoinSet};
use selvedge_rt as rt;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;

/// Tasks that succeed together, or fail with the first that fails.
///
/// Dropping it cancels the group and aborts its tasks, which end on their own soon after; their
/// results, and panics, are lost. To know that they have ended, [`wait`](ErrGroup::wait).
///
/// # Examples
///
/// ```
/// use selvedge_patterns::err_group::{Cause, ErrGroup, Failure};
/// use selvedge_rt as rt;
///
/// # tokio_test::block_on(async {
/// let token = rt::sync::CancellationToken::new();
/// let mut group = ErrGroup::new(&token);
/// for n in 0..3 {
///     group.spawn(move |_| async move { if n == 1 { Err("one") } else { Ok(n * 10) } }).await.unwrap();
/// }
/// // This one would run for ever, but for the failure.
/// let _ = group.spawn(|token| async move {
///     token.cancelled().await;
///     Err("cancelled")
/// }).await;
///
/// let error = group.wait().await.unwrap_err();
/// assert_eq!(error.cause, Cause::Failed { task: 1, failure: Failure::Error("one") });
/// # });
/// ```
#[must_use = "dropping the group aborts its tasks"]
pub struct ErrGroup<T, E> {
    // Before `tasks`, so that it is dropped first: a task that is just running, on another thread,
    // may see the cancel and end in order where the abort comes too late for it.
    stop: DropGuard,
    tasks: JoinSet<(usize, Ended<T, E>)>,
    shared: Arc<Shared>,
    limit: Option<NonZeroUsize>,
    spawned: usize,
    results: Vec<(usize, T)>,
    failures: Vec<(usize, Failure<E>)>,
    cause: Option<(usize, Failure<E>)>,
}

impl<T, E> ErrGroup<T, E>
where
    T: Send + 'static,
    E: Send + 'static,
{
    /// An empty group, with no limit.
    ///
    /// Cancelling `token` cancels the group; the group never cancels `token`.
    pub fn new(token: &CancellationToken) -> Self {
        let token = token.child_token();
        ErrGroup {
            shared: Shared::new(token.clone()),
            stop: token.drop_guard(),
            tasks: JoinSet::new(),
            limit: None,
            spawned: 0,
            results: Vec::new(),
            failures: Vec::new(),
            cause: None,
        }
    }

    /// How many tasks there are at once, at most. Default: no limit.
    ///
    /// It bounds what the tasks hold while they run, such as memory, files, connections, against how many
    /// of them overlap. Results are kept until [`wait`](ErrGroup::wait) whatever the limit.
    pub fn limit(mut self, tasks: NonZeroUsize) -> Self {
        self.limit = Some(tasks);
        self
    }

    /// Starts a task; at the limit it waits until one has ended.
    ///
    /// `start` is called in the new task, with the token of the group. A task is told to stop through that
    /// token alone and may end as it likes: with a result that is kept, or with an error that is
    /// listed beside the cause.
    ///
    /// Returns the task's place in spawn order, counted from 0. Once it does, the task is accounted for
    /// in what [`wait`](ErrGroup::wait) returns.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the closure, if the group is cancelled, before or during the wait: by the
    /// caller's token, or because a task failed.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, no task was started and the closure is dropped with it. To keep it,
    /// use [`try_spawn`](ErrGroup::try_spawn).
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::err_group::ErrGroup;
    /// use selvedge_rt as rt;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let token = rt::sync::CancellationToken::new();
    /// let mut group = ErrGroup::<u64, ()>::new(&token).limit(NonZeroUsize::new(2).unwrap());
    /// for n in 0..5 {
    ///     let index = group.spawn(move |_| async move { Ok(n * n) }).await.unwrap();
    ///     assert_eq!(index as u64, n);
    /// }
    /// assert_eq!(group.wait().await, Ok(vec![0, 1, 4, 9, 16]));
    /// # });
    /// ```
    pub async fn spawn<F, Fut>(&mut self, start: F) -> Result<usize, Rejected<F>>
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        while self.is_full() {
            // An end first: where it is there, nobody has to wait for the token. A cancel that is there
            // as well is seen below.
            let ended = rt::select! {
                biased;
                ended = self.tasks.join_next() => ended.expect("a full group has tasks"),
                () = self.shared.token.cancelled() => return Err(Rejected { closure: start }),
            };
            self.note(ended);
        }
        if self.shared.token.is_cancelled() {
            return Err(Rejected { closure: start });
        }
        Ok(self.start(start))
    }

    /// Starts a task if the limit allows it now. As [`spawn`](ErrGroup::spawn) otherwise.
    ///
    /// # Errors
    ///
    /// [`TryRejected`], with the closure: `Full` at the limit, `Cancelled` if the group is cancelled.
    /// Where it is both, `Cancelled`.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::err_group::{ErrGroup, TryRejected};
    /// use selvedge_rt as rt;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let token = rt::sync::CancellationToken::new();
    /// let mut group = ErrGroup::<u64, ()>::new(&token).limit(NonZeroUsize::MIN);
    /// assert!(group.try_spawn(|_| async { Ok(1) }).is_ok());
    /// // This task has not yet let the first one run.
    /// let refused = group.try_spawn(|_| async { Ok(2) });
    /// assert!(matches!(refused, Err(TryRejected::Full(_))));
    /// assert_eq!(group.wait().await, Ok(vec![1]));
    /// # });
    /// ```
    pub fn try_spawn<F, Fut>(&mut self, start: F) -> Result<usize, TryRejected<F>>
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        if self.shared.token.is_cancelled() {
            return Err(TryRejected::Cancelled(start));
        }
        if self.is_full() {
            // One that has ended makes room for one.
            let Some(ended) = self.tasks.try_join_next() else {
                return Err(TryRejected::Full(start));
            };
            self.note(ended);
        }
        Ok(self.start(start))
    }

    /// Waits for every task, and gives the results in spawn order. Of no tasks, `Ok(vec![])`.
    ///
    /// When it returns, each task has ended and its future is dropped. It does not hurry them: after a
    /// failure it waits until each has seen the cancel and come to its end, so a task that never looks at
    /// its token holds it up. Put a deadline around it by dropping it, which aborts.
    ///
    /// When it returns the group's token is cancelled, so that what the tasks may have left behind with
    /// a clone of it ends too.
    ///
    /// # Errors
    ///
    /// [`GroupError`], with the cause and everything else that came out:
    ///
    /// * [`Cause::Failed`] if a task failed, by error or panic, while the group was not cancelled. With
    ///   several, the one whose failure was recorded first. A sibling that hears of a failure in another
    ///   way than through the token, such as a channel that the failed task drops, may be earlier.
    /// * [`Cause::Cancelled`] if the caller's token was cancelled before this has seen every task end,
    ///   even if each of them succeeded, because a task may answer a cancel with part of a result; and
    ///   even if there was none.
    ///
    /// # Panics
    ///
    /// If the runtime that ran the tasks was shut down, and a destructor panicked as it dropped them.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, the group is dropped: cancelled, its tasks aborted, their
    /// results lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::{End, err_group::ErrGroup};
    /// use selvedge_rt as rt;
    ///
    /// # tokio_test::block_on(async {
    /// let token = rt::sync::CancellationToken::new();
    /// let mut group = ErrGroup::<u64, String>::new(&token);
    /// group.spawn(|_| async { Ok(1) }).await.unwrap();
    /// group.spawn(|_| async { panic!("a panic is a failure") }).await.unwrap();
    ///
    /// let error = group.wait().await.unwrap_err();
    /// assert_eq!(error.end(), End::Panicked);
    /// assert_eq!(error.results, [(0, 1)]);
    /// assert_eq!(error.to_string(), "task 1 panicked: a panic is a failure");
    /// # });
    /// ```
    pub async fn wait(mut self) -> Result<Vec<T>, GroupError<T, E>> {
        while let Some(ended) = self.tasks.join_next().await {
            self.note(ended);
        }
        // Asked for once all have ended: a cancel while some had not may be why their results are
        // what they are. With a cause, it is known that the group is cancelled.
        let cancelled = self.cause.is_none() && self.shared.token.is_cancelled();
        drop(self.stop);

        self.results.sort_unstable_by_key(|(index, _)| *index);
        let cause = match self.cause {
            Some((task, failure)) => Cause::Failed { task, failure },
            // One without a result, and without failure or cancel, was dropped by its runtime.
            None if cancelled || self.results.len() < self.spawned => Cause::Cancelled,
            None => return Ok(self.results.into_iter().map(|(_, value)| value).collect()),
        };
        self.failures.sort_unstable_by_key(|(index, _)| *index);
        let mut silent = vec![true; self.spawned];
        for index in self.results.iter().map(|r| r.0).chain(self.failures.iter().map(|f| f.0)) {
            silent[index] = false;
        }
        if let Cause::Failed { task, .. } = cause {
            silent[task] = false;
        }
        let cancelled = (0..self.spawned).filter(|index| silent[*index]).collect();
        Err(GroupError { cause, results: self.results, failures: self.failures, cancelled })
    }

    /// Whether the limit is reached, as far as the ends that were noted tell.
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.tasks.len() >= limit.get())
    }

    fn start<F, Fut>(&mut self, start: F) -> usize
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        let index = self.spawned;
        self.tasks.spawn(task(self.shared.clone(), index, start));
        self.spawned += 1;
        index
    }

    /// Keeps what came of a task that has ended.
    fn note(&mut self, ended: Result<(usize, Ended<T, E>), JoinError>) {
        match ended {
            Ok((index, Ended::Done(value))) => self.results.push((index, value)),
            Ok((index, Ended::Failed(failure))) => self.failures.push((index, failure)),
            Ok((index, Ended::Caused(failure))) => self.cause = Some((index, failure)),
            // Known by what it did not leave.
            Ok((_, Ended::NotStarted)) => {}
            // A task catches its own panics, and nobody aborts one while the group lives: its runtime was
            // shut down. It is known in the same way, unless a destructor panicked.
            Err(error) => {
                if let Ok(payload) = error.try_into_panic() {
                    resume_unwind(payload);
                }
            }
        }
    }
}

impl<T, E> fmt::Debug for ErrGroup<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrGroup")
            .field("spawned", &self.spawned)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
