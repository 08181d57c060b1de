//! Tasks under labels: joined, aborted, and listed under how each ended.
//!
//! 1. A task that was started is in the [`Account`] once, or among the [`leaked`](Crew::leaked).
//! 2. Its label is known however it ends: an abort gives an error that does not say whose it is, so
//!    a label stays here until its task tells its own end.
//! 3. A panic is data, in the task's future and in the destructor that an abort runs.

use super::report::{Account, BoxError, TaskOutput};
use crate::panic;
use rt::blocking::{Mutex, PoisonError};
use rt::task::{AbortHandle, JoinError, JoinSet};
use selvedge_rt as rt;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Tasks that run, and the account of those that have ended.
pub(super) struct Crew<L> {
    tasks: JoinSet<Ended>,
    live: BTreeMap<u64, (L, AbortHandle)>,
    started: u64,
    last_words: LastWords,
    pub(super) account: Account<L>,
}

/// A task that came to its own end.
struct Ended {
    task: u64,
    outcome: Outcome,
}

/// How.
enum Outcome {
    Returned,
    Failed(BoxError),
    Panicked(String),
}

/// Panics of destructors that an abort ran: which task's, and what it said.
type LastWords = Arc<Mutex<Vec<(u64, String)>>>;

impl<L> Crew<L> {
    pub(super) fn new() -> Self {
        Crew {
            tasks: JoinSet::new(),
            live: BTreeMap::new(),
            started: 0,
            last_words: Arc::default(),
            account: Account::default(),
        }
    }

    /// How many tasks have started and were not joined.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Starts a task.
    pub(super) fn spawn<F>(&mut self, label: L, future: F)
    where
        F: Future + Send + 'static,
        F::Output: TaskOutput,
    {
        let task = self.started;
        let last_words = self.last_words.clone();
        let work = Work { task, future: Some(Box::pin(future)), last_words };
        let abort = self.tasks.spawn(work);
        self.started += 1;
        self.live.insert(task, (label, abort));
    }

    /// Books the tasks that have ended by now, so that they take no memory.
    pub(super) fn reap(&mut self) {
        while !self.tasks.is_empty()
            && let Some(ended) = self.tasks.try_join_next()
        {
            self.book(ended);
        }
    }

    /// Waits for one task to end, and books it; `false` where none is left.
    ///
    /// Cancel safe: dropped early, no task was taken.
    pub(super) async fn join_next(&mut self) -> bool {
        let next = self.tasks.join_next().await;
        next.map(|ended| self.book(ended)).is_some()
    }

    fn book(&mut self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok(Ended { task, outcome }) => self.list(task, outcome),
            Err(error) if error.is_panic() => {
                let words = std::mem::take(
                    &mut *self.last_words.lock().unwrap_or_else(PoisonError::into_inner),
                );
                for (task, message) in words {
                    self.list(task, Outcome::Panicked(message));
                }
            }
            // Aborted: which, is known when all are joined. Nobody but us has the handle.
            Err(_) => {}
        }
    }

    /// A task that is not live any more was listed as leaked: once is enough.
    fn list(&mut self, task: u64, outcome: Outcome) {
        let Some((label, _)) = self.live.remove(&task) else { return };
        match outcome {
            Outcome::Returned => self.account.drained += 1,
            Outcome::Failed(error) => self.account.failed.push((label, error)),
            Outcome::Panicked(message) => self.account.panicked.push((label, message)),
        }
    }

    /// Asks every task to end at its next await.
    pub(super) fn abort(&mut self) {
        self.tasks.abort_all();
    }

    /// After an abort and a wait: the tasks that run on all the same. They are let go.
    pub(super) fn leaked(&mut self) -> Vec<L> {
        let leaked: Vec<u64> = self
            .live
            .iter()
            .filter(|(_, (_, abort))| !abort.is_finished())
            .map(|(task, _)| *task)
            .collect();
        let leaked = leaked.into_iter().filter_map(|task| self.live.remove(&task));
        let labels = leaked.map(|(label, _)| label).collect();
        // Those that ended meanwhile can still say how.
        self.reap();
        labels
    }

    /// The account, when no task is left but those that leaked.
    pub(super) fn settle(&mut self) -> Account<L> {
        let mut account = std::mem::take(&mut self.account);
        let aborted = std::mem::take(&mut self.live).into_values();
        account.aborted.extend(aborted.map(|(label, _)| label));
        account
    }
}

/// The future of one task.
struct Work<F: Future> {
    task: u64,
    /// On the heap, so that it can be dropped where a panic is caught.
    future: Option<Pin<Box<F>>>,
    last_words: LastWords,
}

impl<F> Future for Work<F>
where
    F: Future,
    F::Output: TaskOutput,
{
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let me = &mut *self;
        let mut future = me.future.take().expect("a task is not polled after its end");
        // Unwind safe: after a panic the future is only dropped.
        let polled = catch_unwind(AssertUnwindSafe(|| match future.as_mut().poll(cx) {
            Poll::Pending => Err(future),
            Poll::Ready(output) => {
                drop(future);
                Ok(output.error())
            }
        }));
        let outcome = match polled {
            Ok(Err(future)) => {
                me.future = Some(future);
                return Poll::Pending;
            }
            Ok(Ok(error)) => error.map_or(Outcome::Returned, Outcome::Failed),
            Err(payload) => Outcome::Panicked(panic::message(payload)),
        };
        Poll::Ready(Ended { task: me.task, outcome })
    }
}

impl<F: Future> Drop for Work<F> {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(future))) else { return };
        let text = panic::text(&*payload);
        let mut words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        words.push((self.task, text));
        drop(words);
        // Goes on, so that whoever joins the task knows that there is something to read.
        resume_unwind(payload);
    }
}
