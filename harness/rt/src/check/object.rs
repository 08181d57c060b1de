//! An object: the only door between code under test and an engine.

use super::engine::{self, Engine, Inspected, ObjectId, ObjectKind, Op, OpKind, Outcome, Site};
use std::rc::Rc;
use std::task::{Context, Poll};

/// What a wrapper holds beside its real primitive.
///
/// With no engine running when it was made, it has no id and every operation falls through.
#[derive(Clone, Copy, Debug)]
pub struct Object(Option<ObjectId>);

/// What an operation says beside its kind: see [`Op`].
#[derive(Clone, Copy, Debug, Default)]
pub struct With {
    /// See [`Op::arg`].
    pub arg: u64,
    /// See [`Op::future`].
    pub future: usize,
    /// See [`Op::value`].
    pub value: u64,
}

impl From<u64> for With {
    fn from(arg: u64) -> Self {
        With { arg, ..With::default() }
    }
}

impl With {
    fn op(self, object: ObjectId, kind: OpKind, site: Site) -> Op {
        let With { arg, future, value } = self;
        Op { object, kind, arg, future, value, site }
    }
}

impl Object {
    /// A new object of the running engine, if one runs.
    #[track_caller]
    pub fn new(kind: ObjectKind) -> Self {
        Self::new_at(kind, std::panic::Location::caller())
    }

    /// The same, made at `site`.
    pub fn new_at(kind: ObjectKind, site: Site) -> Self {
        Object(engine::current().map(|e| e.create(kind, site)))
    }

    /// An object with the given id.
    pub fn from_id(id: Option<ObjectId>) -> Self {
        Object(id)
    }

    /// Its id, if an engine knows it.
    pub fn id(&self) -> Option<ObjectId> {
        self.0
    }

    /// The engine to announce to, if one runs and knows this object.
    #[inline]
    pub fn engine(&self) -> Option<(Rc<dyn Engine>, ObjectId)> {
        Some((engine::current()?, self.0?))
    }

    /// Announces an operation that takes effect at once, then does it.
    #[inline]
    pub fn op<R>(
        &self,
        kind: OpKind,
        arg: u64,
        site: Site,
        real: impl FnOnce() -> R,
        outcome: impl FnOnce(&R) -> Outcome,
    ) -> R {
        self.op_with(kind, arg.into(), site, real, outcome)
    }

    /// The same, with more to say.
    #[inline]
    pub fn op_with<R>(
        &self,
        kind: OpKind,
        with: With,
        site: Site,
        real: impl FnOnce() -> R,
        outcome: impl FnOnce(&R) -> Outcome,
    ) -> R {
        let Some((engine, object)) = self.engine() else { return real() };
        let (mut job, mut done) = (Some((real, outcome)), None);
        engine.perform(with.op(object, kind, site), &mut || {
            let (real, outcome) = job.take().expect("an engine does an operation once");
            let result = real();
            let seen = outcome(&result);
            done = Some(result);
            seen
        });
        done.expect("an engine does every operation that is not a poll")
    }

    /// Announces an operation that always succeeds and tells the task nothing.
    #[inline]
    pub fn effect<R>(&self, kind: OpKind, arg: u64, site: Site, real: impl FnOnce() -> R) -> R {
        self.op(kind, arg, site, real, |_| Outcome::DONE)
    }

    /// The same, with more to say.
    #[inline]
    pub fn effect_with<R>(
        &self,
        kind: OpKind,
        with: With,
        site: Site,
        real: impl FnOnce() -> R,
    ) -> R {
        self.op_with(kind, with, site, real, |_| Outcome::DONE)
    }

    /// Announces a poll, then does it; pending where the engine no longer wants it.
    #[inline]
    pub fn poll<R>(
        &self,
        kind: OpKind,
        arg: u64,
        site: Site,
        cx: &mut Context<'_>,
        real: impl FnOnce(&mut Context<'_>) -> Poll<R>,
        outcome: impl FnOnce(&R) -> Outcome,
    ) -> Poll<R> {
        self.poll_with(kind, arg.into(), site, cx, real, outcome)
    }

    /// The same, with more to say.
    #[inline]
    pub fn poll_with<R>(
        &self,
        kind: OpKind,
        with: With,
        site: Site,
        cx: &mut Context<'_>,
        real: impl FnOnce(&mut Context<'_>) -> Poll<R>,
        outcome: impl FnOnce(&R) -> Outcome,
    ) -> Poll<R> {
        let Some((engine, object)) = self.engine() else { return real(cx) };
        let (mut job, mut done) = (Some((real, outcome)), Poll::Pending);
        engine.perform(with.op(object, kind, site), &mut || {
            let (real, outcome) = job.take().expect("an engine does an operation once");
            done = match engine.wrap_waker(cx.waker()) {
                Some(waker) => real(&mut Context::from_waker(&waker)),
                None => real(cx),
            };
            match &done {
                Poll::Ready(result) => outcome(result),
                Poll::Pending => Outcome::Pending,
            }
        });
        done
    }

    /// The identity of `value`, for [`Op::arg`] of a send or the outcome of a task. 0 with no engine.
    pub fn identity<T: ?Sized>(&self, value: &T) -> u64 {
        self.inspect(value).identity
    }

    /// What the engine can tell of `value`.
    pub fn inspect<T: ?Sized>(&self, value: &T) -> Inspected {
        match self.engine() {
            Some((engine, _)) => {
                engine.inspect(typeid::of::<T>(), size_of_val(value), (&raw const *value).cast())
            }
            None => Inspected { identity: 0, is_err: false },
        }
    }
}
