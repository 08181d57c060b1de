//! Numbers of tasks: from the engine the same on every schedule, where tokio counts all tasks of a process.
//!
//! To ask for one is to look at which task it is: of the members of a set that ended with equal outputs, too.

use crate::check::engine::{self, TaskId};
use std::fmt;

/// Tells a task from every other that runs. See `tokio::task::Id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(Repr);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Real(tokio::task::Id),
    Engine(u64),
}

impl Id {
    pub(super) fn real(id: tokio::task::Id) -> Self {
        Id(Repr::Real(id))
    }

    /// Of a task of the running engine, or of the running task; `None` where no engine runs it, or it is
    /// the root, which is no task.
    pub(super) fn engine(task: Option<TaskId>) -> Option<Self> {
        engine::current().and_then(|engine| engine.number(task)).map(|n| Id(Repr::Engine(n)))
    }

    /// The same, of a task that a handle is for.
    pub(super) fn of(task: Option<TaskId>) -> Self {
        task.and_then(|task| Id::engine(Some(task))).expect("the engine of this task runs no more")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Real(id) => id.fmt(f),
            Repr::Engine(number) => write!(f, "{number:x}"),
        }
    }
}

/// The id of the running task. See `tokio::task::id`.
///
/// # Panics
///
/// Panics outside of a task; in the root of a scenario, too.
#[track_caller]
pub fn id() -> Id {
    try_id().expect("called outside of a task, or in the root of a scenario")
}

/// The id of the running task; `None` outside of one. See `tokio::task::try_id`.
pub fn try_id() -> Option<Id> {
    match engine::current() {
        Some(_) => Id::engine(None),
        None => tokio::task::try_id().map(Id::real),
    }
}
