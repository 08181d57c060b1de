//! Synchronisation: the real primitives of tokio, tokio-util and std, each operation announced.
//!
//! Read `held` and `waiting` first: nearly every handle is a `Held`, nearly every future a `Waiting`.

mod guard;
pub(crate) mod held;
pub(crate) mod seen;
pub(crate) mod waiting;

pub mod atomic;
mod barrier;
pub mod broadcast;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod rwlock;
mod semaphore;
mod token;
pub mod watch;

pub(crate) use guard::{guard, map};

pub use barrier::{Barrier, BarrierWaitResult};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
pub use notify::{Notify, futures};
pub use once_cell::{OnceCell, SetError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use token::{
    CancellationToken, DropGuard, WaitForCancellationFuture, WaitForCancellationFutureOwned,
};
pub use tokio::sync::{AcquireError, TryAcquireError, TryLockError};
