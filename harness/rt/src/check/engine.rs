//! The one seam between code under test and an engine.
//!
//! 1. Code under test reaches an engine only through [`Object`](super::object::Object), so an engine
//!    sees every operation before it happens and its outcome right after.
//! 2. An engine never re-implements a primitive: it decides *when* the real operation runs.
//! 3. Ids are stable: equal in every schedule in which the same code ran. They come from the creator
//!    and a counter, never from an address or a global counter.

use std::any::TypeId;
use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Where something in the code under test was written.
pub type Site = &'static Location<'static>;

/// A task of the running execution, by order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);

/// An object of one execution: its order of creation, and which execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId {
    /// Order of creation within the execution.
    pub index: u32,
    /// The execution that it belongs to. An object that outlives it is hidden state.
    pub execution: u32,
}

/// What an object is, with the part of its configuration that its behaviour depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// The end of one task: finish, join, abort.
    Join,
    /// The ends of the tasks in a `JoinSet`, and the order in which they are taken.
    JoinSet,
    /// A channel; `capacity` is `None` when unbounded.
    Channel {
        /// Which real channel.
        flavor: Flavor,
        /// Items that fit, where bounded.
        capacity: Option<usize>,
    },
    /// A counting semaphore.
    Semaphore {
        /// Permits at creation.
        permits: usize,
    },
    /// An async mutex.
    Mutex,
    /// An async readers-writer lock.
    RwLock,
    /// A `Notify`.
    Notify,
    /// A barrier.
    Barrier {
        /// Tasks that wait for each other.
        n: usize,
    },
    /// A tree of cancellation tokens; operations carry the node.
    Token,
    /// A `TaskTracker`.
    Tracker,
    /// A cell that is set once.
    OnceCell,
    /// An atomic cell.
    Atomic,
    /// A cell whose accesses must not overlap.
    Cell,
    /// A mutex that blocks its thread.
    BlockingMutex,
    /// A timer.
    Timer,
    /// The places where a task yields.
    Yield,
}

/// Which real channel an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// `tokio::sync::mpsc`
    Mpsc,
    /// `tokio::sync::oneshot`
    Oneshot,
    /// `tokio::sync::watch`: keeps the latest value, loses none by design.
    Watch,
    /// `tokio::sync::broadcast`: a receiver that is behind misses items by design.
    Broadcast,
    /// `async_channel`
    Mpmc,
}

/// What a task does to an object. A *poll* may be [pending](Outcome::Pending); all others take effect at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpKind {
    // --- channels; `arg` of a send is the identity of the value
    /// Poll of a send.
    Send,
    /// A send that never waits.
    TrySend,
    /// Poll for a slot.
    Reserve,
    /// A slot, if there is one now.
    TryReserve,
    /// A send into a reserved slot.
    SendReserved,
    /// A reserved slot given back.
    DropPermit,
    /// Poll of a receive.
    Recv,
    /// A receive that never waits.
    TryRecv,
    /// Poll for the end of the other side; on `watch`, for a change is [`Changed`](OpKind::Changed).
    Closed,
    /// A look at whether the channel is closed.
    IsClosed,
    /// A look at the number of items.
    Len,
    /// Explicit close by a sending handle.
    CloseSend,
    /// Explicit close by a receiving handle.
    CloseRecv,
    /// A sending handle is gone.
    DropSender,
    /// A receiving handle is gone.
    DropReceiver,
    /// A sending handle was cloned. Silent.
    CloneSender,
    /// A receiving handle was cloned. Silent.
    CloneReceiver,
    /// A send future was dropped with its value (`arg`) inside.
    DropSend,
    /// A receive future of an MPMC channel that waits was dropped. Silent.
    DropRecv,
    /// Poll for a change of a `watch`. `arg` is the version seen.
    Changed,
    /// A look at the value of a `watch`.
    Borrow,
    /// A receiver of a `broadcast` is made, of what is sent from here on.
    Subscribe,

    // --- semaphore, mutex, readers-writer lock; `arg` is the number of permits
    /// Poll for permits, or for a lock.
    Acquire,
    /// Permits or a lock, if free now.
    TryAcquire,
    /// Permits or a lock given back.
    Release,
    /// Permits added.
    AddPermits,
    /// Permits taken for good.
    Forget,
    /// The semaphore is closed.
    CloseSemaphore,
    /// A look at the permits that are free.
    Available,
    /// Poll for the shared lock.
    AcquireShared,
    /// The shared lock, if free now.
    TryAcquireShared,
    /// The shared lock given back.
    ReleaseShared,
    /// A lock for writing becomes one for reading.
    Downgrade,
    /// A future that waits for permits or a lock was dropped. `arg` is what it wanted.
    DropAcquire,

    // --- notify
    /// A `Notified` was made: from here on `notify_waiters` completes it, polled or not. So it is with the
    /// future of `TaskTracker::wait`, and the end of the last task.
    Listen,
    /// Poll of a `Notified`.
    Notified,
    /// The first waiter, or a stored permit.
    NotifyOne,
    /// The last waiter, or a stored permit.
    NotifyLast,
    /// All waiters.
    NotifyWaiters,
    /// A `Notified` that waits was dropped.
    DropNotified,

    // --- barrier
    /// Poll of a wait, whose first poll arrives.
    Arrive,
    /// A wait that arrived was dropped. Silent.
    DropArrive,

    // --- cancellation; `arg` is the node
    /// Poll of a `cancelled()` future.
    Cancelled,
    /// A look at the token.
    IsCancelled,
    /// Cancel the node and all below it.
    Cancel,
    /// A `cancelled()` future that waits was dropped. Silent.
    DropCancelled,
    /// A child node was made; `arg` is `parent << 32 | child`. Silent.
    ChildToken,

    // --- tasks; `arg` is the task
    /// A task ends: its output is stored and its joiner woken.
    Finish,
    /// Poll of a `JoinHandle` or `JoinSet`.
    Join,
    /// A task of a `JoinSet` that has ended, if there is one now.
    TryJoin,
    /// A look at whether a task has ended.
    IsFinished,
    /// Ask a task to end at its next await.
    Abort,
    /// The handle of a task is gone. Silent.
    Detach,
    /// Poll of `yield_now`.
    Yield,

    // --- task tracker
    /// A task is tracked. Silent.
    Track,
    /// What was tracked is gone; `arg` is 1 where that was all of the task that says so.
    Untrack,
    /// The tracker is closed.
    CloseTracker,
    /// The tracker is opened again.
    ReopenTracker,
    /// Poll of `TaskTracker::wait`.
    WaitTracked,

    // --- atomics; `arg` is the value written. Cells: a read is a `Load`, a write an `Rmw`
    /// Load.
    Load,
    /// Store.
    Store,
    /// Read, modify, write. What it wrote follows as [`Wrote`](OpKind::Wrote).
    Rmw,
    /// The value that a read-modify-write left, as `arg`. Of a lock: what it guards may change from here on.
    /// Silent.
    Wrote,

    // --- cell that is set once; the right to set it is an `Acquire`, given back with `Release`
    /// The value is set. `arg` is its identity.
    SetOnce,
    /// A look at whether there is a value.
    GetOnce,

    // --- blocking mutex
    /// Lock, blocking the task until it is free.
    LockBlocking,
    /// Unlock.
    UnlockBlocking,

    // --- time
    /// Poll of a timer. `arg` is the deadline in nanoseconds since the start of the execution.
    Timer,
    /// A timer is gone. Silent.
    DropTimer,
    /// A look at the clock.
    Now,
}

impl OpKind {
    /// Whether the operation may be [`Outcome::Pending`], so that the task waits on the object.
    pub fn is_poll(self) -> bool {
        use OpKind::*;
        matches!(
            self,
            Send | Reserve
                | Recv
                | Closed
                | Changed
                | Acquire
                | AcquireShared
                | Notified
                | Arrive
                | Cancelled
                | Join
                | Yield
                | WaitTracked
                | Timer
        )
    }

    /// Whether the operation only takes a waiter back, which tells the task nothing.
    pub fn unwaits(self) -> bool {
        matches!(self, OpKind::DropRecv | OpKind::DropCancelled | OpKind::DropArrive)
    }

    /// Whether the operation is the end of a handle, a guard or a future that waits: what a destructor does.
    pub fn gives_back(self) -> bool {
        use OpKind::*;
        self.unwaits()
            || matches!(
                self,
                DropPermit
                    | DropSender
                    | DropReceiver
                    | DropSend
                    | Release
                    | ReleaseShared
                    | UnlockBlocking
                    | DropAcquire
                    | DropNotified
                    | Untrack
                    | Detach
                    | DropTimer
                    | Abort
                    | Cancel
            )
    }

    /// Whether the operation is book-keeping that no other task can tell from its absence, so that
    /// it is never a point where tasks interleave.
    pub fn is_silent(self) -> bool {
        use OpKind::*;
        matches!(
            self,
            CloneSender
                | CloneReceiver
                | DropRecv
                | DropCancelled
                | DropArrive
                | Wrote
                | ChildToken
                | Detach
                | Track
                | DropTimer
        )
    }
}

/// One operation that a task is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// On what.
    pub object: ObjectId,
    /// What.
    pub kind: OpKind,
    /// See [`OpKind`]; 0 where it has no argument.
    pub arg: u64,
    /// Which of the task's futures it is of, where a task may have several that wait alike: an address,
    /// to be compared within one execution and never hashed. Else 0.
    pub future: usize,
    /// The identity of the value that a lock is left with, or that a task ends with; where the receiver of a
    /// `broadcast` is; else 0.
    pub value: u64,
    /// Where in the code under test.
    pub site: Site,
}

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A poll that registered a waiter. The task observed nothing.
    Pending,
    /// It took effect; the number identifies what was observed, 0 where that is nothing.
    /// For a receive the engine knows what was received, and 0 stands for "an item".
    Done(u64),
    /// It was refused (closed, full, empty); the number says which.
    Failed(u64),
}

impl Outcome {
    /// [`Done`](Outcome::Done), nothing observed.
    pub const DONE: Outcome = Outcome::Done(0);
    /// Refused: the other side, or the object, is closed.
    pub const CLOSED: Outcome = Outcome::Failed(1);
    /// Refused: no room, no item, no permit, not now.
    pub const BUSY: Outcome = Outcome::Failed(2);
    /// A task's end: it panicked.
    pub const PANICKED: Outcome = Outcome::Failed(3);
    /// A task's end: it was aborted.
    pub const ABORTED: Outcome = Outcome::Failed(4);
    /// A task's end: it returned an `Err`. Seen only for types that a check declares.
    pub const ERRED: Outcome = Outcome::Failed(5);

    /// An access to a cell: nothing orders it with another one.
    pub const RACED: Outcome = Outcome::Failed(6);

    /// What [`lagged`](Self::lagged) counts from.
    const LAGGED: u64 = 1 << 32;

    /// A receive from a `broadcast`: `n` items were gone before.
    pub const fn lagged(n: u64) -> Outcome {
        Outcome::Failed(Self::LAGGED + n)
    }

    /// How many items were gone, if that is what came of it.
    pub const fn missed(self) -> Option<u64> {
        match self {
            Outcome::Failed(n @ Self::LAGGED..) => Some(n - Self::LAGGED),
            _ => None,
        }
    }
}

/// What a task is to the engine: a body to poll, and a way to cancel it.
///
/// Both run to the task's own [`OpKind::Finish`], with every destructor's operations before it.
pub trait Body: Send {
    /// Polls the task. `Ready` once [`OpKind::Finish`] has been done. Never unwinds.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
    /// Drops what is left of the task's future and finishes it as aborted. Never unwinds.
    fn cancel(&mut self);
    /// Drops what is left with no engine listening: the execution is over.
    fn discard(&mut self);
}

/// Where a value lies, and how large it is: to be compared within one execution and never hashed.
///
/// Of two values with one extent neither has anything that the other has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    address: usize,
    size: usize,
}

impl Extent {
    /// That of `value`.
    pub fn of<T>(value: &T) -> Extent {
        Extent { address: (&raw const *value).addr(), size: size_of::<T>() }
    }
}

/// A task to start.
pub struct NewTask {
    /// The body.
    pub body: Box<dyn Body>,
    /// The object that carries its end.
    pub join: ObjectId,
    /// Where it was spawned.
    pub site: Site,
    /// The type of its future: with the site, what makes two tasks *equal*.
    pub future: TypeId,
    /// Where its future lies; `None` of a closure.
    pub extent: Option<Extent>,
    /// Short name of the future's type, for reports.
    pub name: &'static str,
    /// It has a thread of its own: its one poll interleaves with those of other tasks at any grain, and
    /// cannot be cancelled once begun.
    pub blocking: bool,
}

/// What an engine can tell of a value: see [`Engine::inspect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Its identity.
    pub identity: u64,
    /// Whether it is an `Err`.
    pub is_err: bool,
}

/// Where a task is in the `select!` and `join!` that it is polling; the default is in none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Branch {
    /// The branches, outer to inner.
    pub path: u64,
    /// The same, with the order in which each goes through its branches: what it will poll next.
    pub route: u64,
}

impl Branch {
    /// Branch `branch` inside this one, where the first polled is `start`.
    pub fn inner(self, branch: usize, start: usize) -> Branch {
        let step = |path: u64, by: usize| path.wrapping_mul(64).wrapping_add(by as u64 + 1);
        Branch { path: step(self.path, branch), route: step(step(self.route, start), branch) }
    }
}

/// A cell whose loads may be stale, as the memory model allows. The loom engine has them.
pub trait WeakCell: Send + Sync {
    /// Loads.
    fn load(&self, order: std::sync::atomic::Ordering) -> u64;
    /// Stores.
    fn store(&self, value: u64, order: std::sync::atomic::Ordering);
    /// Replaces the value by `f` of it, if `f` gives one; returns the old one, `Err` when `f` gave none.
    fn update(
        &self,
        success: std::sync::atomic::Ordering,
        failure: std::sync::atomic::Ordering,
        f: &mut dyn FnMut(u64) -> Option<u64>,
    ) -> Result<u64, u64>;
}

/// Follows what orders the accesses to a cell, as the memory model has it. The loom engine has them.
pub trait RaceCell: Send + Sync {
    /// Whether a read is ordered with every write before it.
    fn read(&self) -> bool;
    /// Whether a write is ordered with every access before it.
    fn write(&self) -> bool;
}

/// Decides when each operation of the code under test runs. Engines live in the `selvedge` crate.
///
/// An engine never reads the wall clock, an address or a global counter.
pub trait Engine {
    /// A new object, made by the running task.
    fn create(&self, kind: ObjectKind, site: Site) -> ObjectId;

    /// Waits until the running task may do `op`, calls `run` once to do it, and notes its outcome.
    ///
    /// Does not call `run` where the execution no longer wants the operation: a poll is then
    /// pending, anything else unwinds with [`Stopped`].
    fn perform(&self, op: Op, run: &mut dyn FnMut() -> Outcome);

    /// One of `0..n`, each explored. The choice of the running task.
    fn choose(&self, n: usize) -> usize;

    /// Says in which branch of a `select!` or `join!` the running task is. Operations of two branches
    /// may look the same otherwise. Returns where it was before.
    fn in_branch(&self, _branch: Branch) -> Branch {
        Branch::default()
    }

    /// Starts a task.
    fn spawn(&self, task: NewTask) -> TaskId;

    /// A waker to register in place of `waker` where that is not the running task's own (a
    /// combinator's), so that the engine sees which of several futures was woken.
    fn wrap_waker(&self, waker: &Waker) -> Option<Waker>;

    /// The identity of a value that the running task is about to hand over: its `Hash` where the
    /// check knows the type, else where it came from. `value` points to a live value of type `ty`.
    fn inspect(&self, ty: TypeId, size: usize, value: *const ()) -> Inspected;

    /// Virtual time since the start of the execution, observed by the running task.
    fn now(&self) -> Duration;

    /// Wakes `waker` once virtual time reaches the deadline of `timer`. `None` disarms it.
    fn arm(&self, timer: ObjectId, deadline: Option<Duration>, waker: Option<&Waker>);

    /// The clock, for a poll of a timer that has already been announced.
    fn elapsed(&self) -> Duration;

    /// A cell with the engine's memory model, or `None` where the real atomic serves.
    fn weak_cell(&self, initial: u64) -> Option<Box<dyn WeakCell>>;

    /// What follows the accesses to a cell, or `None` where the engine sees who else is about to access it.
    fn race_cell(&self) -> Option<Box<dyn RaceCell>> {
        None
    }

    /// The capacity of a bounded channel: as it was asked for, unless a check tries another.
    fn capacity(&self, _made_at: Site, asked: usize) -> usize {
        asked
    }

    /// Whether the running task was aborted before this poll of it did anything: then whatever the poll
    /// comes to, the task ends as cancelled.
    fn stopped(&self) -> bool {
        false
    }

    /// What tells a task from others, the same on every schedule; `None` is the running one. The root has
    /// none. From here on, which task it was that ended is something that others look at.
    fn number(&self, task: Option<TaskId>) -> Option<u64> {
        task.map(|TaskId(n)| n.into())
    }

    /// Whether what lies there is all of the running task's future.
    fn is_task(&self, _: Extent) -> bool {
        false
    }

    /// The waker of the running task, where that has a thread of its own and may [`park`](Self::park).
    fn own_thread(&self) -> Option<Waker> {
        None
    }

    /// Waits until the running task is woken. Called only where it has a thread of its own.
    ///
    /// Unwinds with [`Stopped`] where the execution is over.
    fn park(&self) {
        unreachable!("no task of this engine has a thread of its own");
    }

    /// The name of the running task, for the code under test to set.
    fn name_task(&self, name: &str);
}

/// See [`Engine::capacity`].
pub(crate) fn capacity(made_at: Site, asked: usize) -> usize {
    // Zero is the real primitive's to refuse.
    current().filter(|_| asked > 0).map_or(asked, |engine| engine.capacity(made_at, asked))
}

/// What an operation unwinds with when its execution is being stopped. Never shown to a person.
pub struct Stopped;

thread_local! {
    static ENGINE: RefCell<Option<Rc<dyn Engine>>> = const { RefCell::new(None) };
}

/// The engine that runs on this thread.
#[inline]
pub fn current() -> Option<Rc<dyn Engine>> {
    // A destructor of a thread-local may run after ours: then no engine runs.
    ENGINE.try_with(|e| e.borrow().clone()).ok().flatten()
}

/// Makes `engine` the engine of this thread until the guard is dropped.
pub fn enter(engine: Rc<dyn Engine>) -> Entered {
    Entered(ENGINE.with(|e| e.borrow_mut().replace(engine)))
}

/// See [`enter`].
pub struct Entered(Option<Rc<dyn Engine>>);

impl Drop for Entered {
    fn drop(&mut self) {
        ENGINE.with(|e| *e.borrow_mut() = self.0.take());
    }
}
