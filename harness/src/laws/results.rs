//! Results that are lost: updates between a look and a write, a second value for a slot that takes one, and
//! accesses to a cell that nothing orders.

use super::about_op;
use crate::exec::{Exec, Look};
use crate::{Law, Violation};
use selvedge_rt::check::engine::{ObjectKind, Op, OpKind, Outcome};

/// Judges an access to a cell: another task is about to access it as well, and one of them writes; or the
/// memory model says so.
///
/// At the grain of polls nobody is seen about to.
pub(super) fn before(e: &mut Exec, t: usize, op: &Op, outcome: Outcome) {
    if e.object(op.object).kind != ObjectKind::Cell || op.kind == OpKind::Wrote {
        return;
    }
    let writes = |op: &Op| op.kind == OpKind::Rmw;
    let races = |other: &Op| other.object == op.object && (writes(op) || writes(other));
    let other = e.tasks.iter().enumerate().find_map(|(u, task)| {
        let theirs = task.announced_op().filter(|other| u != t && races(other))?;
        let to = if writes(&theirs) { "write" } else { "read" };
        let at = crate::Place::from(theirs.site);
        Some(format!("`{}` is about to {to} at {at}", task.name()))
    });
    let other = match other {
        Some(other) => other,
        None if outcome == Outcome::RACED => "another task reads or writes".into(),
        None => return,
    };
    let does = if writes(op) { "writes" } else { "reads" };
    let what = format!(
        "`{}` {does} a cell that {other}, and nothing says who is first: a data race",
        e.tasks[t].name(),
    );
    let violation = Violation { law: Law::ResultRace, what, ..about_op(e, t, op) };
    e.violate(violation);
}

/// Follows who looked at what, and whose look is overtaken by somebody else's write.
///
/// Under a lock, a section in which nothing was written is a look, and any other is a write. Within a section, and
/// in a read-modify-write, nobody comes between.
pub(super) fn after(e: &mut Exec, t: usize, op: &Op, outcome: Outcome) {
    if !e.config.lost_updates {
        return;
    }
    let object = e.object(op.object);
    let (atomic, cell) = (object.kind == ObjectKind::Atomic, object.kind == ObjectKind::Cell);
    let lock =
        matches!(object.kind, ObjectKind::Mutex | ObjectKind::RwLock | ObjectKind::BlockingMutex);
    let key = object.key;
    match op.kind {
        OpKind::SetOnce if matches!(outcome, Outcome::CLOSED | Outcome::BUSY) => taken(e, t, op),
        OpKind::Load if atomic || cell => look(e, t, op, key),
        OpKind::Store if atomic => write(e, t, op, true),
        OpKind::Wrote if atomic => write(e, t, op, false),
        OpKind::Wrote if cell => write(e, t, op, true),
        // The guard lets its value be changed from here on.
        OpKind::Wrote if lock => {
            e.tasks[t].wrote.push(op.object);
            write(e, t, op, true);
        }
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
