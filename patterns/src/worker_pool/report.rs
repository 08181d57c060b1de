//! What comes out of a pool: results, and at its end the report.

use super::JobId;
use crate::End;

/// The result of one job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Done<R> {
    /// Which job; [`submit`](super::Pool::submit) returned the same.
    pub id: JobId,
    /// What came of it.
    pub outcome: Outcome<R>,
}

/// What came of a job that ran.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome<R> {
    /// The handler returned this.
    Returned(R),
    /// The handler panicked with this message.
    Panicked(String),
}

impl<R> Outcome<R> {
    /// The returned value, if the handler returned.
    pub fn returned(self) -> Option<R> {
        match self {
            Outcome::Returned(value) => Some(value),
            Outcome::Panicked(_) => None,
        }
    }
}

/// Where everything went that a pool accepted. From [`Results::close`](super::Results::close).
///
/// A job that panicked does not end the pool, so it does not show in [`end`](Self::end): look at
/// [`panicked`](Self::panicked), or ask [`is_clean`](Self::is_clean).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the report hands back jobs and results that nobody else has"]
pub struct PoolReport<J, R> {
    /// [`End::Complete`]: every handle was dropped, and every accepted job ran.
    /// [`End::Cancelled`]: the pool ended before. A pool never ends otherwise.
    pub end: End,
    /// How many jobs returned.
    pub done: u64,
    /// How many jobs panicked.
    pub panicked: u64,
    /// Accepted jobs that gave no result: with the job if it never started, without if it was
    /// abandoned in flight.
    pub cancelled: Vec<(JobId, Option<J>)>,
    /// How many results the consumer received.
    pub delivered: u64,
    /// Results that the consumer did not receive before it closed.
    pub undelivered: Vec<Done<R>>,
}

impl<J, R> PoolReport<J, R> {
    /// How many jobs the pool accepted: each returned, panicked or was cancelled.
    pub fn accepted(&self) -> u64 {
        self.done + self.panicked + self.cancelled.len() as u64
    }

    /// Whether the pool was complete, no job panicked and every result was delivered.
    pub fn is_clean(&self) -> bool {
        self.end.is_complete() && self.panicked == 0 && self.undelivered.is_empty()
    }
}

/// What a worker that stops before the end of the queue leaves behind.
///
/// Public, and hidden, for model checkers: with its `Hash` they see that two workers that left nothing
/// are alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Leftover<J, R> {
    /// A job that gave no result: with the job if it never started.
    Cancelled(JobId, Option<J>),
    /// A result that found no taker.
    Undelivered(Done<R>),
}

/// The supervisor's output: what did not reach the consumer.
pub(super) struct Account<J, R> {
    pub(super) cancelled: Vec<(JobId, Option<J>)>,
    pub(super) undelivered: Vec<Done<R>>,
    pub(super) cut_short: bool,
}

impl<J, R> Default for Account<J, R> {
    fn default() -> Self {
        Account { cancelled: Vec::new(), undelivered: Vec::new(), cut_short: false }
    }
}

impl<J, R> Account<J, R> {
    /// Lists what a worker left.
    pub(super) fn list(&mut self, left: Option<Leftover<J, R>>) {
        match left {
            Some(Leftover::Cancelled(id, job)) => self.cancelled.push((id, job)),
            Some(Leftover::Undelivered(done)) => self.undelivered.push(done),
            None => {}
        }
    }

    /// The report, with what only the consumer knows.
    pub(super) fn report(self, delivered: Delivered, unread: Vec<Done<R>>) -> PoolReport<J, R> {
        let mut undelivered = unread;
        undelivered.extend(self.undelivered);
        let mut all = delivered;
        undelivered.iter().for_each(|done| all.count(&done.outcome));
        PoolReport {
            end: if self.cut_short { End::Cancelled } else { End::Complete },
            done: all.returned,
            panicked: all.panicked,
            cancelled: self.cancelled,
            delivered: delivered.returned + delivered.panicked,
            undelivered,
        }
    }
}

/// Results that the consumer received.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivered {
    returned: u64,
    panicked: u64,
}

impl Delivered {
    pub(super) fn count<R>(&mut self, outcome: &Outcome<R>) {
        match outcome {
            Outcome::Returned(_) => self.returned += 1,
            Outcome::Panicked(_) => self.panicked += 1,
        }
    }
}
