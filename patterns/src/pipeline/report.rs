//! What became of every item: the report of a pipeline.

use super::error::{Cause, Failure};
use super::stage::Left;
use super::supervisor::Account;
use crate::End;
use std::any::Any;
use std::fmt;

/// Names a stage: its place, the source being 0, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stage {
    /// How many stages are before it.
    pub position: usize,
    /// What [`named`](super::Pipeline::named) said, or the method that added it.
    pub name: &'static str,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stage {} `{}`", self.position, self.name)
    }
}

/// An item that did not get to the end.
pub struct Unfinished {
    /// Which item of the source it is, from 0.
    pub index: u64,
    /// The stage that it waited for, or was in.
    pub stage: Stage,
    /// What it was when it got there: of the type that this stage takes. `None` where it went into a
    /// future that the cancel dropped.
    pub item: Option<Box<dyn Any + Send>>,
}

impl fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {} at {}", self.index, self.stage)
    }
}

/// Where everything went that the source gave. From [`Output::finish`](super::Output::finish).
#[derive(Debug)]
#[must_use = "the report hands back items that nobody else has"]
pub struct Report<T> {
    /// [`End::Complete`]: the source ended, and everything that came out of the last stage was
    /// delivered. [`End::Failed`], [`End::Panicked`]: see [`cause`](Self::cause). [`End::Cancelled`]:
    /// anything else.
    pub end: End,
    /// How many items the source gave.
    pub taken: u64,
    /// How many came out, to the consumer.
    pub delivered: u64,
    /// How many were dropped by a filter.
    pub rejected: u64,
    /// Items that went through every stage, and that the consumer did not receive; each with its index,
    /// in order.
    pub undelivered: Vec<(u64, T)>,
    /// Items that got stuck on the way, in order.
    pub unfinished: Vec<Unfinished>,
    /// Failures; the cause of the end first, if one was.
    pub failures: Vec<Failure>,
}

impl<T> Report<T> {
    /// The failure that ended the pipeline, if one did.
    pub fn cause(&self) -> Option<&Failure> {
        match self.end {
            End::Failed | End::Panicked => self.failures.first(),
            End::Complete | End::Cancelled => None,
        }
    }
}

/// What only the output knows.
pub(super) struct Read<'a, T> {
    pub(super) names: &'a [&'static str],
    pub(super) delivered: u64,
    pub(super) unread: Vec<(u64, T)>,
}

impl<T: 'static> Report<T> {
    pub(super) fn new(account: Account, read: Read<'_, T>) -> Self {
        let stage = |at: usize| Stage { position: at, name: read.names[at] };
        let (mut undelivered, mut unfinished) = (read.unread, Vec::new());
        for Left { index, at, value } in account.left {
            match value {
                // Past the last stage: finished.
                Some(value) if at == read.names.len() => {
                    let item =
                        value.downcast().expect("the last stage gives what the output takes");
                    undelivered.push((index, *item));
                }
                item => unfinished.push(Unfinished { index, stage: stage(at), item }),
            }
        }
        undelivered.sort_unstable_by_key(|(index, _)| *index);
        unfinished.sort_unstable_by_key(|unfinished| unfinished.index);

        let mut failed = account.failed;
        // Stable: among those that were no reaction to a cancel, the first stays the first.
        failed.sort_by_key(|failed| failed.late);
        let end = match failed.first() {
            Some(first) if !first.late => match first.cause {
                Cause::Error(_) => End::Failed,
                Cause::Panic(_) => End::Panicked,
            },
            None if account.exhausted && undelivered.is_empty() && unfinished.is_empty() => {
                End::Complete
            }
            _ => End::Cancelled,
        };
        Report {
            end,
            taken: account.taken,
            delivered: read.delivered,
            rejected: account.rejected,
            undelivered,
            unfinished,
            failures: failed
                .into_iter()
                .map(|f| Failure { stage: stage(f.at), index: f.index, cause: f.cause })
                .collect(),
        }
    }
}
