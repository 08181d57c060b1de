//! `Barrier`: the real one of tokio, wrapped.
//!
//! Each poll of a wait is an `Arrive`; the first one arrives, pending or not. A wait that is dropped has
//! arrived all the same, as in tokio.

use super::waiting::Waiting;
use crate::check::engine::{ObjectKind, OpKind, Outcome};
use crate::check::object::Object;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use tokio::sync as real;

pub use tokio::sync::BarrierWaitResult;

/// Lets `n` tasks wait for each other.
pub struct Barrier {
    real: real::Barrier,
    object: Object,
}

impl Barrier {
    /// A barrier for `n` tasks at a time. 0 stands for 1: nobody waits.
    #[track_caller]
    pub fn new(n: usize) -> Barrier {
        Barrier { real: real::Barrier::new(n), object: Object::new(ObjectKind::Barrier { n }) }
    }

    /// Waits until `n` tasks wait; the last of them is told that it leads. Then the next `n` may.
    ///
    /// # Cancel safety
    ///
    /// None: if dropped early, it still counts as one of the `n`.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        let leads = |result: &BarrierWaitResult| Outcome::Done(u64::from(result.is_leader()));
        let ops = (OpKind::Arrive, OpKind::DropArrive);
        Waiting::new(self.object, ops, 0, Location::caller(), self.real.wait(), leads)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}
