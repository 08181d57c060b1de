//! A failing schedule, told to a person: one lane a task, only the operations that matter, and why the
//! schedule went from one task to the next.

use crate::Law;
use crate::ledger::Event;
use crate::replay::Replayed;
use selvedge_rt::check::engine::{ObjectKind, OpKind, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Widest lane, and the room that all lanes share.
const LANE_MAX: usize = 30;
const LANES: usize = 100;
/// Lanes of a wide scenario that are shown.
const TASKS_MAX: usize = 6;
/// Steps at the end that are shown; a violation is seldom older.
const ROWS_MAX: usize = 60;

/// Tells the execution.
pub(crate) fn tell(replayed: &Replayed) -> String {
    let Story { rows, lanes, names } = Story::of(replayed);
    let width = (LANES / lanes.len().max(1)).min(LANE_MAX);
    let mut text = String::from("  the schedule, one lane a task:\n");
    for t in &lanes {
        let task = &replayed.tasks[*t];
        let _ = writeln!(text, "    T{t:<3} {}, spawned at {}", task.name, task.site);
    }
    let hidden = replayed.tasks.len() - lanes.len();
    if hidden > 0 {
        let _ = writeln!(text, "    ({hidden} more tasks took no part)");
    }
    for (object, name) in &names {
        let _ = writeln!(text, "    {name:<4} {}", replayed.objects[*object].what);
    }
    let _ = write!(text, "\n    step ");
    for t in &lanes {
        let _ = write!(text, " {:<width$}", format!("T{t}"));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    let skipped = rows.len().saturating_sub(ROWS_MAX);
    if skipped > 0 {
        let _ = writeln!(text, "         ... {skipped} operations before");
    }
    for row in rows.into_iter().skip(skipped) {
        let _ = write!(text, "    {:>4} ", row.step);
        for t in &lanes {
            let cell = if *t == row.task { clip(&row.what, width) } else { "|".into() };
            let _ = write!(text, " {cell:<width$}");
        }
        let line = format!("{text} {}", row.why);
        text = line.trim_end().to_owned();
        text.push('\n');
    }
    text
}

/// One operation that matters.
struct Row {
    step: usize,
    task: usize,
    what: String,
    why: String,
}

struct Story {
    rows: Vec<Row>,
    lanes: Vec<usize>,
    /// Short names of the objects that appear.
    names: BTreeMap<usize, String>,
}

impl Story {
    fn of(replayed: &Replayed) -> Story {
        let log: Vec<&Event> = replayed.log.iter().filter(|e| !e.op.kind.is_silent()).collect();
        let matters = objects_that_matter(replayed, &log);
        let mut names = BTreeMap::new();
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        let (mut rows, mut shown) = (Vec::new(), 0);
        for (i, event) in log.iter().enumerate() {
            let object = event.op.object.index as usize;
            // Of polls that pend, only the last before the task gives way says something.
            let next = log.get(i + 1).filter(|next| next.task == event.task);
            let passing = event.outcome == Outcome::Pending && next.is_some();
            if !matters.contains(&object) || passing {
                continue;
            }
            let letter = letter(replayed.objects[object].kind);
            let name = names.entry(object).or_insert_with(|| {
                let n = counts.entry(letter).or_insert(0);
                *n += 1;
                format!("{letter}{n}")
            });
            let what = in_words(event, name);
            rows.push(Row { step: event.step, task: event.task, what, why: why(&log, i, shown) });
            shown = event.now;
        }
        let mut lanes: BTreeSet<usize> = rows.iter().map(|r| r.task).collect();
        // The tasks of the last rows are the ones that it is about.
        while lanes.len() > TASKS_MAX {
            let first_to_stop =
                lanes.iter().copied().min_by_key(|t| rows.iter().rposition(|r| r.task == *t));
            lanes.remove(&first_to_stop.expect("there is a lane"));
        }
        rows.retain(|r| lanes.contains(&r.task));
        Story { rows, lanes: lanes.into_iter().collect(), names }
    }
}

/// What the violation is about: where tasks that are left wait, what the last operation was on, the
/// tokens that were cancelled, the ends of tasks; all that the root touched where it panicked.
fn objects_that_matter(replayed: &Replayed, log: &[&Event]) -> BTreeSet<usize> {
    let left = replayed.tasks.iter().filter(|t| !t.ended);
    let mut matter: BTreeSet<usize> = left.flat_map(|t| t.waits.iter().copied()).collect();
    matter.extend(log.last().map(|e| e.op.object.index as usize));
    let ends = |e: &&&Event| matches!(e.op.kind, OpKind::Cancel | OpKind::Finish | OpKind::Abort);
    matter.extend(log.iter().filter(ends).map(|e| e.op.object.index as usize));
    // An assertion may be about anything that its task has seen.
    if replayed.violations.iter().any(|v| v.law == Law::Panic) {
        matter.extend(log.iter().filter(|e| e.task == 0).map(|e| e.op.object.index as usize));
    }
    matter
}

fn letter(kind: ObjectKind) -> char {
    match kind {
        ObjectKind::Channel { .. } => 'C',
        ObjectKind::Mutex | ObjectKind::RwLock | ObjectKind::BlockingMutex => 'L',
        ObjectKind::Semaphore { .. } => 'S',
        ObjectKind::Notify => 'N',
        ObjectKind::Token => 'K',
        ObjectKind::Join | ObjectKind::JoinSet => 'J',
        _ => 'O',
    }
}

/// `send to C1: ok`.
fn in_words(event: &Event, object: &str) -> String {
    use OpKind::*;
    let verb = match event.op.kind {
        Send | TrySend | SendReserved => "send to",
        Reserve | TryReserve => "reserve in",
        DropPermit => "give back a slot of",
        Recv | TryRecv => "receive from",
        Closed | IsClosed => "look for the end of",
        CloseSend | CloseRecv | CloseSemaphore | CloseTracker => "close",
        DropSender => "drop a sender of",
        DropReceiver => "drop a receiver of",
        DropSend => "drop a send, with its item, to",
        Acquire | TryAcquire | AcquireShared | TryAcquireShared | LockBlocking => "acquire",
        Release | ReleaseShared | UnlockBlocking => "release",
        DropAcquire => "stop waiting for",
        Forget => "forget a permit of",
        AddPermits => "add permits to",
        Notified => "wait for",
        NotifyOne | NotifyWaiters => "notify",
        Cancelled | IsCancelled => "look at",
        Cancel => "cancel",
        Finish => "end, in",
        Join | IsFinished => "join",
        Abort => "abort a task of",
        Yield => "yield",
        Load | Borrow => "read",
        Store | Rmw => "write",
        Timer => "wait for the time",
        kind => return format!("{kind:?} {object}: {}", outcome(event.outcome)),
    };
    match event.op.kind {
        Yield => verb.to_owned(),
        _ => format!(
            "{verb} {object}{}",
            match event.outcome {
                Outcome::Done(_) => String::new(),
                other => format!(": {}", outcome(other)),
            }
        ),
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pending => "waits",
        Outcome::Done(_) => "done",
        Outcome::CLOSED => "closed",
        Outcome::BUSY => "not now",
        Outcome::PANICKED => "panicked",
        Outcome::ABORTED => "aborted",
        Outcome::ERRED => "an error",
        Outcome::Failed(_) => "refused",
    }
}

/// The place; and why this event's task runs now, where the one before was another's. `shown` is the
/// time of the last row.
fn why(log: &[&Event], i: usize, shown: u64) -> String {
    let event = log[i];
    let place = format!("{}:{}", last_names(event.op.site.file()), event.op.site.line());
    let Some(before) = i.checked_sub(1).map(|b| log[b]) else { return place };
    let mut reasons = Vec::new();
    if shown != event.now {
        reasons.push(format!("time passes to {:?}", std::time::Duration::from_nanos(event.now)));
    }
    if before.task != event.task {
        reasons.push(match (before.op.kind, before.outcome) {
            (OpKind::Finish, _) => format!("T{} ended", before.task),
            (_, Outcome::Pending) => format!("T{} waits", before.task),
            _ => format!("T{} is preempted", before.task),
        });
        // It parked at some time: who woke it since?
        let last = log[..i].iter().rposition(|e| e.task == event.task);
        let waited = last.filter(|l| log[*l].outcome == Outcome::Pending);
        let waker = waited.and_then(|l| log[l..i].iter().find(|e| e.woken.contains(&event.task)));
        if let Some(waker) = waker {
            reasons.push(format!("T{} was woken in step {}", event.task, waker.step));
        }
    }
    match reasons.is_empty() {
        true => place,
        false => format!("{place}   <- {}", reasons.join("; ")),
    }
}

/// The last two components of a path.
fn last_names(path: &str) -> &str {
    let mut cuts = path.rmatch_indices(['/', '\\']).map(|(i, _)| i + 1);
    cuts.nth(1).map_or(path, |i| &path[i..])
}

fn clip(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => text.chars().take(width - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
