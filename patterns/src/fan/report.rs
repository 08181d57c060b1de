//! Where everything went, at the end of a fan-out or a merge.

use super::Indexed;
use crate::End;

/// Where everything went that a fan-out took from its source. From [`FanOut::close`](super::FanOut::close).
///
/// A panic of `f` does not end the fan-out, so it does not show in [`end`](Self::end): look at
/// [`panicked`](Self::panicked), or ask [`is_clean`](Self::is_clean).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the report hands back values that nobody else has"]
pub struct FanOutReport<U> {
    /// [`End::Complete`]: the source ended, and `f` ran on every item. [`End::Panicked`]: the source
    /// panicked; see [`source_panic`](Self::source_panic). [`End::Cancelled`]: it was cut short, by the
    /// token, or because every branch was dropped. It never ends otherwise.
    pub end: End,
    /// How many values the consumers received.
    pub delivered: u64,
    /// Values that nobody received: in a buffer, or on their way into one.
    pub undelivered: Vec<Indexed<U>>,
    /// Items on which `f` panicked, each with the message.
    pub panicked: Vec<Indexed<String>>,
    /// Items whose future was dropped by a cancel before it was done.
    pub abandoned: Vec<u64>,
    /// The message, if the source panicked, while it was polled or dropped.
    pub source_panic: Option<String>,
}

impl<U> FanOutReport<U> {
    /// How many items were taken from the source.
    pub fn accepted(&self) -> u64 {
        let listed = self.undelivered.len() + self.panicked.len() + self.abandoned.len();
        self.delivered + listed as u64
    }

    /// Whether it was complete, nothing panicked and every value was received.
    pub fn is_clean(&self) -> bool {
        self.end.is_complete() && self.panicked.is_empty() && self.undelivered.is_empty()
    }
}

/// Where everything went that a merge took from its sources. From [`Merged::close`](super::Merged::close).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the report hands back items that nobody else has"]
pub struct MergeReport<T> {
    /// [`End::Complete`]: every source ended. [`End::Panicked`]: at least one of them by a panic; see
    /// [`panicked`](Self::panicked). [`End::Cancelled`]: it was cut short. It never ends otherwise.
    pub end: End,
    /// How many items the consumer received.
    pub delivered: u64,
    /// Items that it did not receive, oldest first.
    pub undelivered: Vec<T>,
    /// The sources that panicked, by their place among those given, each with the message.
    pub panicked: Vec<Indexed<String>>,
}

impl<T> MergeReport<T> {
    /// How many items were taken from the sources.
    pub fn accepted(&self) -> u64 {
        self.delivered + self.undelivered.len() as u64
    }

    /// Whether it was complete and every item was received.
    pub fn is_clean(&self) -> bool {
        self.end.is_complete() && self.undelivered.is_empty()
    }
}

/// What one branch leaves behind.
///
/// Public, and hidden, for model checkers: with its `Hash` they see which ends are alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BranchEnd<U> {
    /// Values put into its buffer.
    pub sent: u64,
    /// A value that found no room before the cancel.
    pub held: Option<Indexed<U>>,
    /// See [`FanOutReport`].
    pub panicked: Vec<Indexed<String>>,
    /// See [`FanOutReport`].
    pub abandoned: Option<u64>,
    /// It saw the end of the source.
    pub source_ended: bool,
    /// See [`FanOutReport`].
    pub source_panic: Option<String>,
}

// Not derived: that would ask for a default value of `U`.
impl<U> Default for BranchEnd<U> {
    fn default() -> Self {
        BranchEnd {
            sent: 0,
            held: None,
            panicked: Vec::new(),
            abandoned: None,
            source_ended: false,
            source_panic: None,
        }
    }
}

/// What the pump of a merge leaves behind. Public, and hidden, as [`BranchEnd`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MergeEnd<T> {
    /// An item that found no room before the cancel.
    pub held: Option<T>,
    /// See [`MergeReport`].
    pub panicked: Vec<Indexed<String>>,
    /// Every source ended.
    pub complete: bool,
}

/// The report of a fan-out, from the ends of all its branches and what was left in their buffers.
pub(super) fn fan_out<U>(
    ends: Vec<BranchEnd<U>>,
    unread: impl IntoIterator<Item = Indexed<U>>,
) -> FanOutReport<U> {
    let undelivered: Vec<_> = unread.into_iter().collect();
    let sent: u64 = ends.iter().map(|end| end.sent).sum();
    let mut report = FanOutReport {
        end: End::Cancelled,
        delivered: sent - undelivered.len() as u64,
        undelivered,
        panicked: Vec::new(),
        abandoned: Vec::new(),
        source_panic: None,
    };
    let mut ended = false;
    for end in ends {
        ended |= end.source_ended;
        report.undelivered.extend(end.held);
        report.panicked.extend(end.panicked);
        report.abandoned.extend(end.abandoned);
        report.source_panic = report.source_panic.or(end.source_panic);
    }
    if report.source_panic.is_some() {
        report.end = End::Panicked;
    } else if ended && report.abandoned.is_empty() {
        report.end = End::Complete;
    }
    report
}

/// The report of a merge.
pub(super) fn merge<T>(end: MergeEnd<T>, delivered: u64, unread: Vec<T>) -> MergeReport<T> {
    let MergeEnd { held, panicked, complete } = end;
    let mut undelivered = unread;
    undelivered.extend(held);
    let end = match (panicked.is_empty(), complete) {
        (false, _) => End::Panicked,
        (true, true) => End::Complete,
        (true, false) => End::Cancelled,
    };
    MergeReport { end, delivered, undelivered, panicked }
}
