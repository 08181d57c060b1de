//! Tasks that will never go on: which law that breaks, and who could have helped.

use super::{about_task, describe_object};
use crate::exec::{Exec, Trouble};
use crate::model::Model;
use crate::{Law, Violation};
use selvedge_rt::check::engine::{ObjectId, OpKind};

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
    let found = None
        .or_else(|| {
            blocked
                .iter()
                .copied()
                .find(|t| *t != 0 && ignores_cancel(e, *t))
                .map(|t| (Law::IgnoredCancellation, t, "was cancelled and never ends"))
        })
        .or_else(|| {
            blocked.iter().copied().find(|t| never_closed(e, *t)).map(|t| {
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
    let helpers = blocked.iter().map(|b| explain(e, *b)).collect();
    let object =
        e.tasks[t].waits.last().map(|w| w.object).or(e.tasks[t].announced_op().map(|op| op.object));
    let violation = Violation {
        law,
        what: format!("`{}` {what}", e.tasks[t].name()),
        object: object.map(|id| describe_object(e, id)),
        helpers,
        ..about_task(e, t)
    };
    e.violate(violation);
}

/// A token that it looked at was cancelled, and it waits for something else.
fn ignores_cancel(e: &Exec, t: usize) -> bool {
    e.tasks[t].tokens.iter().any(|(id, node)| match &e.object(*id).model {
        Model::Token(m) => m.cancelled(*node),
        _ => false,
    })
}

/// It waits for an item or the end of an open channel, and no other task that sends on it is left,
/// but for tasks that wait for this one.
fn never_closed(e: &Exec, t: usize) -> bool {
    e.tasks[t].waits.iter().any(|w| {
        let open = match &e.object(w.object).model {
            Model::Channel(m) => w.kind == OpKind::Recv && m.senders > 0 && !m.refuses(),
            _ => false,
        };
        open && senders_of(e, w.object).into_iter().all(|s| s == t || waits_for(e, s, t))
    })
}

/// Tasks, alive, that sent on the channel or made it.
fn senders_of(e: &Exec, channel: ObjectId) -> Vec<usize> {
    let sends = |kind| {
        use OpKind::*;
        matches!(kind, Send | TrySend | Reserve | TryReserve | SendReserved)
    };
    let sent = |t: &usize| {
        e.log
            .iter()
            .flatten()
            .any(|ev| ev.task == *t && ev.op.object == channel && sends(ev.op.kind))
    };
    let mut all: Vec<usize> = (0..e.tasks.len()).filter(sent).collect();
    all.push(e.object(channel).creator);
    all.retain(|t| !e.tasks[*t].done());
    all
}

fn waits_for(e: &Exec, waiting: usize, on: usize) -> bool {
    e.tasks[waiting].waits.iter().any(|w| w.kind == OpKind::Join && w.object == e.tasks[on].join)
}

/// One line on a blocked task: where it waits and who could have woken it.
fn explain(e: &Exec, t: usize) -> String {
    let waits: Vec<String> = e.tasks[t]
        .waits
        .iter()
        .map(|w| {
            format!(
                "{:?} at {}:{} ({})",
                w.kind,
                w.site.file(),
                w.site.line(),
                describe_object(e, w.object)
            )
        })
        .collect();
    format!("`{}` waits in {}; {}", e.tasks[t].name(), waits.join(" and "), who(e, t))
}

fn who(e: &Exec, t: usize) -> String {
    let mut names: Vec<String> = Vec::new();
    for w in &e.tasks[t].waits {
        let others = e.log.iter().flatten().filter(|ev| ev.op.object == w.object && ev.task != t);
        for ev in others {
            let task = &e.tasks[ev.task];
            let state = if task.done() { "has ended" } else { "waits too" };
            let line = format!("`{}` ({state})", task.name());
            if !names.contains(&line) {
                names.push(line);
            }
        }
    }
    match names.len() {
        0 => "no other task ever touched that".into(),
        _ => format!("could have been woken by {}", names.join(", ")),
    }
}
