//! The handle that tasks hold: it admits work, and tells and asks how far the shutdown is.

use super::crew::{Crew, Ticket};
use super::report::{Name, TaskOutput};
use rt::blocking::{Mutex, MutexGuard, PoisonError};
use rt::sync::CancellationToken;
use selvedge_rt as rt;
use std::fmt;
use std::sync::Arc;

/// How far a shutdown is. It only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Work is accepted.
    Running,
    /// Nothing more is accepted; what was accepted goes on to its own end.
    Draining,
    /// What was accepted is cut short.
    Aborting,
    /// The report is made.
    Done,
}

/// What all handles, guards and the owner share.
///
/// The phase is three tokens in a row, each below the next: cancelling one is going to its phase, from
/// any before it. That is monotonic and idempotent by itself, and everybody can wait for it.
pub(super) struct Shared {
    /// `None` once [`take`](Self::take)n. Admission and its count are one: both happen in here.
    admitted: Mutex<Option<Crew<Name>>>,
    pub(super) draining: CancellationToken,
    pub(super) aborting: CancellationToken,
    pub(super) done: CancellationToken,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        let done = CancellationToken::new();
        let aborting = done.child_token();
        let draining = aborting.child_token();
        let admitted = Mutex::new(Some(Crew::new()));
        Arc::new(Shared { admitted, draining, aborting, done })
    }

    /// Ends admission, and hands over everything that was accepted; once.
    pub(super) fn take(&self) -> Option<Crew<Name>> {
        self.draining.cancel();
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Crew<Name>>> {
        // Whole after a panic, too: nothing in there is half done when user code runs.
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was accepted so far, to add to; locked. `None` once the shutdown drains.
    fn admit(&self) -> Option<MutexGuard<'_, Option<Crew<Name>>>> {
        // The look is for whoever drains and then asks, before the owner has come round to taking
        // it all. An answer that crosses with the drain is right either way: what is put in there
        // is in there when it is taken.
        if self.draining.is_cancelled() {
            return None;
        }
        let admitted = self.lock();
        admitted.is_some().then_some(admitted)
    }
}

/// Admits work to a [`Shutdown`](super::Shutdown), and moves it on. Clone it for whoever does either.
///
/// A handle may outlive its shutdown; it then refuses everything.
#[derive(Clone)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

impl Handle {
    /// Starts a task that the shutdown waits for, and aborts where it must.
    ///
    /// The task runs at once, before [`run`](super::Shutdown::run) too. Its future may return `()`, or
    /// a `Result` whose error is listed in the report, as a panic is; neither stops anything else.
    /// Aborted, the future is dropped at its next await.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the future, once the shutdown drains.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::shutdown::{Config, Shutdown};
    /// use selvedge_rt as rt;
    /// use std::future::{pending, ready};
    ///
    /// # tokio_test::block_on(async {
    /// let shutdown = Shutdown::new(Config::default());
    /// let handle = shutdown.handle().clone();
    /// let (tx, mut rx) = rt::sync::mpsc::channel(1);
    /// handle.spawn("writer", async move { tx.send("the last line").await }).unwrap();
    ///
    /// let report = shutdown.run(ready(()), pending()).await;
    /// assert_eq!(report.drained, 1);
    /// assert_eq!(rx.recv().await, Some("the last line"));
    ///
    /// let late = handle.spawn("late", async {});
    /// late.unwrap_err().into_future().await;
    /// # });
    /// ```
    pub fn spawn<F>(&self, name: impl Into<Name>, future: F) -> Result<(), Refused<F>>
    where
        F: Future + Send + 'static,
        F::Output: TaskOutput,
    {
        let name = name.into();
        match self.shared.admit().as_mut().and_then(|admitted| admitted.as_mut()) {
            Some(admitted) => {
                admitted.spawn(name, future);
                Ok(())
            }
            None => Err(Refused { future }),
        }
    }

    /// A guard that the shutdown waits for, for work that is no task of [`spawn`](Self::spawn): a
    /// thread, a request in someone else's task. `None` once the shutdown drains.
    ///
    /// A guard cannot be aborted: look at [`Guard::aborting`], and drop it soon after.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::shutdown::{Config, Shutdown};
    /// use std::future::{pending, ready};
    ///
    /// # tokio_test::block_on(async {
    /// let shutdown = Shutdown::new(Config::default());
    /// let handle = shutdown.handle().clone();
    /// let guard = handle.guard("checkpoint").unwrap();
    /// let writer = std::thread::spawn(move || {
    ///     // Write it ...
    ///     drop(guard);
    /// });
    ///
    /// let report = shutdown.run(ready(()), pending()).await;
    /// assert_eq!(report.drained, 1);
    /// assert!(handle.guard("late").is_none());
    /// # writer.join().unwrap();
    /// # });
    /// ```
    pub fn guard(&self, name: impl Into<Name>) -> Option<Guard> {
        let name = name.into();
        let mut admitted = self.shared.admit()?;
        let ticket = admitted.as_mut()?.guard(name);
        drop(admitted);
        Some(Guard { ticket, shared: self.shared.clone() })
    }

    /// Begins the shutdown, as its trigger does: from here on everything is refused. Again, or later,
    /// it does nothing.
    pub fn drain(&self) {
        self.shared.draining.cancel();
    }

    /// Skips the drain, as the second signal does: what was accepted is cut short. Again, or later, it
    /// does nothing.
    ///
    /// Tasks are aborted by [`run`](super::Shutdown::run), so not before somebody awaits that.
    pub fn abort(&self) {
        self.shared.aborting.cancel();
    }

    /// How far the shutdown is. It may be further by the time one acts on it.
    pub fn phase(&self) -> Phase {
        if self.shared.done.is_cancelled() {
            Phase::Done
        } else if self.shared.aborting.is_cancelled() {
            Phase::Aborting
        } else if self.shared.draining.is_cancelled() {
            Phase::Draining
        } else {
            Phase::Running
        }
    }

    /// A token that is cancelled when the drain begins: for loops that would never end by themselves.
    ///
    /// Cancelling it does nothing to the shutdown.
    pub fn draining(&self) -> CancellationToken {
        self.shared.draining.child_token()
    }

    /// A token that is cancelled when the abort begins: for work that must not be cut at any await.
    ///
    /// Cancelling it does nothing to the shutdown.
    pub fn aborting(&self) -> CancellationToken {
        self.shared.aborting.child_token()
    }
}

impl fmt::Debug for Handle {
    // Without the phase: that would be a look that no engine sees.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// Keeps a shutdown waiting until it is dropped. From [`Handle::guard`].
///
/// It says nothing about how its work ended: dropped while the shutdown drains it counts as drained,
/// dropped later it is listed as aborted, kept too long as leaked.
#[must_use = "a guard that is dropped at once guards nothing"]
pub struct Guard {
    ticket: Ticket,
    pub(super) shared: Arc<Shared>,
}

impl Guard {
    /// A token that is cancelled when the abort begins.
    pub fn aborting(&self) -> CancellationToken {
        self.shared.aborting.child_token()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.ticket.release();
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

/// The shutdown drains and takes no more tasks. Gives the future back, which was never polled.
#[derive(thiserror::Error)]
#[error("the shutdown has begun and accepts no more tasks")]
pub struct Refused<F> {
    future: F,
}

impl<F> Refused<F> {
    /// The future that was not started.
    pub fn into_future(self) -> F {
        self.future
    }
}

// By hand: a future has no `Debug`.
impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").finish_non_exhaustive()
    }
}
