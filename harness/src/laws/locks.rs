//! The order of locks, over all schedules.

use crate::exec::Exec;
use crate::ledger::{Edge, EdgeSites, LockEdges};
use crate::{Law, Place, Violation};
use selvedge_rt::check::engine::{ObjectKind, Op, OpKind, Outcome};

pub(super) fn after(e: &mut Exec, t: usize, op: &Op, outcome: Outcome, edges: &mut LockEdges) {
    use OpKind::*;
    if !matches!(
        op.kind,
        Acquire
            | AcquireShared
            | TryAcquire
            | TryAcquireShared
            | LockBlocking
            | Release
            | ReleaseShared
            | UnlockBlocking
    ) {
        return;
    }
    let kind = e.object(op.object).kind;
    if !matches!(kind, ObjectKind::Mutex | ObjectKind::RwLock | ObjectKind::BlockingMutex) {
        return;
    }
    if matches!(op.kind, Release | ReleaseShared | UnlockBlocking) {
        // A guard may have moved to another task.
        let holder =
            if holds(e, t, op) { Some(t) } else { (0..e.tasks.len()).find(|h| holds(e, *h, op)) };
        if let Some(h) = holder {
            let i = e.tasks[h].held.iter().rposition(|(id, _)| *id == op.object);
            e.tasks[h].held.remove(i.expect("it holds the lock"));
        }
        return;
    }
    // A try-lock never waits, so it is no edge of a deadlock.
    let waits = matches!(op.kind, Acquire | AcquireShared | LockBlocking);
    if waits && !e.tasks[t].held.is_empty() {
        let keys: Vec<u64> = e.tasks[t].held.iter().map(|(id, _)| e.object(*id).key).collect();
        let to = e.object(op.object).key;
        for (i, (_, site)) in e.tasks[t].held.iter().enumerate() {
            let gates = keys.iter().copied().filter(|k| *k != keys[i]).collect();
            let edge = Edge { from: keys[i], to, task: e.tasks[t].key, gates };
            edges.add(edge, || EdgeSites {
                task: e.tasks[t].name(),
                spawned: e.tasks[t].site,
                from: site,
                to: op.site,
                schedule: None,
            });
        }
    }
    if matches!(outcome, Outcome::Done(_)) {
        e.tasks[t].held.push((op.object, op.site));
    }
}

fn holds(e: &Exec, t: usize, op: &Op) -> bool {
    e.tasks[t].held.iter().any(|(id, _)| *id == op.object)
}

/// A cycle in the graph over all schedules, as a violation.
pub(crate) fn report_cycle(edges: &LockEdges) -> Option<Violation> {
    let cycle = edges.cycle()?;
    let helpers = cycle.iter().map(|(_, s)| {
        format!(
            "`{}` takes a lock at {} while it holds the one taken at {}",
            s.task,
            Place::from(s.to),
            Place::from(s.from)
        )
    });
    let (_, first) = cycle[0];
    Some(Violation {
        law: Law::LockOrder,
        what: format!(
            "{} tasks take {} locks in orders that can deadlock",
            cycle.len(),
            cycle.len()
        ),
        task: Some(format!("`{}`, spawned at {}", first.task, Place::from(first.spawned))),
        object: None,
        at: Some(first.to.into()),
        helpers: helpers.collect(),
    })
}
