//! Fan-out: start the branches, read them, end them.

use super::input::Input;
use super::turns::Turns;
use super::work::{self, Shared, Work};
use super::{Branch, BranchEnd, FanOutReport, Indexed, report};
use futures_core::Stream;
use futures_util::StreamExt;
use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, DropGuard, Mutex};
use rt::task::JoinHandle;
use selvedge_rt as rt;
use std::fmt;
use std::iter::repeat_n;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Spawns `branches` tasks that pull items from `source` and run `f` on them.
///
/// Each branch takes an item when it has nothing else to do, so a slow item holds up its own branch only.
/// Values come in any order; [`Indexed::index`] says which item each was made from.
///
/// `cap` is how many values of *each* branch wait for the consumer before the branch waits, with one
/// more in its hands. 1 keeps a branch busy while its consumer reads one by one; more decouples a
/// consumer that reads in bursts, but costs memory and leaves more to hand back on a cancel. At most
/// `branches * (cap + 1)` items are held at any time.
///
/// A panic of `f` is that item's: it is listed in the report, and its branch goes on. A panic of
/// `source` ends the input as its end does. Cancelling `token` ends the fan-out; it never cancels `token`.
/// A cancel drops the futures of `f` at their next await and lists their items; it waits for nobody.
///
/// # Panics
///
/// Outside a runtime.
///
/// # Examples
///
/// ```
/// use selvedge_patterns::fan::fan_out;
/// use selvedge_rt as rt;
/// use std::num::NonZeroUsize;
///
/// # tokio_test::block_on(async {
/// let (branches, cap) = (NonZeroUsize::new(3).unwrap(), NonZeroUsize::MIN);
/// let token = rt::sync::CancellationToken::new();
/// let source = futures_util::stream::iter(["red", "green", "blue"]);
/// let mut lengths = fan_out(&token, source, branches, cap, |word| async move { word.len() });
///
/// let mut in_order = [0; 3];
/// while let Some(length) = lengths.next().await {
///     in_order[length.index as usize] = length.value;
/// }
/// assert_eq!(in_order, [3, 5, 4]);
/// assert!(lengths.close().await.is_clean());
/// # });
/// ```
pub fn fan_out<S, F, Fut>(
    token: &CancellationToken,
    source: S,
    branches: NonZeroUsize,
    cap: NonZeroUsize,
    f: F,
) -> FanOut<Fut::Output>
where
    S: Stream + Send + 'static,
    S::Item: Send,
    F: Fn(S::Item) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Send + 'static,
{
    let token = token.child_token();
    let shared = Arc::new(Shared { input: Mutex::new(Input::new(source)), f });
    let mut tasks = Vec::with_capacity(branches.get());
    let mut outputs = Vec::with_capacity(branches.get());
    // All are given away: whoever lets go last is a branch, which catches what the destructors do.
    for shared in repeat_n(shared, branches.get()) {
        let own = token.child_token();
        let (send, output) = bounded(cap.get());
        outputs.push(Branch::new(own.clone().drop_guard(), output.clone()));
        let work = Work { token: own, output: send, closer: output };
        tasks.push(rt::spawn(work::run(shared, work)));
    }
    FanOut { stop: token.drop_guard(), branches: Turns::new(outputs), lent: Vec::new(), tasks }
}

/// All branches of a fan-out: a [`Stream`] of their values, read in turn, or the branches one by one.
///
/// Dropping it cancels every branch, also those that were [taken](Self::take_branches), and gives up
/// the report with the values listed there; the tasks end on their own soon after. To know that they
/// have, [`close`](Self::close).
#[must_use = "dropping a fan-out cancels it"]
pub struct FanOut<U> {
    stop: DropGuard,
    branches: Turns<Branch<U>>,
    /// A receiver for each branch that was taken, so that what nobody receives there is not lost.
    lent: Vec<Receiver<Indexed<U>>>,
    tasks: Vec<JoinHandle<BranchEnd<U>>>,
}

impl<U> FanOut<U> {
    /// Waits for the next value of any branch; `None` once all have ended and every value was received.
    ///
    /// Branches are read in turn: one that has a value is served within as many values as there are
    /// branches. After [`take_branches`](Self::take_branches) there are none, and so it is `None`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, no value was received.
    pub async fn next(&mut self) -> Option<Indexed<U>> {
        StreamExt::next(self).await
    }

    /// The branches, to be read, dropped or moved to other tasks one by one.
    ///
    /// They come without those that [`next`](Self::next) has seen end. Keep the `FanOut`: dropping it cancels
    /// them.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::fan::{fan_in, fan_out};
    /// use selvedge_rt as rt;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let (two, one) = (NonZeroUsize::new(2).unwrap(), NonZeroUsize::MIN);
    /// let token = rt::sync::CancellationToken::new();
    /// let source = futures_util::stream::iter(0..10);
    /// let mut fan = fan_out(&token, source, two, one, |n: u64| async move { n * n });
    ///
    /// // Any stream can be merged again, so this is fan-out and fan-in.
    /// let mut merged = fan_in(&token, fan.take_branches(), one);
    /// let mut sum = 0;
    /// while let Some(square) = merged.next().await {
    ///     sum += square.value;
    /// }
    /// assert_eq!(sum, 285);
    /// assert!(merged.close().await.is_clean());
    /// assert!(fan.close().await.is_clean());
    /// # });
    /// ```
    pub fn take_branches(&mut self) -> Vec<Branch<U>> {
        let branches = self.branches.take_all();
        self.lent.extend(branches.iter().map(Branch::output));
        branches
    }

    /// Ends the fan-out and returns its report, after every task of it has ended.
    ///
    /// Called before every branch has ended, it cancels them, also those that were taken: read those to
    /// their end first. What nobody received until then is in the report.
    ///
    /// It waits for `f` to come to an await, so never call it from `f` itself.
    ///
    /// # Panics
    ///
    /// If the runtime that ran the branches was shut down.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped early, the fan-out is cancelled and the report is lost, as when the
    /// fan-out is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::{End, fan::fan_out};
    /// use selvedge_rt as rt;
    /// use std::num::NonZeroUsize;
    ///
    /// # tokio_test::block_on(async {
    /// let one = NonZeroUsize::MIN;
    /// let token = rt::sync::CancellationToken::new();
    /// // A source without end: only a cancel ends this.
    /// let source = futures_util::stream::iter(0..);
    /// let mut fan = fan_out(&token, source, one, one, |n: u64| async move { n });
    /// assert_eq!(fan.next().await.unwrap().value, 0);
    ///
    /// let report = fan.close().await;
    /// assert_eq!((report.end, report.delivered), (End::Cancelled, 1));
    /// assert!(report.undelivered.len() <= 2, "one in the buffer, one in the branch's hands");
    /// # });
    /// ```
    pub async fn close(self) -> FanOutReport<U> {
        let FanOut { stop, mut branches, mut lent, tasks } = self;
        drop(stop);
        let mut ends = Vec::with_capacity(tasks.len());
        for task in tasks {
            match task.await {
                Ok(end) => ends.push(end),
                // No user code can bring a branch down, and nobody aborts one.
                Err(error) => panic!("the fan-out's runtime was shut down: {error}"),
            }
        }
        lent.extend(branches.take_all().iter().map(Branch::output));
        let unread = lent.iter().flat_map(|output| std::iter::from_fn(|| output.try_recv().ok()));
        report::fan_out(ends, unread)
    }
}

// Nothing in it is pinned.
impl<U> Unpin for FanOut<U> {}

impl<U> Stream for FanOut<U> {
    type Item = Indexed<U>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Indexed<U>>> {
        Pin::new(&mut self.branches).poll_next(cx)
    }
}

impl<U> fmt::Debug for FanOut<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut").field("branches", &self.tasks.len()).finish_non_exhaustive()
    }
}
