//! Synchronisation: the real primitives of tokio, tokio-util and std, each operation announced.
//!
//! Read `held` and `waiting` first: nearly every handle is a `Held`, nearly every future a `Waiting`.

mod guard;
pub(crate) mod held;
pub(crate) mod seen;
pub(crate) mod waiting;

pub mod atomic;
pub mod broadcast;
pub mod mpsc;
mod mutex;
mod notify;
pub mod oneshot;
mod rwlock;
mod semaphore;
mod token;
pub mod watch;

pub(crate) use guard::guard;

pub use mutex::{Mutex, MutexGuard, OwnedMutexGuard};
pub use notify::{Notify, futures};
pub use rwlock::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use token::{
    CancellationToken, DropGuard, WaitForCancellationFuture, WaitForCancellationFutureOwned,
};
pub use tokio::sync::{AcquireError, TryAcquireError, TryLockError};
