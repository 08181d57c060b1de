//! Tasks that will never go on: which law that breaks, and who could have helped.

use super::{about_task, describe_object};
use crate::exec::{Exec, Task, Trouble, Wait};
use crate::ledger::Event;
use crate::model::Model;
use crate::{Law, Place, Violation};
use selvedge_rt::check::engine::{ObjectId, ObjectKind, OpKind, Outcome, Site};

/// Judges the tasks that are left when nothing goes on any more. One violation: the most telling.
pub(super) fn at_end(e: &mut Exec) {
    let blocked: Vec<usize> =
        (0..e.tasks.len()).filter(|t| !e.tasks[*t].done() && !e.tasks[*t].daemon).collect();
    let Some(&first) = blocked.last() else { return };
    // It waits for nothing that we know of; or another thread woke somebody, and may do so again.
    let foreign = |t: &&usize| {
        let task = &e.tasks[**t];
        task.waits.is_empty() && task.announced_op().is_none() || e.foreign_wakes()
    };
    if let Some(t) = blocked.iter().find(foreign) {
        let task = e.tasks[*t].name();
        e.trouble.get_or_insert(Trouble::Foreign { task });
        return;
    }
    let parked = blocked.iter().copied().find_map(|t| Some((t, future_lock(e, t)?)));
    let found = parked
        .as_ref()
        .map(|(t, _)| (Law::FutureLock, *t, "waits for what a future has that is no longer polled"))
        .or_else(|| {
            blocked
                .iter()
                .copied()
                .find(|t| *t != 0 && ignores_cancel(e, *t))
                .map(|t| (Law::IgnoredCancellation, t, "was cancelled and never ends"))
        })
        .or_else(|| {
            let mut receivers = blocked.iter().copied().filter(|_| !locked_out(e));
            receivers.find(|t| never_closed(e, *t)).map(|t| {
                (Law::NeverClosed, t, "waits for the end of a channel that nobody will close")
            })
        })
        .unwrap_or(if !e.root_done {
            (Law::Deadlock, first, "waits for ever, and nothing can go on")
        } else if e.timers.is_empty() {
            (Law::TaskLeak, first, "waits for ever after the root returned")
        } else {
            (Law::TaskLeak, first, "only wakes on timers, for ever, after the root returned")
        });
    let (law, t, what) = found;
    let mut helpers = explain_all(e, &blocked);
    helpers.extend(parked.map(|(_, parked)| parked));
    let last = e.tasks[t].waits.last().map(|w| (w.object, w.site));
    let last = last.or(e.tasks[t].announced_op().map(|op| (op.object, op.site)));
    let violation = Violation {
        law,
        what: format!("`{}` {what}", e.tasks[t].name()),
        object: last.map(|(object, _)| describe_object(e, object)),
        at: last.map(|(_, site)| site.into()),
        helpers,
        ..about_task(e, t)
    };
    e.violate(violation);
}

/// It waits for something that was handed to a future which is not polled any more, or that such a
/// future of its own holds: in one line, who and where.
///
/// A future that was woken and not polled, though its task was, is one that its task has put aside.
fn future_lock(e: &Exec, t: usize) -> Option<String> {
    let handed = |w: &Wait| {
        let object = e.object(w.object);
        // Of kinds that are heard of when they are dropped: such a future is still there.
        let queues = |kind| {
            use OpKind::*;
            matches!(kind, Send | Reserve | Acquire | AcquireShared | Notified)
        };
        let aside = object.waiters.iter().find(|q| q.woken && q.given > 0 && queues(q.kind))?;
        Some(format!(
            "the {} was handed to a future of `{}` that waits at {} and is no longer polled",
            describe_object(e, w.object),
            e.tasks[aside.task].name(),
            Place::from(aside.site)
        ))
    };
    let holds = |w: &Wait| {
        let (_, since) = e.tasks[t].held.iter().find(|(object, _)| *object == w.object)?;
        let put_aside = put_aside(e, t)?;
        Some(format!(
            "the {} is held since {} by a future of `{}` that waits at {} and is no longer polled",
            describe_object(e, w.object),
            Place::from(*since),
            e.tasks[t].name(),
            Place::from(put_aside)
        ))
    };
    e.tasks[t].waits.iter().find_map(|w| handed(w).or_else(|| holds(w)))
}

/// Where a future of `t` waits that is alive and was not part of its last poll. Of kinds that are heard of
/// when they are dropped.
fn put_aside(e: &Exec, t: usize) -> Option<Site> {
    use OpKind::*;
    let log = e.log.as_ref()?;
    let waits = |ev: &&Event| {
        let kind = matches!(
            ev.op.kind,
            Send | Reserve | Acquire | AcquireShared | Notified | Cancelled | Timer
        );
        kind && ev.task == t && ev.outcome == Outcome::Pending
    };
    let still = |ev: &&Event| {
        let object = ev.op.object;
        let last = log.iter().rfind(|other| other.task == t && other.op.object == object);
        let waits_now = e.tasks[t].waits.iter().any(|w| w.object == object);
        last.is_some_and(|last| std::ptr::eq(last, *ev)) && !waits_now
    };
    log.iter().rev().filter(waits).find(still).map(|ev| ev.op.site)
}

/// A token that it looked at was cancelled, and it waits for something else.
fn ignores_cancel(e: &Exec, t: usize) -> bool {
    e.tasks[t].tokens.iter().any(|(id, node)| match &e.object(*id).model {
        Model::Token(m) => m.cancelled(*node),
        _ => false,
    })
}

/// It waits for an item or the end of an open channel, and no other task that may send on it is left,
/// but for tasks that wait for this one.
fn never_closed(e: &Exec, t: usize) -> bool {
    e.tasks[t].waits.iter().any(|w| {
        let open = match &e.object(w.object).model {
            Model::Channel(m) => w.kind == OpKind::Recv && m.senders > 0 && !m.refuses(),
            _ => false,
        };
        open && (0..e.tasks.len()).filter(|s| *s != t && !e.tasks[*s].done()).all(|s| {
            match sent(e, s, w.object) {
                true => joins(e, s, t),
                // Who made it may have kept a sender.
                false => e.object(w.object).creator != s || joins(e, s, t) || reads(e, s, t),
            }
        })
    })
}

/// A task waits for a lock, held by one that waits for something other than an item: who would have sent or
/// closed may stand behind them.
fn locked_out(e: &Exec) -> bool {
    let left = || e.tasks.iter().filter(|task| !task.done());
    let receives = |task: &Task| task.waits.iter().any(|w| w.kind == OpKind::Recv);
    let holds = |task: &Task, lock| task.held.iter().any(|(object, _)| *object == lock);
    let blocks = |lock| left().any(|task| holds(task, lock) && !receives(task));
    left().any(|task| {
        let blocking = task.announced_op().map(|op| op.object);
        task.waits.iter().map(|w| w.object).chain(blocking).any(blocks)
    })
}

fn sent(e: &Exec, task: usize, channel: ObjectId) -> bool {
    use OpKind::*;
    let sends = |ev: &Event| {
        let send = matches!(ev.op.kind, Send | TrySend | Reserve | TryReserve | SendReserved);
        send && ev.task == task && ev.op.object == channel
    };
    e.log.iter().flatten().any(sends)
}

fn joins(e: &Exec, waiting: usize, on: usize) -> bool {
    e.tasks[waiting].waits.iter().any(|w| w.kind == OpKind::Join && w.object == e.tasks[on].join)
}

fn reads(e: &Exec, waiting: usize, on: usize) -> bool {
    e.tasks[waiting].waits.iter().any(|w| w.kind == OpKind::Recv && sent(e, on, w.object))
}

/// So many tasks are named; of more, how many there are is told.
const NAMES_MAX: usize = 4;

/// One line on each blocked task; on one of those that wait alike.
fn explain_all(e: &Exec, blocked: &[usize]) -> Vec<String> {
    let waits = |t: usize| -> Vec<(ObjectId, Site)> {
        e.tasks[t].waits.iter().map(|w| (w.object, w.site)).collect()
    };
    let alike = |a: usize, b: usize| {
        let (one, other) = (&e.tasks[a], &e.tasks[b]);
        one.site == other.site && waits(a) == waits(b) && !waits(a).is_empty()
    };
    let mut lines = Vec::new();
    for (i, t) in blocked.iter().enumerate() {
        if blocked[..i].iter().any(|before| alike(*before, *t)) {
            continue;
        }
        let more = blocked[i + 1..].iter().filter(|b| alike(*t, **b)).count();
        lines.push(explain(e, *t, more));
    }
    lines
}

/// One line on a blocked task, and `more` that wait alike: where it waits and who could have woken it.
fn explain(e: &Exec, t: usize, more: usize) -> String {
    let task = &e.tasks[t];
    let who_waits = match more {
        0 => format!("`{}` waits", task.name()),
        more => format!("`{}` and {more} more of its kind wait", task.name()),
    };
    // A lock that blocks its thread is announced and never taken.
    let announced = task.announced_op();
    let announced =
        announced.iter().map(|op| Wait { object: op.object, kind: op.kind, site: op.site });
    let waits: Vec<String> = task
        .waits
        .iter()
        .copied()
        .chain(announced)
        .map(|w| format!("at {} for {}; {}", Place::from(w.site), wanted(e, &w), who(e, t, &w)))
        .collect();
    format!("{who_waits} {}", waits.join(", and "))
}

/// What a task waits for: `an item of the mpsc channel of 2, made at pool.rs:12`.
fn wanted(e: &Exec, w: &Wait) -> String {
    use OpKind::*;
    let what = match w.kind {
        Send | Reserve => "room in",
        Recv => "an item or the end of",
        Closed => "the end of the other side of",
        Changed => "a change of",
        Acquire | AcquireShared | LockBlocking => match e.object(w.object).kind {
            ObjectKind::Semaphore { .. } => "a permit of",
            _ => "",
        },
        Cancelled => "a cancel of",
        Arrive => "the others at",
        WaitTracked => "the last task of",
        Join => match joined(e, w.object)[..] {
            [task] if e.object(w.object).kind == ObjectKind::Join => {
                return format!("the end of `{}`", e.tasks[task].name());
            }
            _ => "the next end in",
        },
        _ => "",
    };
    format!("{what} the {}", describe_object(e, w.object)).trim_start().to_owned()
}

/// The tasks whose end an object carries.
fn joined(e: &Exec, object: ObjectId) -> Vec<usize> {
    (0..e.tasks.len()).filter(|t| e.tasks[*t].join == object).collect()
}

/// Who could have ended the wait, and why nobody does.
fn who(e: &Exec, t: usize, w: &Wait) -> String {
    let holders = (0..e.tasks.len())
        .flat_map(|h| e.tasks[h].held.iter().map(move |held| (h, held)))
        .filter(|(_, (object, _))| *object == w.object)
        .map(|(h, (_, site))| match h == t {
            true => format!("itself, since {}", Place::from(*site)),
            false => format!("{}, since {}", state_of(e, h), Place::from(*site)),
        });
    let holders: Vec<String> = holders.collect();
    if !holders.is_empty() {
        return format!("held by {}", holders.join(" and "));
    }
    let mut others: Vec<usize> = match w.kind {
        OpKind::Join => joined(e, w.object).into_iter().filter(|j| !e.tasks[*j].done()).collect(),
        // Who only waits there alike is no help.
        _ => {
            let helps = |ev: &&Event| {
                ev.op.object == w.object && ev.op.kind != w.kind && !ev.op.kind.is_silent()
            };
            e.log.iter().flatten().filter(helps).map(|ev| ev.task).collect()
        }
    };
    others.sort_unstable();
    others.dedup();
    others.retain(|o| *o != t);
    match &others[..] {
        [] => nobody(e, w),
        [only] if w.kind == OpKind::Join => {
            format!("`{}` waits too", e.tasks[*only].name())
        }
        _ => {
            let names: Vec<String> =
                others.iter().take(NAMES_MAX).map(|o| state_of(e, *o)).collect();
            let more = match others.len().saturating_sub(NAMES_MAX) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            format!("could have been woken by {}{more}", names.join(", "))
        }
    }
}

/// Why nobody ends a wait that no other task ever did anything for.
fn nobody(e: &Exec, w: &Wait) -> String {
    match &e.object(w.object).model {
        Model::Channel(m) if w.kind == OpKind::Recv && m.senders > 0 => {
            let senders = if m.senders == 1 { "sender is" } else { "senders are" };
            format!("{} {senders} left, and no other task ever used one", m.senders)
        }
        Model::Permits(m) if m.held > 0 => match e.object(w.object).kind {
            ObjectKind::Semaphore { .. } => {
                format!("{} taken, and no other task ever gave any back", m.held)
            }
            _ => "it is locked, and no other task ever unlocked it".into(),
        },
        _ => "no other task ever did anything there that could end the wait".into(),
    }
}

/// `x` (waits too).
fn state_of(e: &Exec, t: usize) -> String {
    let task = &e.tasks[t];
    format!("`{}` ({})", task.name(), if task.done() { "has ended" } else { "waits too" })
}
