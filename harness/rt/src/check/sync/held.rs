//! A real handle whose end is an operation: an endpoint, a permit, a guard.
//!
//! 1. The real handle is dropped *inside* the operation, so that the engine decides when.
//! 2. Where the engine stops the execution instead, the real handle is dropped while unwinding.

use crate::check::engine::{OpKind, Site};
use crate::check::object::{Object, With};
use std::ops::{Deref, DerefMut};

/// A real handle, and the operation that its drop is.
pub(crate) struct Held<R> {
    /// `None` only between `into_real` or `drop` and the end of it.
    real: Option<R>,
    /// What the operations are done on.
    pub(crate) object: Object,
    /// Where the handle was made: a drop has no caller to name.
    pub(crate) site: Site,
    /// The argument of the last operation.
    pub(crate) arg: u64,
    end: OpKind,
    wrote: bool,
    /// The identity of the value that is left behind.
    leaves: fn(&R, &Object) -> u64,
}

impl<R> Held<R> {
    /// Holds `real`, whose drop is `end` with `arg`.
    pub(crate) fn new(real: R, object: Object, end: OpKind, arg: u64, site: Site) -> Self {
        Held { real: Some(real), object, site, arg, end, wrote: false, leaves: |_, _| 0 }
    }

    /// Makes the last operation say which value is left behind: what the next holder finds.
    pub(crate) fn leaving(mut self, leaves: fn(&R, &Object) -> u64) -> Self {
        self.leaves = leaves;
        self
    }

    /// The same kind of handle on the same object: a clone.
    pub(crate) fn sibling(&self, real: R, site: Site) -> Self {
        Held::new(real, self.object, self.end, self.arg, site)
    }

    /// A clone of the real handle, as the operation `kind`.
    pub(crate) fn cloned(&self, kind: OpKind, site: Site) -> Self
    where
        R: Clone,
    {
        let real = self.object.effect(kind, 0, site, || R::clone(self));
        self.sibling(real, site)
    }

    /// The value behind the handle may change from here on. Said once.
    pub(crate) fn written(&mut self) {
        if !std::mem::replace(&mut self.wrote, true) {
            self.object.effect(OpKind::Wrote, 0, self.site, || ());
        }
    }

    /// Puts what `f` makes of the real handle in its place; the end stays the same operation. Where `f`
    /// panics, that is the end.
    pub(crate) fn map<M>(self, f: impl FnOnce(R) -> M) -> Held<M> {
        let mapped = self.try_map(|real| Ok(f(real)));
        mapped.unwrap_or_else(|_| unreachable!("it was mapped"))
    }

    /// The same, where `f` may give the real handle back. What the new one leaves behind is [unknown](part).
    pub(crate) fn try_map<M>(
        mut self,
        f: impl FnOnce(R) -> Result<M, R>,
    ) -> Result<Held<M>, Held<R>> {
        let real = self.real.take().expect("a held handle is there until it ends");
        let Held { object, site, arg, end, wrote, leaves, .. } = self;
        let unfinished = Unfinished { object, site, arg, end };
        let mapped = f(real);
        std::mem::forget(unfinished);
        match mapped {
            Ok(real) => Ok(Held { real: Some(real), object, site, arg, end, wrote, leaves: part }),
            Err(real) => Err(Held { real: Some(real), object, site, arg, end, wrote, leaves }),
        }
    }

    /// Takes the real handle out; no operation marks the end of this one.
    pub(crate) fn into_real(mut self) -> R {
        self.real.take().expect("a held handle is there until it ends")
    }
}

/// What is left behind by a handle that sees only a part of it: told by what the task had observed.
fn part<R>(_: &R, object: &Object) -> u64 {
    struct Part(
        #[expect(dead_code, reason = "a value with content, of a type nobody can name")] u8,
    );
    object.identity(&Part(0))
}

/// A handle that goes while its real one is being mapped: what is left to do is to say so.
struct Unfinished {
    object: Object,
    site: Site,
    arg: u64,
    end: OpKind,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let with = With { arg: self.arg, value: part(&(), &self.object), future: 0 };
        self.object.effect_with(self.end, with, self.site, || ());
    }
}

impl<R> Deref for Held<R> {
    type Target = R;

    #[inline]
    fn deref(&self) -> &R {
        self.real.as_ref().expect("a held handle is there until it ends")
    }
}

impl<R> DerefMut for Held<R> {
    #[inline]
    fn deref_mut(&mut self) -> &mut R {
        self.real.as_mut().expect("a held handle is there until it ends")
    }
}

impl<R> Drop for Held<R> {
    fn drop(&mut self) {
        if let Some(real) = self.real.take() {
            let value = (self.leaves)(&real, &self.object);
            let with = With { arg: self.arg, value, future: 0 };
            self.object.effect_with(self.end, with, self.site, move || drop(real));
        }
    }
}
