//! The facade that code under test imports: write `selvedge_rt::` where you would write `tokio::`.
//!
//! *Without features* this crate only re-exports tokio, tokio-util, tokio-stream and async-channel, so
//! production pays nothing (`tests/identity.rs` proves it by type identity); the one type of its own,
//! [`cell::UnsafeCell`], is that of std behind two closures.
//!
//! *With feature `check`* (switched on by the `selvedge` crate, never by hand) each type wraps the
//! same real primitive and announces every operation to the running [engine](check::engine). With no
//! engine running, an operation falls through to the real primitive.
//!
//! | path | stands for |
//! |---|---|
//! | [`spawn`], [`task`] | `tokio::task`, `tokio_util::task::{TaskTracker, AbortOnDropHandle}` |
//! | [`sync`] | `tokio::sync`, `tokio_util::sync::CancellationToken`, `std::sync::atomic` |
//! | [`async_channel`] | the MPMC channel of the crate of that name |
//! | [`blocking`] | `std::sync::Mutex` |
//! | [`cell`] | `std::cell::UnsafeCell`, with the accesses of `loom::cell::UnsafeCell` |
//! | [`time`] | `tokio::time` |
//! | [`tokio_stream`] | the wrappers of the crate of that name |
//! | `signal` (feature) | `tokio::signal` |
//! | [`select!`], [`join!`], [`pin!`] | tokio's macros |
//!
//! What is not here is not wrapped: using it is a compile error and never a blind spot.

#[cfg(not(feature = "check"))]
pub mod cell;
#[cfg(not(feature = "check"))]
mod production;
#[cfg(not(feature = "check"))]
pub use production::*;

#[cfg(feature = "check")]
pub mod check;
#[cfg(feature = "check")]
pub use check::facade::*;

#[cfg(feature = "signal")]
pub mod signal;

/// Whether this build announces operations to an engine. A benchmark asserts that it does not.
pub const CHECKED: bool = cfg!(feature = "check");
