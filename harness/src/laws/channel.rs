//! Channel ownership: who closes, and what becomes of the items.

use super::about_op;
use crate::exec::Exec;
use crate::model::{ClosedBy, Model};
use crate::overall::Overall;
use crate::{Law, Violation};
use selvedge_rt::check::engine::{Flavor, Op, OpKind, Outcome};

/// The identity of a value without content: nothing is lost with it.
const UNIT: u64 = 1;

pub(super) fn before(e: &mut Exec, t: usize, op: &Op, outcome: Outcome) {
    use OpKind::*;
    if !matches!(op.kind, CloseSend | CloseRecv | Send | TrySend | DropSend | DropReceiver) {
        return;
    }
    let Model::Channel(m) = &e.object(op.object).model else { return };
    let (law, what) = match op.kind {
        CloseSend | CloseRecv if m.closed.is_some() => {
            (Law::DoubleClose, "the channel is closed a second time".into())
        }
        Send | TrySend if outcome == Outcome::CLOSED && m.closed == Some(ClosedBy::Sender) => {
            (Law::SendAfterClose, "an item is sent into a channel that a sender closed".into())
        }
        DropSend if op.arg != UNIT => {
            (Law::LostItem, "a send was cancelled with its item inside".into())
        }
        // A reply that nobody waits for any more is no loss: `oneshot` is left out.
        DropReceiver if m.receivers == 1 && m.flavor != Flavor::Oneshot => {
            match m.queue.iter().filter(|id| **id != UNIT).count() {
                0 => return,
                1 => (Law::LostItem, "an accepted item is dropped with the last receiver".into()),
                n => (
                    Law::LostItem,
                    format!("{n} accepted items are dropped with the last receiver"),
                ),
            }
        }
        _ => return,
    };
    let violation = Violation { law, what, ..about_op(e, t, op) };
    e.violate(violation);
}

/// A queue may have grown.
pub(super) fn depth(e: &mut Exec, t: usize, op: &Op, overall: &mut Overall) {
    let object = e.object(op.object);
    let Model::Channel(m) = &object.model else { return };
    // Each item makes its queue the deepest so far, or does not matter.
    if matches!(m.flavor, Flavor::Mpsc | Flavor::Mpmc) && m.queue.len() == m.depth {
        overall.depth(object.site, m.capacity, m.depth);
    }
    let Some(high_water) = e.config.high_water else { return };
    if m.capacity.is_none() && m.depth > high_water {
        let what = format!("an unbounded queue holds {} items; {high_water} are allowed", m.depth);
        let violation = Violation { law: Law::UnboundedGrowth, what, ..about_op(e, t, op) };
        e.violate(violation);
    }
}
