//! `select!` and `join!`, with the order in which branches are polled chosen by the engine.
//!
//! The expansions are made by `selvedge_macros`; everything public here but the macros is for them.

use super::engine::{self, Branch, Engine};
use futures_util::future::MaybeDone;
use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

#[doc(hidden)]
pub use selvedge_macros::{join as expand_join, select as expand_select};
#[doc(hidden)]
pub use std::{
    future::{Future, IntoFuture, poll_fn},
    panic,
    pin::pin,
    task::{Context, Poll, ready},
    unreachable,
};

/// Waits for the first of several futures and drops the rest. See `tokio::select!`.
///
/// Each poll starts at a branch that the engine chooses, and every choice is explored; `biased;`
/// starts at the first. With no engine running the choice is random.
#[macro_export]
macro_rules! select {
    ($($branches:tt)*) => { $crate::check::join::expand_select!($crate; $($branches)*) };
}

/// Waits for all of several futures. See `tokio::join!`.
///
/// The first poll starts at the first branch, each later one at a branch that the engine chooses;
/// with `biased;` all start at the first. With no engine running they start at each in turn.
#[macro_export]
macro_rules! join {
    ($($futures:tt)*) => { $crate::check::join::expand_join!($crate; $($futures)*) };
}

/// The branches that are not disabled: all in order, or in turn from one that is chosen.
#[doc(hidden)]
pub fn select_order<const N: usize>(
    disabled: &[bool; N],
    biased: bool,
) -> impl Iterator<Item = usize> + use<N> {
    rotated(disabled, move |n| if biased { 0 } else { choose(n) })
}

/// The same for the poll of a `join!` that comes after `polls` others.
#[doc(hidden)]
pub fn join_order<const N: usize>(
    disabled: &[bool; N],
    biased: bool,
    polls: usize,
) -> impl Iterator<Item = usize> + use<N> {
    rotated(disabled, move |n| match engine::current() {
        _ if biased || polls == 0 => 0,
        Some(engine) => engine.choose(n),
        None => polls % n,
    })
}

fn rotated<const N: usize, F: FnOnce(usize) -> usize>(
    disabled: &[bool; N],
    choose: F,
) -> impl Iterator<Item = usize> + use<N, F> {
    // Copied: branches become disabled while they are polled.
    let disabled = *disabled;
    let enabled = disabled.iter().filter(|off| !**off).count();
    let start = if enabled < 2 { 0 } else { choose(enabled) };
    let order = (0..N).filter(move |branch| !disabled[*branch]).cycle().skip(start).take(enabled);
    let told = engine::current().map(|engine| (engine.in_branch(Branch::default()), engine));
    Branches { order, start, told }
}

/// Branches in the order in which they are polled; tells the engine in which the task is.
struct Branches<I> {
    order: I,
    start: usize,
    /// The engine, and where the task was before.
    told: Option<(Branch, Rc<dyn Engine>)>,
}

impl<I: Iterator<Item = usize>> Iterator for Branches<I> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let branch = self.order.next()?;
        if let Some((outer, engine)) = &self.told {
            engine.in_branch(outer.inner(branch, self.start));
        }
        Some(branch)
    }
}

impl<I> Drop for Branches<I> {
    fn drop(&mut self) {
        if let Some((outer, engine)) = &self.told {
            engine.in_branch(*outer);
        }
    }
}

/// One of `0..n`.
fn choose(n: usize) -> usize {
    match engine::current() {
        Some(engine) => engine.choose(n),
        None => random(n),
    }
}

thread_local! {
    /// Not zero. Seeded by the operating system, as tokio's is.
    static RANDOM: Cell<u64> = Cell::new(RandomState::new().build_hasher().finish() | 1);
}

/// One of `0..n`, about equally often, by xorshift. Never under an engine.
fn random(n: usize) -> usize {
    let mut x = RANDOM.get();
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    RANDOM.set(x);
    ((x >> 33) % n as u64) as usize
}

/// A future that keeps its output once it is ready.
#[doc(hidden)]
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    futures_util::future::maybe_done(future.into_future())
}

/// Pending, to be polled again, where tokio's budget for this task is spent: its own futures would
/// be pending, and only the others could ever win.
#[doc(hidden)]
pub fn budget(cx: &mut Context<'_>) -> Poll<()> {
    if tokio::task::coop::has_budget_remaining() {
        return Poll::Ready(());
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
