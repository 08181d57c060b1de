//! Where the laws are judged: at each operation, when the root returns, and when nothing goes on.
//!
//! A law is a function of one step, or of a state; so it holds on every schedule if it holds on one
//! path to every state.

mod blocked;
mod channel;
mod livelock;
mod locks;
mod results;

use crate::exec::Exec;
use crate::model::{ClosedBy, Model};
use crate::overall::Overall;
use crate::{Law, Place, Violation};
use selvedge_rt::check::engine::{ObjectId, ObjectKind, Op, OpKind, Outcome};

pub(crate) use livelock::livelock;
pub(crate) use locks::report_cycle;

/// Judges an operation against the state before it.
pub(crate) fn before(e: &mut Exec, t: usize, op: &Op, outcome: Outcome) {
    channel::before(e, t, op, outcome);
    results::before(e, t, op, outcome);
}

/// Judges what an operation led to.
pub(crate) fn after(e: &mut Exec, t: usize, op: &Op, outcome: Outcome, overall: &mut Overall) {
    locks::after(e, t, op, outcome, &mut overall.locks);
    results::after(e, t, op, outcome);
    match op.kind {
        OpKind::Cancelled | OpKind::IsCancelled => {
            let token = (op.object, op.arg as u32);
            if !e.tasks[t].tokens.contains(&token) {
                e.tasks[t].tokens.push(token);
            }
        }
        OpKind::Untrack if op.arg == 1 => e.tasks[t].untracked = true,
        OpKind::Send | OpKind::TrySend | OpKind::SendReserved => channel::depth(e, t, op, overall),
        _ => {}
    }
}

/// Judges the moment at which the root returns.
pub(crate) fn root_returned(e: &mut Exec) {
    if e.root_panicked {
        // Whatever else it leaves behind is a consequence.
        e.violate(Violation {
            law: Law::Panic,
            what: crate::panics::last().map_or("the root panicked".into(), |m| {
                // The two sides of an `assert_eq!` have lines of their own.
                let lines: Vec<&str> = m.lines().map(str::trim).collect();
                format!("the root panicked: {}", lines.join(", "))
            }),
            ..about_task(e, 0)
        });
        return;
    }
    if e.config.joined {
        let alive = e.tasks.iter().position(|t| !t.gone() && !t.daemon);
        if let Some(t) = alive {
            e.violate(Violation {
                law: Law::Unjoined,
                what: format!("the root returned while `{}` was alive", e.tasks[t].name()),
                ..about_task(e, t)
            });
        }
    }
    let leaked = e.timers.iter().map(|timer| timer.object).find(|id| {
        let creator = e.object(*id).creator;
        creator != 0 && e.tasks[creator].done()
    });
    if let Some(id) = leaked {
        e.violate(Violation {
            law: Law::TimerLeak,
            what: "a timer is still armed when the task that made it is gone".into(),
            object: Some(describe_object(e, id)),
            ..about_task(e, e.object(id).creator)
        });
    }
}

/// A shutdown says that it is complete: every other task must be gone.
pub(crate) fn shutdown_complete(e: &mut Exec) {
    let me = e.current;
    let alive = (1..e.tasks.len()).find(|t| *t != me && !e.tasks[*t].gone() && !e.tasks[*t].daemon);
    if let Some(t) = alive {
        e.violate(Violation {
            law: Law::IncompleteShutdown,
            what: format!("shutdown was complete while `{}` was alive", e.tasks[t].name()),
            ..about_task(e, t)
        });
    }
}

/// A clone and its original have nothing in common.
pub(crate) fn split_state(e: &mut Exec, what: &str) {
    let what = format!("a clone of `{what}` shares nothing with the original");
    let violation = Violation { law: Law::SplitState, what, ..about_task(e, e.current) };
    e.violate(violation);
}

/// A value came a second time where each may come once.
pub(crate) fn seen_twice(e: &mut Exec, what: String) {
    let violation = Violation { law: Law::DuplicateItem, what, ..about_task(e, e.current) };
    e.violate(violation);
}

/// Judges the end of an execution: nothing will ever happen any more.
pub(crate) fn at_end(e: &mut Exec) {
    blocked::at_end(e);
    swallowed(e);
    let all_done = e.tasks.iter().all(|t| t.done());
    for i in 0..e.objects.len() {
        let Model::Permits(m) = &e.objects[i].model else { continue };
        let what = match (m.forgotten > m.added, all_done && m.held > 0) {
            (true, _) => "a permit was forgotten and never added again",
            (_, true) => "a permit is still held when every task is gone",
            _ => continue,
        };
        let id = ObjectId { index: i as u32, execution: e.execution };
        e.violate(Violation {
            law: Law::PermitLeak,
            what: what.into(),
            object: Some(describe_object(e, id)),
            ..about_task(e, e.objects[i].creator)
        });
    }
}

/// Failures that nobody looked at.
fn swallowed(e: &mut Exec) {
    let failed = |outcome| matches!(outcome, Outcome::PANICKED | Outcome::ERRED);
    let unseen = e.objects.iter().find_map(|o| match &o.model {
        Model::Join(m) => m.end.filter(|end| !end.seen && end.task != 0 && failed(end.outcome)),
        Model::JoinSet(m) => {
            m.unseen.iter().chain(&m.ended).find(|end| failed(end.outcome)).copied()
        }
        _ => None,
    });
    let Some(end) = unseen else { return };
    let how = if end.outcome == Outcome::PANICKED { "panicked" } else { "returned an error" };
    e.violate(Violation {
        law: Law::SwallowedError,
        what: format!("`{}` {how} and nobody looked", e.tasks[end.task].name()),
        ..about_task(e, end.task)
    });
}

/// A violation with the task filled in.
fn about_task(e: &Exec, t: usize) -> Violation {
    Violation {
        law: Law::TaskLeak,
        what: String::new(),
        task: e
            .tasks
            .get(t)
            .map(|task| format!("`{}`, spawned at {}", task.name(), Place::from(task.site))),
        object: None,
        at: e.tasks.get(t).and_then(|task| task.waits.last()).map(|w| Place::from(w.site)),
        helpers: Vec::new(),
    }
}

/// A violation by operation `op` of task `t`.
fn about_op(e: &Exec, t: usize, op: &Op) -> Violation {
    Violation {
        object: Some(describe_object(e, op.object)),
        at: Some(op.site.into()),
        ..about_task(e, t)
    }
}

/// `mpsc channel of 2, made at src/pool.rs:12`.
pub(crate) fn describe_object(e: &Exec, id: ObjectId) -> String {
    let object = e.object(id);
    let closed = match &object.model {
        Model::Channel(m) => match m.closed {
            Some(ClosedBy::Sender) => ", closed by a sender",
            Some(ClosedBy::Receiver) => ", closed by a receiver",
            None if m.refuses() => ", without receivers",
            None if m.ended() => ", at its end",
            None => "",
        },
        Model::Permits(m) if m.closed => ", closed",
        Model::Token(m) if m.any_cancelled() => ", cancelled",
        _ => "",
    };
    format!("{}{closed}, made at {}", kind_name(object.kind), Place::from(object.site))
}

fn kind_name(kind: ObjectKind) -> String {
    use selvedge_rt::check::engine::Flavor;
    match kind {
        ObjectKind::Join => "join handle".into(),
        ObjectKind::JoinSet => "JoinSet".into(),
        ObjectKind::Channel { flavor, capacity } => {
            let name = match flavor {
                Flavor::Mpsc => "mpsc",
                Flavor::Oneshot => return "oneshot channel".into(),
                Flavor::Watch => return "watch channel".into(),
                Flavor::Broadcast => "broadcast",
                Flavor::Mpmc => "async_channel",
            };
            capacity
                .map_or(format!("unbounded {name} channel"), |c| format!("{name} channel of {c}"))
        }
        ObjectKind::Semaphore { permits } => format!("semaphore of {permits}"),
        ObjectKind::Mutex => "mutex".into(),
        ObjectKind::RwLock => "rwlock".into(),
        ObjectKind::Notify => "notify".into(),
        ObjectKind::Barrier { n } => format!("barrier of {n}"),
        ObjectKind::Token => "cancellation token".into(),
        ObjectKind::Tracker => "task tracker".into(),
        ObjectKind::OnceCell => "once cell".into(),
        ObjectKind::Atomic => "atomic".into(),
        ObjectKind::Cell => "cell".into(),
        ObjectKind::BlockingMutex => "blocking mutex".into(),
        ObjectKind::Timer => "timer".into(),
        ObjectKind::Yield => "yield".into(),
    }
}
