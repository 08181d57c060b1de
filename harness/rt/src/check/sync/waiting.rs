//! A real future whose polls, and whose drop while it waits, are operations.
//!
//! 1. It allocates nothing.
//! 2. Dropped after a pending poll and before it was ready, it does its `end` operation, with the real
//!    future dropped inside. One that was never polled holds no place in a queue and ends in silence,
//!    unless it [holds](Waiting::holding) something.

use crate::check::engine::{OpKind, Outcome, Site};
use crate::check::object::{Object, With};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

pin_project! {
    /// A real future, wrapped.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Waiting<F: Future> {
        // An `Option` so that it can be emptied in place, inside the operation that ends it.
        #[pin]
        real: Option<F>,
        object: Object,
        poll: OpKind,
        end: OpKind,
        arg: u64,
        value: u64,
        site: Site,
        outcome: fn(&F::Output) -> Outcome,
        // Whether a drop now is an operation.
        owes: bool,
        // Whether `register` already got what the poll would wait for: then it is no operation.
        got: bool,
    }

    impl<F: Future> PinnedDrop for Waiting<F> {
        fn drop(this: Pin<&mut Self>) {
            let future = address(&this);
            let mut this = this.project();
            if *this.owes {
                let with = With { arg: *this.arg, future, value: *this.value };
                this.object.effect_with(*this.end, with, this.site, || this.real.set(None));
            }
        }
    }
}

impl<F: Future> Waiting<F> {
    /// Wraps `real`: each poll is a `poll` operation on `object`, a drop while waiting an `end`, both
    /// with `arg`.
    pub(crate) fn new(
        object: Object,
        (poll, end): (OpKind, OpKind),
        arg: u64,
        site: Site,
        real: F,
        outcome: fn(&F::Output) -> Outcome,
    ) -> Self {
        Waiting {
            real: Some(real),
            object,
            poll,
            end,
            arg,
            value: 0,
            site,
            outcome,
            owes: false,
            got: false,
        }
    }

    /// Makes each operation say `value`, too.
    pub(crate) fn saying(mut self, value: u64) -> Self {
        self.value = value;
        self
    }

    /// Makes the drop an operation even before the first poll: the future holds a value.
    pub(crate) fn holding(mut self) -> Self {
        self.owes = true;
        self
    }

    /// Takes a place in the queue with no waker, as `Notified::enable` does: a `poll` operation with
    /// argument 1, [done](Outcome::DONE) where there was nothing to wait for, else
    /// [busy](Outcome::BUSY), because unlike a pending poll it tells the task so.
    pub(crate) fn register(self: Pin<&mut Self>, real: impl FnOnce(Pin<&mut F>) -> bool) -> bool {
        let address = address(&self);
        let this = self.project();
        let future = this.real.as_pin_mut().expect("emptied only by the drop");
        if *this.got {
            return real(future);
        }
        let cx = &mut Context::from_waker(Waker::noop());
        let real = |_: &mut Context<'_>| Poll::Ready(real(future));
        let told = |got: &bool| if *got { Outcome::DONE } else { Outcome::BUSY };
        let with = With { arg: 1, future: address, value: *this.value };
        let got = this.object.poll_with(*this.poll, with, this.site, cx, real, told);
        *this.got = got == Poll::Ready(true);
        *this.owes = !*this.got;
        *this.got
    }
}

impl<F: Future> Future for Waiting<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let future = address(&self);
        let mut this = self.project();
        let mut poll = |cx: &mut Context<'_>| {
            let real = this.real.as_mut().as_pin_mut().expect("not polled after it was ready");
            let result = real.poll(cx);
            // What a future that was woken, and got its way without that, hands on when it goes is
            // part of the operation.
            if result.is_ready() {
                this.real.set(None);
            }
            result
        };
        if *this.got {
            return poll(cx);
        }
        let result = this.object.poll_with(
            *this.poll,
            With { arg: *this.arg, future, value: *this.value },
            this.site,
            cx,
            poll,
            *this.outcome,
        );
        *this.owes = result.is_pending();
        result
    }
}

/// Where a future lies: it is pinned once it waits, so nothing else lies there meanwhile.
fn address<F: Future>(waiting: &Pin<&mut Waiting<F>>) -> usize {
    (&raw const **waiting).addr()
}
