//! Production: the real primitives, re-exported. The only place that names them outside `check`.

pub use tokio::{join, pin, select, spawn};

/// Tasks. See `tokio::task`.
pub mod task {
    pub use tokio::task::{
        AbortHandle, Id, JoinError, JoinHandle, JoinSet, id, spawn, spawn_blocking, try_id,
        yield_now,
    };
    pub use tokio_util::task::{AbortOnDropHandle, TaskTracker};
}

/// Synchronisation. See `tokio::sync`.
pub mod sync {
    pub use tokio::sync::{
        AcquireError, Barrier, BarrierWaitResult, MappedMutexGuard, Mutex, MutexGuard, Notify,
        OnceCell, OwnedMappedMutexGuard, OwnedMutexGuard, OwnedRwLockMappedWriteGuard,
        OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock,
        RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit,
        SetError, TryAcquireError, TryLockError, futures,
    };
    pub use tokio_util::sync::{
        CancellationToken, DropGuard, WaitForCancellationFuture, WaitForCancellationFutureOwned,
    };

    /// Bounded and unbounded multi-producer, single-consumer channels.
    pub mod mpsc {
        pub use tokio::sync::mpsc::{
            OwnedPermit, Permit, Receiver, Sender, UnboundedReceiver, UnboundedSender, channel,
            error, unbounded_channel,
        };
    }

    /// One value, once.
    pub mod oneshot {
        pub use tokio::sync::oneshot::{Receiver, Sender, channel, error};
    }

    /// Every item, to everybody.
    pub mod broadcast {
        pub use tokio::sync::broadcast::{Receiver, Sender, channel, error};
    }

    /// The latest value, to many.
    pub mod watch {
        pub use tokio::sync::watch::{Receiver, Ref, Sender, channel, error};
    }

    /// Atomics. See `std::sync::atomic`.
    pub mod atomic {
        pub use std::sync::atomic::{
            AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering,
        };
    }
}

/// Locks that block the thread. Never hold one across an await.
pub mod blocking {
    pub use std::sync::{LockResult, Mutex, MutexGuard, PoisonError};
}

/// Multi-producer, multi-consumer channels. See the crate `async-channel`.
pub mod async_channel {
    pub use ::async_channel::{
        Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError, bounded, unbounded,
    };
}

/// Receivers and intervals as streams. See the crate `tokio-stream`.
pub mod tokio_stream {
    /// The wrappers.
    pub mod wrappers {
        pub use ::tokio_stream::wrappers::{
            BroadcastStream, IntervalStream, ReceiverStream, UnboundedReceiverStream, WatchStream,
            errors,
        };
    }
}

/// Time. See `tokio::time`.
pub mod time {
    pub use tokio::time::{
        Duration, Instant, Interval, MissedTickBehavior, Sleep, Timeout, error, interval,
        interval_at, sleep, sleep_until, timeout, timeout_at,
    };
}
