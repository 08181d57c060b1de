//! A cell whose accesses must not overlap.
//!
//! 1. [`with`](UnsafeCell::with) is a `Load`, [`with_mut`](UnsafeCell::with_mut) an `Rmw`, then a `Wrote` with
//!    the identity of what it left.
//! 2. Where the engine has a memory model, a [`RaceCell`] of it says whether an access is ordered with all
//!    before it. Else the engine sees who else is about to access the cell.

use super::engine::{ObjectKind, OpKind, Outcome, RaceCell};
use super::object::Object;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location};

/// A cell for shared results that code with proofs of its own guards: with a flag, a count, a channel.
///
/// Two accesses that nothing orders, one of them a write, are a race: see `Law::ResultRace`. As std's cell it
/// is not `Sync`: the type around it says so, in an `unsafe impl`.
pub struct UnsafeCell<T: ?Sized> {
    object: Object,
    /// The engine's, where it has one. Unwind safe: a search that is unwound is over.
    race: Option<AssertUnwindSafe<Box<dyn RaceCell>>>,
    real: std::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    /// A cell with this value. Not `const`: in a `static` it would be state that outlives an execution.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let object = Object::new(ObjectKind::Cell);
        let race = object.engine().and_then(|(engine, _)| engine.race_cell());
        let race = race.map(AssertUnwindSafe);
        UnsafeCell { object, race, real: std::cell::UnsafeCell::new(value) }
    }

    /// The value. Nobody else has the cell: no operation.
    pub fn into_inner(self) -> T {
        self.real.into_inner()
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Reads: nobody may write while `f` runs. It is one operation: `f` must do none of its own.
    #[track_caller]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        let site = Location::caller();
        let ordered = || self.race.as_ref().is_none_or(|race| race.read());
        let read = || (ordered(), f(self.real.get()));
        self.object.op(OpKind::Load, 0, site, read, |(ordered, _)| outcome(*ordered)).1
    }

    /// Writes: nobody else may read or write while `f` runs. It is one operation: `f` must do none of its own.
    #[track_caller]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        let site = Location::caller();
        let ordered = || self.race.as_ref().is_none_or(|race| race.write());
        let write = || (ordered(), f(self.real.get()));
        let (_, result) =
            self.object.op(OpKind::Rmw, 0, site, write, |(ordered, _)| outcome(*ordered));
        if self.object.engine().is_some() {
            // SAFETY: an engine runs tasks one at a time, and none between an operation and the next, so
            // nobody writes while this looks. A pointer that `f` kept is not used meanwhile.
            let left = self.object.identity(unsafe { &*self.real.get() });
            self.object.effect(OpKind::Wrote, left, site, || ());
        }
        result
    }

    /// The value. Nobody else has the cell: no operation.
    pub fn get_mut(&mut self) -> &mut T {
        self.real.get_mut()
    }
}

fn outcome(ordered: bool) -> Outcome {
    if ordered { Outcome::DONE } else { Outcome::RACED }
}

impl<T: Default> Default for UnsafeCell<T> {
    #[track_caller]
    fn default() -> Self {
        UnsafeCell::new(T::default())
    }
}

impl<T> From<T> for UnsafeCell<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        UnsafeCell::new(value)
    }
}

impl<T: ?Sized> fmt::Debug for UnsafeCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsafeCell").finish_non_exhaustive()
    }
}
