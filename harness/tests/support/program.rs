//! A program: a few objects, and a few tasks that do a few steps each.

/// An object that the tasks share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `async_channel`; 0 is unbounded.
    Mpmc(usize),
    /// `mpsc::channel`
    Mpsc(usize),
    Unbounded,
    Oneshot,
    Watch,
    /// `broadcast::channel`
    Broadcast(usize),
    Notify,
    Barrier(usize),
    Semaphore(usize),
    Mutex,
    RwLock,
    /// A root, a child of it and a child of that.
    Token,
    Tracker,
    OnceCell,
    Atomic,
    Blocking,
}

/// One thing to do to an object. Which ones an object knows is in [`verbs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Send,
    TrySend,
    ReserveSend,
    ReserveDrop,
    TryReserve,
    HoldSlot,
    UseSlot,
    DropSlot,
    Recv,
    RecvMany,
    TryRecv,
    Closed,
    IsClosed,
    Len,
    Close,
    CloseRx,
    DropTx,
    DropRx,

    SendReplace,
    SendModify,
    Subscribe,
    Resubscribe,
    Receivers,
    Borrow,
    Update,
    HasChanged,
    Changed,
    WaitFor,

    Notified,
    ListenFirst,
    EnableFirst,
    NotifyOne,
    NotifyLast,
    NotifyWaiters,

    Arrive,

    Init,
    InitSlowly,
    InitFails,
    SetOnce,
    GetOnce,

    Acquire,
    AcquireTwo,
    TryAcquire,
    Release,
    Forget,
    ForgetFree,
    Add,
    Available,
    CloseSemaphore,
    Read,
    TryRead,
    Critical,
    CriticalPart,
    Downgrade,

    /// On the root (0), its child (1) or grandchild (2).
    Cancelled(u8),
    IsCancelled(u8),
    Cancel(u8),
    NewChild(u8),

    Wait,
    Reopen,
    Track,

    Load,
    Store,
    Add1,
    CompareExchange,
    Update2,

    Lock,
    LockTwice,
}

/// Which end of a channel a verb needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Tx,
    Rx,
}

/// What tasks can do to an object, on the given side where it has two.
pub(crate) fn verbs(kind: Kind) -> &'static [(End, Verb)] {
    use End::{Rx, Tx};
    use Verb::*;
    match kind {
        Kind::Mpmc(_) => &[
            (Tx, Send),
            (Tx, Send),
            (Tx, TrySend),
            (Tx, Close),
            (Tx, DropTx),
            (Tx, Closed),
            (Tx, Len),
            (Tx, IsClosed),
            (Rx, Recv),
            (Rx, Recv),
            (Rx, Recv),
            (Rx, TryRecv),
            (Rx, CloseRx),
            (Rx, DropRx),
        ],
        Kind::Mpsc(_) => &[
            (Tx, Send),
            (Tx, Send),
            (Tx, TrySend),
            (Tx, ReserveSend),
            (Tx, ReserveDrop),
            (Tx, TryReserve),
            (Tx, HoldSlot),
            (Tx, UseSlot),
            (Tx, DropSlot),
            (Tx, Closed),
            (Tx, IsClosed),
            (Tx, DropTx),
            (Tx, Len),
            (Rx, Recv),
            (Rx, Recv),
            (Rx, RecvMany),
            (Rx, TryRecv),
            (Rx, CloseRx),
            (Rx, Len),
            (Rx, DropRx),
        ],
        Kind::Unbounded => &[
            (Tx, TrySend),
            (Tx, TrySend),
            (Tx, Closed),
            (Tx, IsClosed),
            (Tx, DropTx),
            (Rx, Recv),
            (Rx, Recv),
            (Rx, RecvMany),
            (Rx, TryRecv),
            (Rx, CloseRx),
            (Rx, Len),
            (Rx, DropRx),
        ],
        Kind::Oneshot => &[
            (Tx, Send),
            (Tx, Send),
            (Tx, Closed),
            (Tx, IsClosed),
            (Tx, DropTx),
            (Rx, Recv),
            (Rx, Recv),
            (Rx, TryRecv),
            (Rx, CloseRx),
            (Rx, Len),
            (Rx, DropRx),
        ],
        Kind::Watch => &[
            (Tx, Send),
            (Tx, Send),
            (Tx, SendReplace),
            (Tx, SendModify),
            (Tx, Subscribe),
            (Tx, Closed),
            (Tx, IsClosed),
            (Tx, DropTx),
            (Rx, Borrow),
            (Rx, Update),
            (Rx, HasChanged),
            (Rx, Changed),
            (Rx, Changed),
            (Rx, WaitFor),
            (Rx, DropRx),
        ],
        Kind::Broadcast(_) => &[
            (Tx, Send),
            (Tx, Send),
            (Tx, Send),
            (Tx, Subscribe),
            (Tx, Len),
            (Tx, Receivers),
            (Tx, Closed),
            (Tx, DropTx),
            (Rx, Recv),
            (Rx, Recv),
            (Rx, Recv),
            (Rx, TryRecv),
            (Rx, Len),
            (Rx, IsClosed),
            (Rx, Resubscribe),
            (Rx, DropRx),
        ],
        Kind::Notify => &[
            (Tx, Notified),
            (Tx, Notified),
            (Tx, Notified),
            (Tx, ListenFirst),
            (Tx, EnableFirst),
            (Tx, NotifyOne),
            (Tx, NotifyOne),
            (Tx, NotifyLast),
            (Tx, NotifyWaiters),
        ],
        Kind::Barrier(_) => &[(Tx, Arrive)],
        Kind::Semaphore(_) => &[
            (Tx, Acquire),
            (Tx, Acquire),
            (Tx, AcquireTwo),
            (Tx, TryAcquire),
            (Tx, Release),
            (Tx, Release),
            (Tx, Forget),
            (Tx, ForgetFree),
            (Tx, Add),
            (Tx, Available),
            (Tx, CloseSemaphore),
            (Tx, IsClosed),
            (Tx, Critical),
        ],
        Kind::Mutex => &[
            (Tx, Acquire),
            (Tx, Acquire),
            (Tx, TryAcquire),
            (Tx, Release),
            (Tx, Critical),
            (Tx, CriticalPart),
        ],
        Kind::RwLock => &[
            (Tx, Acquire),
            (Tx, TryAcquire),
            (Tx, Read),
            (Tx, Read),
            (Tx, TryRead),
            (Tx, Release),
            (Tx, Critical),
            (Tx, CriticalPart),
            (Tx, Downgrade),
            (Tx, Downgrade),
        ],
        Kind::Token => &[
            (Tx, Cancelled(0)),
            (Tx, Cancelled(1)),
            (Tx, Cancelled(2)),
            (Tx, IsCancelled(0)),
            (Tx, IsCancelled(1)),
            (Tx, IsCancelled(2)),
            (Tx, Cancel(0)),
            (Tx, Cancel(1)),
            (Tx, Cancel(2)),
            (Tx, NewChild(0)),
            (Tx, NewChild(1)),
        ],
        Kind::Tracker => &[
            (Tx, Wait),
            (Tx, Wait),
            (Tx, Close),
            (Tx, Reopen),
            (Tx, Len),
            (Tx, IsClosed),
            (Tx, Track),
        ],
        Kind::OnceCell => &[
            (Tx, Init),
            (Tx, InitSlowly),
            (Tx, InitSlowly),
            (Tx, InitFails),
            (Tx, SetOnce),
            (Tx, GetOnce),
        ],
        Kind::Atomic => {
            &[(Tx, Load), (Tx, Store), (Tx, Add1), (Tx, CompareExchange), (Tx, Update2)]
        }
        Kind::Blocking => &[(Tx, Lock), (Tx, LockTwice)],
    }
}

impl Kind {
    /// Only one task has its receiving end.
    pub(crate) fn has_one_receiver(self) -> bool {
        matches!(self, Kind::Mpsc(_) | Kind::Unbounded | Kind::Oneshot)
    }

    /// Only one task has its sending end.
    pub(crate) fn has_one_sender(self) -> bool {
        matches!(self, Kind::Oneshot)
    }
}

/// A verb on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub object: usize,
    pub end: End,
    pub verb: Verb,
}

/// One step of a task. Each notes what it observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Does it, waiting.
    Do(Act),
    /// Polls it once and drops it.
    Once(Act),
    /// Polls it until the task was polled a second time, then drops it.
    Briefly(Act),
    /// The first of two.
    Select(Act, Act),
    /// The same, the first polled first.
    Biased(Act, Act),
    /// Both.
    Both(Act, Act),
    /// So many milliseconds at most.
    Within(u64, Act),
    Sleep(u64),
    Now,
    Yield,
    /// Runs it until node 0 of a token is cancelled.
    Until(usize, Act),
    /// On an earlier task.
    Await(usize),
    AwaitOr(usize, Act),
    Abort(usize),
    IsFinished(usize),
    /// On the task's own set.
    Spawn(Act),
    JoinNext,
    TryJoinNext,
    AbortAll,
    Shutdown,
    DropSet,
}

/// A whole program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub objects: Vec<Kind>,
    pub tasks: Vec<Vec<Step>>,
    /// Handles that are left at the end of a task, and those that no task has, stay open.
    pub keep: bool,
    /// Values are told apart by their `Hash`.
    pub identify: bool,
    /// A timer may beat any computation.
    pub racing: bool,
    /// Tasks interleave only where a poll ends.
    pub by_poll: bool,
    /// Each task is a closure that blocks where it waits.
    pub closures: bool,
}
