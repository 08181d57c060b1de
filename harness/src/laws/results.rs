//! Results that are lost: updates between a look and a write, and a second value for a slot that takes one.

use super::about_op;
use crate::exec::{Exec, Look};
use crate::{Law, Violation};
use selvedge_rt::check::engine::{ObjectKind, Op, OpKind, Outcome};

/// Follows who looked at what, and whose look is overtaken by somebody else's write.
///
/// Under a lock, a section in which nothing was written is a look, and any other is a write. Within a section, and
/// in a read-modify-write, nobody comes between.
pub(super) fn after(e: &mut Exec, t: usize, op: &Op, outcome: Outcome) {
    if !e.config.lost_updates {
        return;
    }
    let object = e.object(op.object);
    let atomic = object.kind == ObjectKind::Atomic;
    let lock =
        matches!(object.kind, ObjectKind::Mutex | ObjectKind::RwLock | ObjectKind::BlockingMutex);
    let key = object.key;
    match op.kind {
        OpKind::SetOnce if matches!(outcome, Outcome::CLOSED | Outcome::BUSY) => taken(e, t, op),
        OpKind::Load if atomic => look(e, t, op, key),
        OpKind::Store if atomic => write(e, t, op, true),
        OpKind::Wrote if atomic => write(e, t, op, false),
        // The guard lets its value be changed from here on.
        OpKind::Wrote if lock => write(e, t, op, true),
        OpKind::Release | OpKind::ReleaseShared | OpKind::UnlockBlocking if lock => {
            let wrote = e.tasks[t].wrote.iter().position(|id| *id == op.object);
            match wrote {
                Some(i) => drop(e.tasks[t].wrote.swap_remove(i)),
                None => look(e, t, op, key),
            }
        }
        _ => {}
    }
}

/// A cell that is set once, by somebody else.
fn taken(e: &mut Exec, t: usize, op: &Op) {
    let what =
        format!("`{}` sets a cell that is set already: one result is lost", e.tasks[t].name());
    let violation = Violation { law: Law::ResultRace, what, ..about_op(e, t, op) };
    e.violate(violation);
}

fn look(e: &mut Exec, t: usize, op: &Op, key: u64) {
    let looks = &mut e.tasks[t].looks;
    match looks.iter_mut().find(|look| look.object == op.object) {
        Some(look) => look.overtaken = false,
        None => looks.push(Look { object: op.object, key, site: op.site, overtaken: false }),
    }
}

/// A write. `blind`: it may rest on an earlier look.
fn write(e: &mut Exec, t: usize, op: &Op, blind: bool) {
    if e.object(op.object).kind != ObjectKind::Atomic {
        e.tasks[t].wrote.push(op.object);
    }
    let own = e.tasks[t].looks.iter().position(|look| look.object == op.object);
    let own = own.map(|i| e.tasks[t].looks.swap_remove(i));
    if let Some(look) = own.filter(|look| look.overtaken && blind) {
        let what = format!(
            "`{}` looks at {}, another task writes, and then it writes too: one update is lost",
            e.tasks[t].name(),
            crate::Place::from(look.site)
        );
        let violation = Violation { law: Law::ResultRace, what, ..about_op(e, t, op) };
        e.violate(violation);
    }
    for (other, task) in e.tasks.iter_mut().enumerate() {
        let looks = task.looks.iter_mut().filter(|look| other != t && look.object == op.object);
        looks.for_each(|look| look.overtaken = true);
    }
}
