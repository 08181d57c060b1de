//! Fibers: the stacks on which polls run, so that an operation deep inside a poll can be suspended.
//!
//! A task needs a fiber only while it is being polled; between polls its future lies on the heap. So
//! a few fibers, kept for the whole search, serve any number of tasks.

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use selvedge_rt::check::engine::Body;
use std::cell::Cell;
use std::task::{Context, Poll, Waker};

/// What a fiber is resumed with.
pub(crate) enum Resume {
    /// A new job.
    Start(Job),
    /// Go on with the operation that was announced.
    Go,
}

/// One poll of a body, or its cancellation.
pub(crate) struct Job {
    pub body: *mut dyn Body,
    pub waker: Waker,
    pub cancel: bool,
}

/// Why a fiber came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// An operation was announced.
    Announced,
    /// The poll is over.
    Polled(Poll<()>),
}

pub(crate) struct Fiber(Coroutine<Resume, Signal, (), DefaultStack>);

thread_local! {
    static YIELDER: Cell<*const Yielder<Resume, Signal>> = const { Cell::new(std::ptr::null()) };
}

impl Fiber {
    pub fn new(stack_bytes: usize) -> Self {
        let stack = DefaultStack::new(stack_bytes).expect("memory for a fiber's stack");
        Fiber(Coroutine::with_stack(stack, |yielder, first| {
            let mut next = first;
            loop {
                let Resume::Start(job) = next else {
                    unreachable!("an idle fiber is given a job");
                };
                YIELDER.set(yielder);
                let polled = run(&job);
                drop(job);
                next = yielder.suspend(Signal::Polled(polled));
            }
        }))
    }

    pub fn resume(&mut self, with: Resume) -> Signal {
        match self.0.resume(with) {
            CoroutineResult::Yield(signal) => signal,
            CoroutineResult::Return(()) => unreachable!("a fiber never returns"),
        }
    }
}

fn run(job: &Job) -> Poll<()> {
    // SAFETY: the execution owns the box behind `body`, keeps it in place while a fiber runs it, and
    // runs it in one fiber at a time (`Exec::resume`).
    let body = unsafe { &mut *job.body };
    if job.cancel {
        body.cancel();
        return Poll::Ready(());
    }
    body.poll(&mut Context::from_waker(&job.waker))
}

/// Suspends the running fiber at an operation, until it is resumed with [`Resume::Go`].
pub(crate) fn suspend() {
    let yielder = YIELDER.get();
    // SAFETY: the pointer was set by the fiber that now runs, either when its job started or below,
    // after its last suspension; a yielder lives as long as its coroutine, which is running.
    let with = unsafe { (*yielder).suspend(Signal::Announced) };
    YIELDER.set(yielder);
    debug_assert!(matches!(with, Resume::Go));
}
