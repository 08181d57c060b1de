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

    /// Whether every result went somewhere: the jobs that ran, as the workers counted them, are the
    /// results that the consumer received and those handed back here.
    ///
    /// Always true; `false` is a bug of this crate.
    pub fn is_conserved(&self) -> bool {
        self.done + self.panicked == self.delivered + self.undelivered.len() as u64
    }

    /// Whether the pool was complete, no job panicked and every result was delivered.
    pub fn is_clean(&self) -> bool {
        self.end.is_complete() && self.panicked == 0 && self.undelivered.is_empty()
    }
}

/// What one worker did, and what all did, added up.
pub(super) struct Tally<J, R> {
    pub(super) done: u64,
    pub(super) panicked: u64,
    pub(super) cancelled: Vec<(JobId, Option<J>)>,
    pub(super) undelivered: Vec<Done<R>>,
    /// Whether the worker ended for another reason than the end of the queue.
    pub(super) stopped: bool,
}

impl<J, R> Default for Tally<J, R> {
    fn default() -> Self {
        Tally {
            done: 0,
            panicked: 0,
            cancelled: Vec::new(),
            undelivered: Vec::new(),
            stopped: false,
        }
    }
}

impl<J, R> Tally<J, R> {
    /// Counts a job that ran.
    pub(super) fn count(&mut self, outcome: &Outcome<R>) {
        match outcome {
            Outcome::Returned(_) => self.done += 1,
            Outcome::Panicked(_) => self.panicked += 1,
        }
    }

    /// Lists a job that gave no result, and stops.
    pub(super) fn give_up(&mut self, id: JobId, job: Option<J>) {
        self.cancelled.push((id, job));
        self.stopped = true;
    }

    /// Keeps a result that found no taker, and stops.
    pub(super) fn keep(&mut self, done: Done<R>) {
        self.undelivered.push(done);
        self.stopped = true;
    }

    /// Adds what another worker did.
    pub(super) fn add(&mut self, other: Self) {
        self.done += other.done;
        self.panicked += other.panicked;
        self.cancelled.extend(other.cancelled);
        self.undelivered.extend(other.undelivered);
    }
}

/// The supervisor's output.
pub(super) struct Account<J, R> {
    pub(super) total: Tally<J, R>,
    pub(super) cut_short: bool,
}

impl<J, R> Account<J, R> {
    /// The report, with what only the consumer knows.
    pub(super) fn report(self, delivered: u64, unread: Vec<Done<R>>) -> PoolReport<J, R> {
        let mut undelivered = unread;
        undelivered.extend(self.total.undelivered);
        PoolReport {
            end: if self.cut_short { End::Cancelled } else { End::Complete },
            done: self.total.done,
            panicked: self.total.panicked,
            cancelled: self.total.cancelled,
            delivered,
            undelivered,
        }
    }
}
