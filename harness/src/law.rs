//! The lifecycle laws, and what a violation of one says.

use selvedge_rt::check::engine::Site;
use serde::Serialize;
use std::fmt;

macro_rules! laws {
    ($($(#[doc = $doc:literal])+ $name:ident => $row:ident,)+) => {
        /// A lifecycle law. On by default, on every schedule; a check waives one by name, with a reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub enum Law {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Law {
            /// Every law, in the order of this file.
            pub const ALL: &[Law] = &[$(Law::$name,)+];

            /// The row of the checklist that it stands behind.
            pub fn row(self) -> Row {
                match self { $(Law::$name => Row::$row,)+ }
            }

            /// What it forbids.
            pub fn forbids(self) -> &'static str {
                match self { $(Law::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

laws! {
    /// A task is blocked, or only wakes on timers, for ever, after the root returned.
    TaskLeak => ExitPaths,
    /// The root waits for ever, and nothing can go on.
    Deadlock => ExitPaths,
    /// The root returned while a task that it started could still run.
    Unjoined => ExitPaths,
    /// A task waits for what a future has that is no longer polled.
    FutureLock => ExitPaths,
    /// A channel is closed explicitly twice.
    DoubleClose => ChannelOwnership,
    /// An item is sent into a channel that a sender closed.
    SendAfterClose => ChannelOwnership,
    /// A receiver waits for ever on a channel whose senders are kept by tasks that never use them again.
    NeverClosed => ChannelOwnership,
    /// An accepted item is dropped in a buffer, or with a cancelled send.
    LostItem => ChannelOwnership,
    /// A value comes a second time into a record of distinct ones.
    DuplicateItem => ChannelOwnership,
    /// A task panicked or returned `Err`, and nobody looked.
    SwallowedError => ErrorHandling,
    /// After a cancel that it could see, a task never ends.
    IgnoredCancellation => Cancellation,
    /// A timer is still armed when the task that made it is gone.
    TimerLeak => ResourceCleanup,
    /// A permit is not given back.
    PermitLeak => ResourceCleanup,
    /// Locks are taken in orders that can deadlock.
    LockOrder => LockOrdering,
    /// An update is lost: a task writes what rests on a look that another task's write has overtaken, sets
    /// what is set, or meets another task at a cell.
    ResultRace => CopySafety,
    /// A clone has state of its own where it should share.
    SplitState => CopySafety,
    /// A shutdown was declared complete while a task was alive.
    IncompleteShutdown => ResourceCleanup,
    /// A queue passes its declared high-water mark.
    UnboundedGrowth => BufferSizing,
    /// Tasks run for ever and nothing changes.
    Livelock => ExitPaths,
    /// The root panicked: an assertion of the scenario, or a bug.
    Panic => ErrorHandling,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// A row of the checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Row {
    /// Every task has a way to end.
    ExitPaths,
    /// One owner closes each channel, once.
    ChannelOwnership,
    /// No failure is lost.
    ErrorHandling,
    /// Everything that waits can be told to stop.
    Cancellation,
    /// Timers, permits and tasks are given back.
    ResourceCleanup,
    /// Locks are taken in one order.
    LockOrdering,
    /// A clone shares what it should.
    CopySafety,
    /// Every buffer has a reason.
    BufferSizing,
}

impl Row {
    /// Every row, in the order of the checklist.
    pub const ALL: &[Row] = &[
        Row::ExitPaths,
        Row::ChannelOwnership,
        Row::ErrorHandling,
        Row::Cancellation,
        Row::ResourceCleanup,
        Row::LockOrdering,
        Row::CopySafety,
        Row::BufferSizing,
    ];
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Row::ExitPaths => "exit paths",
            Row::ChannelOwnership => "channel ownership",
            Row::ErrorHandling => "error handling",
            Row::Cancellation => "cancellation",
            Row::ResourceCleanup => "resource cleanup",
            Row::LockOrdering => "lock ordering",
            Row::CopySafety => "copy safety",
            Row::BufferSizing => "buffer sizing",
        })
    }
}

/// A place in the code under test. Ordered and printed as `file:line`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Place(pub String);

impl From<Site> for Place {
    fn from(site: Site) -> Self {
        // Of what std made on behalf of somebody, its path says which rustc, and nothing else.
        let file = match site.file().split_once("/library/") {
            Some((rustc, file)) if rustc.starts_with("/rustc/") => format!("std: {file}"),
            _ => site.file().to_owned(),
        };
        Place(format!("{file}:{}", site.line()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A law that was broken, on one schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub law: Law,
    /// What happened, in one sentence.
    pub what: String,
    /// The task, with its spawn site.
    pub task: Option<String>,
    /// The object, with its creation site.
    pub object: Option<String>,
    /// Where the task was.
    pub at: Option<Place>,
    /// Who could have helped: the holders of the other side.
    pub helpers: Vec<String>,
}
