//! Multi-producer, single-consumer channels: `tokio::sync::mpsc`, wrapped.
//!
//! `bounded.rs` has the senders with a bound and their permits, `unbounded.rs` the others, `receiver.rs`
//! both receivers.

mod bounded;
mod receiver;
mod unbounded;

pub use bounded::{OwnedPermit, Permit, Sender, channel};
pub use receiver::{Receiver, UnboundedReceiver};
pub use tokio::sync::mpsc::error;
pub use unbounded::{UnboundedSender, unbounded_channel};

use super::seen;
use crate::check::engine::{OpKind, Outcome, Site};
use crate::check::object::Object;
use error::TrySendError;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Context;

/// A wait for the receiver to close: the same for both senders.
async fn closed(object: Object, site: Site, real: impl Future<Output = ()>) {
    let mut real = pin!(real);
    poll_fn(|cx| {
        let real = |cx: &mut Context<'_>| real.as_mut().poll(cx);
        object.poll(OpKind::Closed, 0, site, cx, real, seen::done)
    })
    .await
}

fn tried<R, T>(result: &Result<R, TrySendError<T>>) -> Outcome {
    match result {
        Ok(_) => Outcome::DONE,
        Err(TrySendError::Full(_)) => Outcome::BUSY,
        Err(TrySendError::Closed(_)) => Outcome::CLOSED,
    }
}
