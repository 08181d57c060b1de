//! `CancellationToken`: the real tree of tokio-util, wrapped.
//!
//! 1. A whole tree is one object; operations carry the node as their argument.
//! 2. The root is node 0. A child's number is a hash of its parent's and of how many children the parent
//!    had before: it depends on nothing that other nodes do, so it is the same in every schedule.
//! 3. Dropping a handle is no operation, and dropping a future that waits is a silent one: neither changes
//!    anything that a task can see.

use super::held::Held;
use super::seen;
use super::waiting::Waiting;
use crate::check::engine::{ObjectKind, OpKind, Site};
use crate::check::object::Object;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use tokio_util::sync as real;

/// Where a token stands in its tree. Shared by the clones of the token.
struct Node {
    tree: Object,
    id: u32,
    children: AtomicU32,
}

impl Node {
    fn root(site: Site) -> Arc<Self> {
        let tree = Object::new_at(ObjectKind::Token, site);
        Arc::new(Node { tree, id: 0, children: AtomicU32::new(0) })
    }

    fn child(&self) -> Arc<Self> {
        let ordinal = self.children.fetch_add(1, Ordering::Relaxed);
        Arc::new(Node { tree: self.tree, id: child_id(self.id, ordinal), children: 0.into() })
    }

    fn arg(&self) -> u64 {
        u64::from(self.id)
    }

    fn cancel(&self, site: Site, real: impl FnOnce()) {
        self.tree.effect(OpKind::Cancel, self.arg(), site, real);
    }

    fn wait<F: Future<Output = ()>>(&self, real: F, site: Site) -> Waiting<F> {
        let kinds = (OpKind::Cancelled, OpKind::DropCancelled);
        Waiting::new(self.tree, kinds, self.arg(), site, real, seen::done)
    }
}

/// A bijection of `(parent, ordinal)` followed by its upper half: never 0, which is the root.
fn child_id(parent: u32, ordinal: u32) -> u32 {
    let mut x = u64::from(parent) << 32 | u64::from(ordinal);
    x = (x ^ x >> 31).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 32).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x >> 32) as u32).max(1)
}

/// Asks tasks to stop. Clones are one token; a child is cancelled with its parent, not the other way.
pub struct CancellationToken {
    real: real::CancellationToken,
    node: Arc<Node>,
}

impl CancellationToken {
    /// A new token, not cancelled.
    #[track_caller]
    pub fn new() -> Self {
        CancellationToken {
            real: real::CancellationToken::new(),
            node: Node::root(Location::caller()),
        }
    }

    /// A token that is cancelled when this one is.
    #[track_caller]
    pub fn child_token(&self) -> Self {
        let node = self.node.child();
        let arg = self.node.arg() << 32 | node.arg();
        let child = || self.real.child_token();
        let real = node.tree.effect(OpKind::ChildToken, arg, Location::caller(), child);
        CancellationToken { real, node }
    }

    /// Cancels this token and all below it.
    #[track_caller]
    pub fn cancel(&self) {
        self.node.cancel(Location::caller(), || self.real.cancel());
    }

    /// Whether this token is cancelled.
    #[track_caller]
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled_at(Location::caller())
    }

    /// Waits until this token is cancelled.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if dropped early.
    #[track_caller]
    pub fn cancelled(&self) -> WaitForCancellationFuture<'_> {
        self.cancelled_at(Location::caller())
    }

    /// The same, owning the token.
    #[track_caller]
    pub fn cancelled_owned(self) -> WaitForCancellationFutureOwned {
        let CancellationToken { real, node } = self;
        let wait = node.wait(real.cancelled_owned(), Location::caller());
        WaitForCancellationFutureOwned { wait }
    }

    /// A guard that cancels this token when it is dropped.
    #[track_caller]
    pub fn drop_guard(self) -> DropGuard {
        let CancellationToken { real, node } = self;
        let (tree, arg) = (node.tree, node.arg());
        let guard = Held::new(real.drop_guard(), tree, OpKind::Cancel, arg, Location::caller());
        DropGuard { guard, node }
    }

    /// Runs `fut` until this token is cancelled: `None` then. Where both are ready, `fut` wins, except
    /// that a token cancelled from the start never polls it.
    ///
    /// # Cancel safety
    ///
    /// That of `fut`.
    #[track_caller]
    pub fn run_until_cancelled<F>(&self, fut: F) -> impl Future<Output = Option<F::Output>>
    where
        F: Future,
    {
        self.run_at(fut, Location::caller())
    }

    /// The same, owning the token.
    #[track_caller]
    pub fn run_until_cancelled_owned<F>(self, fut: F) -> impl Future<Output = Option<F::Output>>
    where
        F: Future,
    {
        let site = Location::caller();
        async move { self.run_at(fut, site).await }
    }

    fn is_cancelled_at(&self, site: Site) -> bool {
        let look = || self.real.is_cancelled();
        self.node.tree.op(OpKind::IsCancelled, self.node.arg(), site, look, seen::flag)
    }

    fn cancelled_at(&self, site: Site) -> WaitForCancellationFuture<'_> {
        WaitForCancellationFuture { wait: self.node.wait(self.real.cancelled(), site) }
    }

    // The real one would poll its own token, unseen; so this is the same sequence of wrapped steps:
    // one look at the token, then at each poll first the future and then the token.
    async fn run_at<F: Future>(&self, fut: F, site: Site) -> Option<F::Output> {
        if self.is_cancelled_at(site) {
            return None;
        }
        let mut fut = pin!(fut);
        // Declared last, dropped first, as there.
        let mut cancelled = pin!(self.cancelled_at(site));
        poll_fn(|cx| match fut.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => cancelled.as_mut().poll(cx).map(|()| None),
        })
        .await
    }
}

impl Clone for CancellationToken {
    fn clone(&self) -> Self {
        CancellationToken { real: self.real.clone(), node: self.node.clone() }
    }
}

impl Default for CancellationToken {
    #[track_caller]
    fn default() -> Self {
        CancellationToken::new()
    }
}

impl PartialEq for CancellationToken {
    fn eq(&self, other: &Self) -> bool {
        self.real == other.real
    }
}

impl Eq for CancellationToken {}

impl Hash for CancellationToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.real.hash(state);
    }
}

impl fmt::Debug for CancellationToken {
    // Without its state: that would be a look that no engine sees.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken").finish_non_exhaustive()
    }
}

/// Cancels its token when dropped.
#[must_use = "dropping the guard cancels the token"]
pub struct DropGuard {
    guard: Held<real::DropGuard>,
    node: Arc<Node>,
}

impl DropGuard {
    /// Gives the token back, not cancelled.
    pub fn disarm(self) -> CancellationToken {
        CancellationToken { real: self.guard.into_real().disarm(), node: self.node }
    }
}

impl fmt::Debug for DropGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DropGuard").finish_non_exhaustive()
    }
}

pin_project! {
    /// See [`CancellationToken::cancelled`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFuture<'a> {
        #[pin]
        wait: Waiting<real::WaitForCancellationFuture<'a>>,
    }
}

pin_project! {
    /// See [`CancellationToken::cancelled_owned`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFutureOwned {
        #[pin]
        wait: Waiting<real::WaitForCancellationFutureOwned>,
    }
}

impl Future for WaitForCancellationFuture<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().wait.poll(cx)
    }
}

impl Future for WaitForCancellationFutureOwned {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().wait.poll(cx)
    }
}

impl fmt::Debug for WaitForCancellationFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForCancellationFuture").finish_non_exhaustive()
    }
}

impl fmt::Debug for WaitForCancellationFutureOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForCancellationFutureOwned").finish_non_exhaustive()
    }
}
