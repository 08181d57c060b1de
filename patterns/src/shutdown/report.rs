//! What a shutdown tells: where everything went that was accepted.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What a task or a guard is called in the report. Names need not be unique.
pub type Name = Cow<'static, str>;

/// Any error of a task: the tasks of a process fail in different ways.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What a task may return: `()`, or a `Result` whose error is listed.
pub trait TaskOutput: sealed::Sealed {
    /// The error, if it is one.
    #[doc(hidden)]
    fn error(self) -> Option<BoxError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<E> Sealed for Result<(), E> {}
}

impl TaskOutput for () {
    fn error(self) -> Option<BoxError> {
        None
    }
}

impl<E: Into<BoxError>> TaskOutput for Result<(), E> {
    fn error(self) -> Option<BoxError> {
        self.err().map(Into::into)
    }
}

/// What has ended, under how it did.
pub(super) struct Account<L> {
    pub(super) drained: u64,
    pub(super) failed: Vec<(L, BoxError)>,
    pub(super) panicked: Vec<(L, String)>,
    pub(super) aborted: Vec<L>,
}

impl<L> Default for Account<L> {
    fn default() -> Self {
        Account { drained: 0, failed: Vec::new(), panicked: Vec::new(), aborted: Vec::new() }
    }
}

/// Where everything went that was accepted. From [`Shutdown::run`](super::Shutdown::run).
///
/// Each accepted task and guard is counted in `drained` or is in exactly one list, in no order.
#[derive(Debug)]
#[must_use = "the report says what was cut short"]
pub struct Report {
    /// How many tasks returned without an error, and guards were given back, before the abort; a task
    /// that returned although it was being aborted is here too.
    pub drained: u64,
    /// Tasks that returned an error, at any time since the start.
    pub failed: Vec<(Name, BoxError)>,
    /// Tasks that panicked, with the message, at any time since the start.
    pub panicked: Vec<(Name, String)>,
    /// Tasks that were dropped at an await, and guards that came back only after the abort.
    pub aborted: Vec<Name>,
    /// What was still there after the wait for the abort: it cannot be aborted, and is let go.
    pub leaked: Vec<Name>,
    /// From the end of admission to this report.
    pub elapsed: Duration,
}

impl Report {
    /// How many tasks and guards were accepted.
    pub fn accepted(&self) -> u64 {
        let listed =
            self.failed.len() + self.panicked.len() + self.aborted.len() + self.leaked.len();
        self.drained + listed as u64
    }

    /// Whether everything that was accepted came to its own end, without an error.
    pub fn is_clean(&self) -> bool {
        self.drained == self.accepted()
    }

    /// `Ok` for a clean stop: to end `main` with `?`.
    ///
    /// # Errors
    ///
    /// [`Unclean`], with the report, where anything failed, panicked, was aborted or leaked.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_patterns::shutdown::{Config, Shutdown};
    /// use std::future::{pending, ready};
    ///
    /// # tokio_test::block_on(async {
    /// let shutdown = Shutdown::new(Config::default());
    /// shutdown.handle().spawn("greeter", async { Err("nobody is here") }).unwrap();
    ///
    /// let unclean = shutdown.run(ready(()), pending()).await.ok().unwrap_err();
    /// assert_eq!(
    ///     unclean.to_string(),
    ///     "shutdown was not clean: greeter failed: nobody is here"
    /// );
    /// # });
    /// ```
    pub fn ok(self) -> Result<Report, Unclean> {
        if self.is_clean() { Ok(self) } else { Err(Unclean { report: Box::new(self) }) }
    }
}

/// Something was not drained, or failed. Displays as one line that names each.
#[derive(Debug)]
pub struct Unclean {
    report: Box<Report>,
}

impl Unclean {
    /// The report.
    pub fn into_report(self) -> Report {
        *self.report
    }
}

impl fmt::Display for Unclean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.report;
        let failed = r.failed.iter().map(|(name, error)| format!("{name} failed: {error}"));
        let panicked = r.panicked.iter().map(|(name, what)| format!("{name} panicked: {what}"));
        let aborted = r.aborted.iter().map(|name| format!("{name} was aborted"));
        let leaked = r.leaked.iter().map(|name| format!("{name} still runs"));
        let all: Vec<String> = failed.chain(panicked).chain(aborted).chain(leaked).collect();
        write!(f, "shutdown was not clean: {}", all.join("; "))
    }
}

impl Error for Unclean {}
