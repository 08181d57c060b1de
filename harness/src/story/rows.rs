//! Which operations are told, in which words, and why the schedule went from one task to another.

use super::flow::Flow;
use super::subject::Subject;
use super::{Handles, words};
use crate::ledger::Event;
use crate::replay::Replayed;
use crate::replay::drive::Ending;
use crate::{Law, Place};
use selvedge_rt::check::engine::{OpKind, Outcome};
use std::collections::BTreeSet;

/// Rows that are told: so many of the start, and of the end.
const HEAD: usize = 12;
const TAIL: usize = 48;
/// The same of an execution that goes round in a circle.
const CIRCLE: (usize, usize) = (6, 12);
/// A gap of so many operations is told.
const GAP: usize = 4;

pub(super) enum Row {
    /// An operation.
    Did { step: usize, task: usize, what: String, why: String, at: Place, waits: bool, ends: bool },
    /// Time passed.
    Time(u64),
    /// So many operations that are not told.
    Gap(usize),
}

/// What is told.
pub(super) struct Told {
    pub rows: Vec<Row>,
    pub tasks: Vec<usize>,
    pub handles: Handles,
    /// Operations that are not told.
    pub untold: usize,
}

/// What becomes of one event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Told,
    /// Part of the next row of its task: it waits for several things.
    Joined,
    Untold,
    /// A poll that led to nothing, or book-keeping.
    Nothing,
}

pub(super) fn told(
    replayed: &Replayed,
    flow: &Flow<'_>,
    subject: &Subject,
    mut handles: Handles,
) -> Told {
    let log = &replayed.log;
    let (mut rows, mut gap, mut untold, mut now) = (Vec::new(), 0, 0, 0);
    let mut told_before: Option<usize> = None;
    let mut pending: Vec<usize> = Vec::new();
    for ((i, event), fate) in log.iter().enumerate().zip(fates(replayed, flow, subject)) {
        match fate {
            Fate::Nothing => continue,
            Fate::Joined => {
                pending.push(i);
                continue;
            }
            Fate::Untold => {
                gap += 1;
                untold += 1;
                continue;
            }
            Fate::Told => {}
        }
        if gap >= GAP {
            rows.push(Row::Gap(gap));
        }
        gap = 0;
        if event.now != now {
            now = event.now;
            rows.push(Row::Time(now));
        }
        let mut parts: Vec<String> = pending
            .extract_if(.., |p| log[*p].task == event.task)
            .map(|p| words::deed(replayed, &mut handles, &log[p]))
            .collect();
        let deed = words::deed(replayed, &mut handles, event);
        if !parts.contains(&deed) {
            parts.push(deed);
        }
        rows.push(Row::Did {
            step: event.step,
            task: event.task,
            what: parts.join(" | ") + &words::outcome(replayed, event, &flow.notes[i]),
            why: why(replayed, flow, told_before, i),
            at: event.op.site.into(),
            waits: flow.notes[i].parks,
            ends: event.op.kind == OpKind::Finish,
        });
        told_before = Some(i);
    }
    if gap >= GAP {
        rows.push(Row::Gap(gap));
    }
    rows.extend(left_at(replayed, subject, &mut handles));
    let circles = replayed.violations.first().is_some_and(|v| v.law == Law::Livelock);
    let (head, tail) = if circles { CIRCLE } else { (HEAD, TAIL) };
    if rows.len() > head + tail {
        let cut = rows.drain(head..rows.len() - tail);
        let cut: usize = cut
            .map(|row| match row {
                Row::Did { .. } => 1,
                Row::Gap(n) => n,
                Row::Time(_) => 0,
            })
            .sum();
        rows.insert(head, Row::Gap(cut));
    }
    Told { rows, tasks: subject.tasks.clone(), handles, untold }
}

/// What tasks were about to do when the execution stopped, where that says something.
fn left_at(replayed: &Replayed, subject: &Subject, handles: &mut Handles) -> Vec<Row> {
    let mut row = |t: usize| {
        let (op, at) = replayed.tasks[t].wants.as_ref()?;
        let deed = words::deed_of(replayed, handles, op);
        // A lock that blocks its thread is not taken, so there is no event.
        let what = match replayed.ending {
            Ending::Quiet => format!("{deed}: blocks for ever"),
            _ => format!("next: {deed}"),
        };
        let step = replayed.path.len() + 1;
        let (why, waits) = (String::new(), false);
        Some(Row::Did { step, task: t, what, why, at: at.clone(), waits, ends: false })
    };
    let alive = replayed.violations.first().map(|v| v.law);
    let alive = matches!(alive, Some(Law::Unjoined | Law::IncompleteShutdown));
    match (replayed.ending, subject.accused) {
        (Ending::Quiet, _) => subject.tasks.iter().filter_map(|t| row(*t)).collect(),
        (_, Some(accused)) if alive => row(accused).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What becomes of each event.
fn fates(replayed: &Replayed, flow: &Flow<'_>, subject: &Subject) -> Vec<Fate> {
    let log = &replayed.log;
    let mut fates: Vec<Fate> = (0..log.len()).map(|i| fate(replayed, flow, subject, i)).collect();
    // To wait for something else is told as the reason that another task runs; where none does that is
    // told of, it is none.
    let mut next = None;
    let mut dropped = BTreeSet::new();
    for (i, event) in log.iter().enumerate().rev() {
        let matters = subject.objects.contains(&(event.op.object.index as usize));
        match fates[i] {
            Fate::Joined if dropped.contains(&event.task) => fates[i] = Fate::Nothing,
            Fate::Told => {
                dropped.remove(&event.task);
                let minor = flow.notes[i].parks && !flow.notes[i].for_ever && !matters;
                if minor && next == Some(event.task) {
                    fates[i] = Fate::Untold;
                    dropped.insert(event.task);
                } else {
                    next = Some(event.task);
                }
            }
            _ => {}
        }
    }
    fates
}

fn fate(replayed: &Replayed, flow: &Flow<'_>, subject: &Subject, i: usize) -> Fate {
    let (log, event) = (&replayed.log, &replayed.log[i]);
    if event.op.kind.is_silent() {
        return Fate::Nothing;
    }
    let matters = subject.objects.contains(&(event.op.object.index as usize));
    let lane = subject.tasks.contains(&event.task);
    if event.outcome != Outcome::Pending {
        let about_a_task = matches!(event.op.kind, OpKind::Finish | OpKind::Abort);
        let told = lane && (matters || about_a_task);
        return if told { Fate::Told } else { Fate::Untold };
    }
    if !lane {
        return Fate::Nothing;
    }
    if flow.notes[i].parks {
        return Fate::Told;
    }
    // What it does next tells whether this was one of several things that it then waits for.
    let next = |from: usize| {
        (from + 1..log.len()).find(|n| log[*n].task == event.task && !log[*n].op.kind.is_silent())
    };
    let switches =
        log[i + 1..].iter().find(|e| !e.op.kind.is_silent()).is_some_and(|e| e.task != event.task);
    let mut at = i;
    while let Some(n) = next(at) {
        if log[n].outcome != Outcome::Pending {
            break;
        }
        if flow.notes[n].parks {
            return Fate::Joined;
        }
        at = n;
    }
    let arms = event.op.kind == OpKind::Timer;
    if matters && (switches || arms) { Fate::Told } else { Fate::Nothing }
}

/// Why event `i` comes now, where the last one told is of another task.
fn why(replayed: &Replayed, flow: &Flow<'_>, told_before: Option<usize>, i: usize) -> String {
    let log = &replayed.log;
    let event: &Event = &log[i];
    let mut reasons = Vec::new();
    let mine = flow.before(event.task, i);
    if let Some(before) = told_before.map(|b| log[b].task).filter(|t| *t != event.task) {
        // What it did last, told or not.
        let last = flow.before(before, i).expect("it was told of");
        reasons.extend(match (log[last].op.kind, flow.notes[last].parks) {
            (OpKind::Finish, _) => Some(format!("T{before} ended")),
            (OpKind::Yield, _) => Some(format!("T{before} yielded")),
            (_, true) => Some(format!("T{before} waits")),
            _ => Some(format!("T{before} preempted")),
        });
    }
    if let Some(parked) = mine.filter(|m| flow.notes[*m].parks) {
        reasons.push(match flow.woken_in(event.task, parked, i) {
            Some(step) => format!("woken by step {step}"),
            None if log[parked].now != event.now => "woken by time".into(),
            None => "woken".into(),
        });
    }
    reasons.join("; ")
}
