//! Tasks: what tokio's runtime provides, provided by the engine where one runs.
//!
//! With no engine running when a handle or a set is made, it is tokio's own. Start with `spawn.rs`:
//! what a spawned future is to an engine, and how it ends.

mod abort_on_drop;
mod blocking;
mod error;
mod id;
mod join_handle;
mod join_set;
mod spawn;
mod tracker;
mod yield_now;

pub use abort_on_drop::AbortOnDropHandle;
pub use blocking::spawn_blocking;
pub use error::JoinError;
pub use id::{Id, id, try_id};
pub use join_handle::{AbortHandle, JoinHandle};
pub use join_set::JoinSet;
pub use spawn::{RootHandle, root_body, spawn};
pub use tracker::{TaskTracker, TrackedFuture};
pub use yield_now::yield_now;
