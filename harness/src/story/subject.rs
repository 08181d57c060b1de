//! What a violation is about: the objects whose operations are told, and the tasks that get a lane.

use super::flow::Flow;
use crate::Law;
use crate::ledger::Event;
use crate::replay::drive::Ending;
use crate::replay::{Replayed, TaskInfo};
use selvedge_rt::check::engine::{ObjectKind, OpKind, Outcome};
use std::collections::BTreeSet;

/// Lanes of a wide scenario that are shown.
const TASKS_MAX: usize = 6;
/// Events at the end of an execution that goes round in a circle.
const CIRCLE: usize = 100;

pub(super) struct Subject {
    pub objects: BTreeSet<usize>,
    /// In order of their creation.
    pub tasks: Vec<usize>,
    /// The task that the first violation names.
    pub accused: Option<usize>,
}

impl Subject {
    pub fn of(replayed: &Replayed, flow: &Flow<'_>) -> Self {
        let objects = objects(replayed);
        let accused = accused(replayed);
        let on_them = |e: &&Event| {
            let object = objects.contains(&(e.op.object.index as usize));
            object && !e.op.kind.is_silent()
        };
        let mut tasks: BTreeSet<usize> =
            replayed.log.iter().filter(on_them).map(|e| e.task).collect();
        // The root is what everybody else is seen from.
        tasks.extend(accused.into_iter().chain([0]));
        let stuck = |t: usize| {
            let last = replayed.log.iter().rposition(|e| e.task == t);
            last.is_some_and(|i| flow.notes[i].for_ever)
        };
        let decides = |t: usize| {
            use OpKind::{Abort, Cancel, CloseRecv, CloseSemaphore, CloseSend, CloseTracker};
            let kinds = [Abort, Cancel, CloseRecv, CloseSemaphore, CloseSend, CloseTracker];
            let did = |e: &Event| e.task == t && kinds.contains(&e.op.kind) && on_them(&e);
            replayed.log.iter().any(did)
        };
        // First those that it accuses, that closed or cancelled something, or that are stuck, then those
        // that did most recently something.
        let mut ranked: Vec<usize> = tasks.into_iter().collect();
        ranked.sort_by_key(|t| {
            let last = replayed.log.iter().rposition(|e| e.task == *t && on_them(&e));
            (Some(*t) != accused, *t != 0, !decides(*t), !stuck(*t), std::cmp::Reverse(last))
        });
        ranked.truncate(TASKS_MAX);
        ranked.sort_unstable();
        Subject { objects, tasks: ranked, accused }
    }
}

/// The task that the first violation names.
fn accused(replayed: &Replayed) -> Option<usize> {
    let named = replayed.violations.first()?.task.as_ref()?;
    let is_named = |t: &TaskInfo| *named == format!("`{}`, spawned at {}", t.name, t.site);
    replayed.tasks.iter().position(is_named)
}

fn objects(replayed: &Replayed) -> BTreeSet<usize> {
    let log = &replayed.log;
    let on = |e: &Event| e.op.object.index as usize;
    let mut objects = BTreeSet::new();
    let Some(violation) = replayed.violations.first() else { return objects };
    if let (Some(what), Some(at)) = (&violation.object, &violation.at) {
        // The operation that broke the law is one of the last.
        let made_at =
            |e: &&Event| what.ends_with(&format!("made at {}", replayed.objects[on(e)].site));
        let did = |e: &&Event| crate::Place::from(e.op.site) == *at && made_at(e);
        objects.extend(log.iter().rev().find(did).map(on));
    }
    // Whoever was cancelled or aborted was so for a reason.
    let cancels = |e: &&Event| e.op.kind == OpKind::Cancel;
    objects.extend(log.iter().filter(cancels).map(on));
    // Where nothing goes on, everybody who is left has a part in it.
    if replayed.ending == Ending::Quiet {
        let left = replayed.tasks.iter().filter(|t| !t.ended && !t.daemon);
        objects.extend(left.clone().flat_map(|t| t.waits.iter().copied()));
        objects
            .extend(left.filter_map(|t| t.wants.as_ref()).map(|(op, _)| op.object.index as usize));
    }
    if violation.law == Law::Livelock {
        objects.extend(log.iter().rev().take(CIRCLE).map(on));
    }
    if violation.law == Law::LockOrder {
        use ObjectKind::{BlockingMutex, Mutex, RwLock};
        let is_lock =
            |o: &usize| matches!(replayed.objects[*o].kind, BlockingMutex | Mutex | RwLock);
        objects.extend(log.iter().map(on).filter(is_lock));
    }
    let accused = accused(replayed);
    let by = |task: usize| log.iter().filter(move |e| e.task == task).map(on);
    // An assertion may be about anything that its task shares with others.
    let asserts = matches!(
        violation.law,
        Law::Panic | Law::SwallowedError | Law::DuplicateItem | Law::SplitState | Law::ResultRace
    );
    if asserts || objects.is_empty() {
        let users: BTreeSet<(usize, usize)> = log.iter().map(|e| (on(e), e.task)).collect();
        let shared = |object: &usize| users.range((*object, 0)..(object + 1, 0)).count() > 1;
        objects.extend(accused.into_iter().flat_map(by).filter(shared));
    }
    // An error came out of something that failed.
    let failed = |e: &&Event| Some(e.task) == accused && matches!(e.outcome, Outcome::Failed(_));
    if violation.law == Law::SwallowedError {
        objects.extend(log.iter().filter(failed).map(on));
    }
    // What a task was at that should have been gone.
    let left = matches!(violation.law, Law::Unjoined | Law::IncompleteShutdown | Law::TimerLeak);
    if left || objects.is_empty() {
        objects.extend(accused.into_iter().flat_map(by));
    }
    let yields = |o: &usize| replayed.objects[*o].kind == ObjectKind::Yield;
    // To give way is told as a reason, unless there is nothing else.
    if violation.law != Law::Livelock && !objects.iter().all(yields) {
        objects.retain(|o| !yields(o));
    }
    objects
}
