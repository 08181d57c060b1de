//! The owner of a shutdown: it waits for the trigger, drains, aborts, reports.

use super::handle::{Handle, Shared};
use super::report::{Account, Report};
use rt::time::{Duration, Instant, sleep};
use selvedge_rt as rt;
use std::future::pending;

/// How long a shutdown waits. Zero does not wait at all; [`Duration::MAX`] is for ever, and
/// takes no timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// For what was accepted to come to its own end, before it is aborted. Default: 20 seconds, because
    /// common supervisors send SIGKILL after 30.
    pub grace: Duration,
    /// For what was aborted to be gone, before it is reported as leaked. Default: 5 seconds.
    pub abort_wait: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Config { grace: Duration::from_secs(20), abort_wait: Duration::from_secs(5) }
    }
}

/// A graceful shutdown that can be had: hand out its [`handle`](Self::handle), then
/// [`run`](Self::run) it.
///
/// Dropping it, or the future of `run`, aborts what it accepted and promises no more; only the report
/// says that everything is gone.
///
/// # Examples
///
/// A process that stops on SIGINT or SIGTERM, and at once on the second one:
///
/// ```no_run
/// use selvedge_patterns::shutdown::{Config, Shutdown, signal};
///
/// # async fn accept() {}
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let (stop, stop_now) = signal::stop_signals()?;
///     let shutdown = Shutdown::new(Config::default());
///     let draining = shutdown.handle().draining();
///     shutdown
///         .handle()
///         .spawn("acceptor", async move {
///             draining.run_until_cancelled(accept()).await;
///         })
///         .expect("it has not begun");
///     shutdown.run(stop, stop_now).await.ok()?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a shutdown aborts what it accepted"]
pub struct Shutdown {
    handle: Handle,
    config: Config,
    /// The report is made, so there is nothing to abort.
    over: bool,
}

impl Shutdown {
    /// A shutdown that has not begun: it accepts.
    pub fn new(config: Config) -> Self {
        Shutdown { handle: Handle { shared: Shared::new() }, config, over: false }
    }

    /// The handle that admits work; clone it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Waits for `trigger`, or [`Handle::drain`], then stops: refuses what comes, waits for what was
    /// accepted within [`grace`](Config::grace), aborts the rest, and waits for that within
    /// [`abort_wait`](Config::abort_wait).
    ///
    /// `force`, or [`Handle::abort`], skips to the abort at any time, before the trigger too; pass
    /// [`pending()`](std::future::pending) to have only the grace. Both futures are polled here, not
    /// in tasks of their own; without a second signal the process still has a deadline. When this
    /// returns, everything that was accepted is gone, but for what is listed as leaked.
    ///
    /// It runs until it is told to stop, even if everything it accepted has ended. It waits for the
    /// tasks that it accepted, so never await it in one of them.
    ///
    /// # Panics
    ///
    /// Outside a runtime with time enabled; and where a given future panics, after which it is as if
    /// it had been dropped.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, what was accepted is aborted and the report is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::shutdown::{Config, Shutdown};
    /// use selvedge_rt as rt;
    /// use std::future::pending;
    /// use std::time::Duration;
    ///
    /// # tokio_test::block_on(async {
    /// let grace = Duration::from_millis(10);
    /// let shutdown = Shutdown::new(Config { grace, ..Config::default() });
    /// shutdown.handle().spawn("quick", rt::task::yield_now()).unwrap();
    /// shutdown.handle().spawn("stuck", pending::<()>()).unwrap();
    ///
    /// // In a process, the trigger is a signal.
    /// let report = shutdown.run(async {}, pending()).await;
    /// assert_eq!(report.drained, 1);
    /// assert_eq!(report.aborted, ["stuck"]);
    /// assert!(report.ok().is_err());
    /// # });
    /// ```
    pub async fn run(
        mut self,
        trigger: impl Future<Output = ()>,
        force: impl Future<Output = ()>,
    ) -> Report {
        let shared = self.handle.shared.clone();
        rt::pin!(force);
        // From the start, so that two signals in a row are two even if nobody ran in between.
        let forced = rt::select! {
            biased;
            () = &mut force => true,
            () = shared.draining.cancelled() => false,
            () = trigger => false,
        };
        let begun = Instant::now();
        let mut admitted = shared.take().expect("only here, and in the destructor");
        let drained = !forced
            && rt::select! {
                biased;
                () = admitted.drain() => true,
                () = shared.aborting.cancelled() => false,
                () = &mut force => false,
                () = elapsed(self.config.grace) => false,
            };
        let mut leaked = Vec::new();
        if !drained {
            // The token first: who watches it may end in its own way, and not at any await.
            shared.aborting.cancel();
            admitted.abort();
            rt::select! {
                biased;
                () = admitted.drain() => {}
                () = elapsed(self.config.abort_wait) => leaked = admitted.leaked(),
            }
        }
        shared.done.cancel();
        self.over = true;
        let Account { drained, failed, panicked, aborted } = admitted.settle();
        Report { drained, failed, panicked, aborted, leaked, elapsed: begun.elapsed() }
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        if !self.over {
            self.handle.abort();
            // Dropping it aborts the tasks; outside the lock, since their destructors may look at it.
            drop(self.handle.shared.take());
        }
    }
}

/// Ends after `time`; never, and without a timer, where that is for ever.
async fn elapsed(time: Duration) {
    match time {
        Duration::MAX => pending().await,
        time => sleep(time).await,
    }
}
