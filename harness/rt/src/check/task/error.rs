//! Why a task has no output: the check build's own `JoinError`, since tokio's cannot be made by hand.

use super::Id;
use crate::check::engine::{Outcome, Stopped, TaskId};
use std::any::Any;
use std::sync::{Mutex, PoisonError};
use std::{fmt, io};

/// A task did not run to its end: it panicked or was aborted. See `tokio::task::JoinError`.
pub struct JoinError(Repr);

enum Repr {
    Real(tokio::task::JoinError),
    Panicked {
        task: Option<TaskId>,
        /// What the payload says, where it is a string.
        message: Option<String>,
        /// A payload is `Send` but not `Sync`; the error must be both.
        payload: Mutex<Box<dyn Any + Send>>,
    },
    Cancelled {
        task: Option<TaskId>,
    },
}

impl JoinError {
    /// What a task of a running engine ended with when it unwound. [`Stopped`] is no panic of the
    /// code under test: the task was cut short.
    pub(super) fn unwound(task: Option<TaskId>, payload: Box<dyn Any + Send>) -> Self {
        if payload.is::<Stopped>() {
            return Self::cancelled(task);
        }
        let message = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&'static str>().map(|s| s.to_string()));
        JoinError(Repr::Panicked { task, message, payload: Mutex::new(payload) })
    }

    /// The error of a task that was aborted.
    pub(super) fn cancelled(task: Option<TaskId>) -> Self {
        JoinError(Repr::Cancelled { task })
    }

    /// How an engine notes this end.
    pub(super) fn outcome(&self) -> Outcome {
        if self.is_panic() { Outcome::PANICKED } else { Outcome::ABORTED }
    }

    /// The task's id.
    ///
    /// # Panics
    ///
    /// Panics where the error outlives the engine of its task.
    pub fn id(&self) -> Id {
        match &self.0 {
            Repr::Real(e) => Id::real(e.id()),
            Repr::Panicked { task, .. } | Repr::Cancelled { task } => Id::of(*task),
        }
    }

    /// Whether the task was aborted.
    pub fn is_cancelled(&self) -> bool {
        match &self.0 {
            Repr::Real(e) => e.is_cancelled(),
            Repr::Panicked { .. } => false,
            Repr::Cancelled { .. } => true,
        }
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        match &self.0 {
            Repr::Real(e) => e.is_panic(),
            Repr::Panicked { .. } => true,
            Repr::Cancelled { .. } => false,
        }
    }

    /// The payload with which the task panicked.
    ///
    /// # Panics
    ///
    /// Panics where the task did not panic.
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.try_into_panic().expect("the task of this `JoinError` did not panic")
    }

    /// The payload with which the task panicked.
    ///
    /// # Errors
    ///
    /// Gives the error back where the task did not panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, JoinError> {
        match self.0 {
            Repr::Real(e) => e.try_into_panic().map_err(Self::from),
            Repr::Panicked { payload, .. } => {
                Ok(payload.into_inner().unwrap_or_else(PoisonError::into_inner))
            }
            repr @ Repr::Cancelled { .. } => Err(JoinError(repr)),
        }
    }
}

impl From<tokio::task::JoinError> for JoinError {
    fn from(e: tokio::task::JoinError) -> Self {
        JoinError(Repr::Real(e))
    }
}

/// A task's number, or nothing where no engine runs it any more.
struct Number(Option<TaskId>);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.and_then(|task| Id::engine(Some(task))) {
            Some(id) => write!(f, "task {id}"),
            None => f.write_str("task"),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Real(e) => e.fmt(f),
            Repr::Cancelled { task } => write!(f, "{} was cancelled", Number(*task)),
            Repr::Panicked { task, message: Some(message), .. } => {
                write!(f, "{} panicked with message {message:?}", Number(*task))
            }
            Repr::Panicked { task, message: None, .. } => write!(f, "{} panicked", Number(*task)),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Real(e) => e.fmt(f),
            Repr::Cancelled { task } => write!(f, "JoinError::Cancelled({})", Number(*task)),
            Repr::Panicked { task, message: Some(message), .. } => {
                write!(f, "JoinError::Panic({}, {message:?}, ...)", Number(*task))
            }
            Repr::Panicked { task, message: None, .. } => {
                write!(f, "JoinError::Panic({}, ...)", Number(*task))
            }
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for io::Error {
    fn from(e: JoinError) -> Self {
        io::Error::other(if e.is_panic() { "task panicked" } else { "task was cancelled" })
    }
}
