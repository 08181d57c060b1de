//! What the result of a real operation tells the task: its [`Outcome`].

use crate::check::engine::Outcome;

/// Done, or refused because closed.
pub(crate) fn or_closed<T, E>(result: &Result<T, E>) -> Outcome {
    if result.is_ok() { Outcome::DONE } else { Outcome::CLOSED }
}

/// Done, or refused for now.
pub(crate) fn or_busy<T, E>(result: &Result<T, E>) -> Outcome {
    if result.is_ok() { Outcome::DONE } else { Outcome::BUSY }
}

/// An item, or the end.
pub(crate) fn item<T>(item: &Option<T>) -> Outcome {
    if item.is_some() { Outcome::DONE } else { Outcome::CLOSED }
}

/// A look that tells yes or no.
pub(crate) fn flag(flag: &bool) -> Outcome {
    Outcome::Done(u64::from(*flag))
}

/// A look that tells a number.
pub(crate) fn count(count: &usize) -> Outcome {
    Outcome::Done(*count as u64)
}

/// Done, and nothing to tell.
pub(crate) fn done<T>(_: &T) -> Outcome {
    Outcome::DONE
}
