//! The facade of a `check` build: the real primitives, wrapped.
//!
//! Start with [`engine`] (the seam) and [`object`] (the one door); then any wrapper, for instance
//! `sync/notify.rs`. Each wrapper holds the real primitive and an [`object::Object`], and does every
//! operation through it.

pub mod engine;
pub mod object;

pub mod async_channel;
pub mod block_on;
pub mod blocking;
pub mod cell;
#[doc(hidden)]
pub mod join;
pub mod sync;
pub mod task;
pub mod time;
pub mod tokio_stream;

/// The names that code under test sees: the same as in production.
pub mod facade {
    pub use super::task::spawn;
    pub use crate::{join, select};
    pub use tokio::pin;

    pub use super::{async_channel, blocking, cell, sync, task, time, tokio_stream};
}
