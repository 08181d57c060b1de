//! Synchronisation: the real primitives of tokio, tokio-util and std, each operation announced.
//!
//! Read `held` and `waiting` first: nearly every handle is a `Held`, nearly every future a `Waiting`.

pub(crate) mod held;
pub(crate) mod seen;
pub(crate) mod waiting;

pub mod mpsc;
mod token;

pub use token::{
    CancellationToken, DropGuard, WaitForCancellationFuture, WaitForCancellationFutureOwned,
};
