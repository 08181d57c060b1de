//! One task of a group: run, and where it fails first, say so and cancel the rest.
//!
//! A task that goes well does one operation besides its own: it looks at the token as it starts.

use super::error::Failure;
use crate::panic::Caught;
use futures_util::FutureExt;
use futures_util::future::{OptionFuture, lazy};
use pin_project_lite::pin_project;
use rt::sync::CancellationToken;
use rt::sync::atomic::{AtomicBool, Ordering};
use selvedge_rt as rt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// How a task ended.
///
/// Public, and hidden, for model checkers: its `Hash` says all that there is to know of an end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ended<T, E> {
    /// With a result.
    Done(T),
    /// With the failure that is the cause.
    Caused(Failure<E>),
    /// With a failure that is not.
    Failed(Failure<E>),
    /// Before it started: it saw a cancel.
    NotStarted,
}

/// What the tasks of a group share.
pub(super) struct Shared {
    pub(super) token: CancellationToken,
    /// Whether some task has the cause.
    caused: AtomicBool,
}

impl Shared {
    pub(super) fn new(token: CancellationToken) -> Arc<Self> {
        Arc::new(Shared { token, caused: AtomicBool::new(false) })
    }

    /// Records a failure, and cancels the group if it is the cause.
    fn failed<T, E>(&self, failure: Failure<E>) -> Ended<T, E> {
        // The look comes first: an error that a cancel led to was returned after that cancel, so the
        // look sees it, also where it is the caller's and nobody claims the cause.
        //
        // The claim comes before the cancel: the other way round a sibling reacts to the cancel and
        // claims before this task does. Relaxed, because only one can claim, and nothing else is read
        // by whoever could not: the cause itself travels as this task's output.
        if self.token.is_cancelled() || self.caused.swap(true, Ordering::Relaxed) {
            return Ended::Failed(failure);
        }
        self.token.cancel();
        Ended::Caused(failure)
    }
}

pin_project! {
    /// The future of one task. Its output is the index too, so that the owner knows which has ended.
    pub(super) struct Task<W> {
        #[pin]
        work: Caught<W>,
        shared: Arc<Shared>,
        index: usize,
    }
}

/// One task, from its start to its end.
pub(super) fn task<T, E, F, Fut>(
    shared: Arc<Shared>,
    index: usize,
    start: F,
) -> Task<impl Future<Output = Option<Result<T, E>>>>
where
    F: FnOnce(CancellationToken) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let token = shared.token.clone();
    // All that is the caller's is called, polled and dropped inside this: a panic in any of it is the
    // task's. Not an `async` block, which keeps room for the closure beside the future that it makes.
    let start = lazy(move |_| {
        // Also here, and not only in `spawn`: many tasks may be spawned before the first of them runs.
        let starts = !token.is_cancelled();
        OptionFuture::from(starts.then(|| start(token)))
    });
    let work = Caught::new(start.flatten());
    Task { work, shared, index }
}

impl<T, E, W> Future for Task<W>
where
    W: Future<Output = Option<Result<T, E>>>,
{
    type Output = (usize, Ended<T, E>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let ended = match ready!(this.work.poll(cx)) {
            Ok(Some(Ok(value))) => Ended::Done(value),
            Ok(Some(Err(error))) => this.shared.failed(Failure::Error(error)),
            Ok(None) => Ended::NotStarted,
            Err(message) => this.shared.failed(Failure::Panic(message)),
        };
        Poll::Ready((*this.index, ended))
    }
}
