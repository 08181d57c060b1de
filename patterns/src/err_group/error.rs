//! How a group fails, and what it gives back.

use crate::End;
use std::error::Error;
use std::fmt;

/// How one task failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Failure<E> {
    /// It returned this error.
    Error(E),
    /// It panicked, with this message.
    Panic(String),
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Error(error) => error.fmt(f),
            Failure::Panic(message) => write!(f, "panicked: {message}"),
        }
    }
}

/// Why a group did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cause<E> {
    /// A task failed, and was the first to.
    Failed {
        /// Which: its place in spawn order.
        task: usize,
        /// How.
        failure: Failure<E>,
    },
    /// The caller's token was cancelled before every task had ended.
    Cancelled,
}

/// What came out of a group that did not succeed. From [`ErrGroup::wait`](super::ErrGroup::wait).
///
/// Every task that was spawned is in exactly one of the four fields. Tasks are named by their place in
/// spawn order, and each list is in that order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupError<T, E> {
    /// Why.
    pub cause: Cause<E>,
    /// Results of the tasks that succeeded.
    pub results: Vec<(usize, T)>,
    /// Failures that are not the cause: reactions to the cancel, mostly.
    pub failures: Vec<(usize, Failure<E>)>,
    /// Tasks without result or failure: they saw the cancel before they started, or their runtime
    /// was shut down.
    pub cancelled: Vec<usize>,
}

impl<T, E> GroupError<T, E> {
    /// The cause in the words that all patterns share; never [`End::Complete`].
    pub fn end(&self) -> End {
        match &self.cause {
            Cause::Failed { failure: Failure::Error(_), .. } => End::Failed,
            Cause::Failed { failure: Failure::Panic(_), .. } => End::Panicked,
            Cause::Cancelled => End::Cancelled,
        }
    }

    /// How many tasks were spawned: each succeeded, failed or was cancelled.
    pub fn spawned(&self) -> usize {
        let cause = matches!(self.cause, Cause::Failed { .. }) as usize;
        self.results.len() + self.failures.len() + self.cancelled.len() + cause
    }
}

impl<T, E: fmt::Display> fmt::Display for GroupError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Failed { task, failure: Failure::Error(_) } => write!(f, "task {task} failed"),
            Cause::Failed { task, failure } => write!(f, "task {task} {failure}"),
            Cause::Cancelled => f.write_str("the group was cancelled"),
        }
    }
}

// By hand: the source is the error of the cause, which is one of its variants only.
impl<T: fmt::Debug, E: Error + 'static> Error for GroupError<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Failed { failure: Failure::Error(error), .. } => Some(error),
            _ => None,
        }
    }
}

/// A closure that [`ErrGroup::spawn`](super::ErrGroup::spawn) gives back: the group is cancelled.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the group is cancelled")]
pub struct Rejected<F> {
    pub(super) closure: F,
}

impl<F> Rejected<F> {
    /// The closure.
    pub fn into_closure(self) -> F {
        self.closure
    }
}

// By hand, because no closure is `Debug`.
impl<F> fmt::Debug for Rejected<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rejected(..)")
    }
}

/// A closure that [`ErrGroup::try_spawn`](super::ErrGroup::try_spawn) gives back.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum TryRejected<F> {
    /// As many tasks run as the limit allows.
    #[error("the group is at its limit")]
    Full(F),
    /// The group is cancelled.
    #[error("the group is cancelled")]
    Cancelled(F),
}

impl<F> TryRejected<F> {
    /// The closure.
    pub fn into_closure(self) -> F {
        match self {
            TryRejected::Full(closure) | TryRejected::Cancelled(closure) => closure,
        }
    }
}

impl<F> fmt::Debug for TryRejected<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRejected::Full(_) => "Full(..)",
            TryRejected::Cancelled(_) => "Cancelled(..)",
        })
    }
}
