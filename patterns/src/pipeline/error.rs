//! Failures of stages, and the error of a collected pipeline.

use super::report::Stage;
use crate::End;
use std::error::Error;
use std::fmt;

/// Why user code failed.
#[derive(Debug)]
pub enum Cause {
    /// It returned this error.
    Error(Box<dyn Error + Send + Sync>),
    /// It panicked with this message.
    Panic(String),
}

/// User code that failed: where, on what, and how.
#[derive(Debug)]
pub struct Failure {
    /// The stage whose function, or source, it was.
    pub stage: Stage,
    /// The item of the source that it worked on. `None` where there was none: the source itself
    /// panicked, or something panicked when it was dropped.
    pub index: Option<u64>,
    /// Why.
    pub cause: Cause,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, why): (_, &dyn fmt::Display) = match &self.cause {
            Cause::Error(error) => ("failed", error),
            Cause::Panic(message) => ("panicked", message),
        };
        write!(f, "{} {how}", self.stage)?;
        if let Some(index) = self.index {
            write!(f, " on item {index}")?;
        }
        write!(f, ": {why}")
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Error(error) => Some(&**error),
            Cause::Panic(_) => None,
        }
    }
}

/// Why [`Pipeline::collect`](super::Pipeline::collect) did not get everything, and what it got.
///
/// Items that got stuck on the way are listed, and dropped; [`Output::finish`](super::Output::finish)
/// hands them back.
pub struct PipelineError<T> {
    /// Never [`End::Complete`].
    pub end: End,
    /// Failures; the cause of the end first, if one was.
    pub failures: Vec<Failure>,
    /// Items of the source that did not get to the end, in order, and the stage of each.
    pub unfinished: Vec<(u64, Stage)>,
    /// What came out, in the order of the source. Without a concurrent stage it is a prefix.
    pub output: Vec<T>,
}

impl<T> PipelineError<T> {
    /// The failure that ended the pipeline, if one did.
    pub fn cause(&self) -> Option<&Failure> {
        self.failures.first().filter(|_| self.end != End::Cancelled)
    }
}

impl<T> fmt::Display for PipelineError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause() {
            Some(failure) => failure.fmt(f),
            None => f.write_str("the pipeline was cancelled"),
        }
    }
}

// By hand, so that an item need not be `Debug` for the error to be `unwrap`ped.
impl<T> fmt::Debug for PipelineError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineError")
            .field("end", &self.end)
            .field("failures", &self.failures)
            .field("unfinished", &self.unfinished)
            .finish_non_exhaustive()
    }
}

impl<T> Error for PipelineError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().and_then(Failure::source)
    }
}
