//! One operation in words.

use super::Handles;
use super::flow::Note;
use crate::ledger::Event;
use crate::replay::Replayed;
use selvedge_rt::check::engine::{ObjectKind, Op, OpKind, Outcome};
use std::time::Duration;

/// What was done, to what: `send C1`.
pub(super) fn deed(replayed: &Replayed, handles: &mut Handles, event: &Event) -> String {
    deed_of(replayed, handles, &event.op)
}

/// The same, of an operation that was not done.
pub(super) fn deed_of(replayed: &Replayed, handles: &mut Handles, op: &Op) -> String {
    use OpKind::*;
    let (kind, object, arg) = (op.kind, op.object.index as usize, op.arg);
    let of = replayed.objects[object].kind;
    match (kind, of) {
        (Timer, _) => return format!("sleep to {}", time(arg)),
        (Yield, _) => return "yield".into(),
        (Now, _) => return "look at the clock".into(),
        (Join, ObjectKind::Join) => return format!("join T{arg}"),
        (IsFinished, _) => return format!("is T{arg} finished"),
        (Abort, _) => return format!("abort T{arg}"),
        (Finish, _) => return "end".into(),
        _ => {}
    }
    let name = handles.name(replayed, object);
    let verb = match kind {
        Send | SendReserved => "send",
        TrySend => match of {
            // What is sent there never waits.
            ObjectKind::Channel { capacity: Some(_), flavor } if bounded(flavor) => "try_send",
            _ => "send",
        },
        Reserve => "reserve",
        TryReserve => "try_reserve",
        DropPermit => "give back slot of",
        Recv if arg > 0 => "recv_many",
        Recv => "recv",
        TryRecv => "try_recv",
        Closed => "closed",
        IsClosed => "is_closed",
        Len => "len",
        CloseSend | CloseRecv | CloseSemaphore | CloseTracker => "close",
        ReopenTracker => "reopen",
        DropSender => "drop sender",
        DropReceiver => "drop receiver",
        DropSend => "drop send",
        Changed => "changed",
        Borrow => "borrow",
        Subscribe => "subscribe to",
        Acquire | LockBlocking => match of {
            ObjectKind::Semaphore { .. } if arg > 1 => return format!("acquire {arg} of {name}"),
            ObjectKind::Semaphore { .. } => "acquire",
            ObjectKind::RwLock => "write",
            ObjectKind::OnceCell => "begin to set",
            _ => "lock",
        },
        TryAcquire => match of {
            ObjectKind::Semaphore { .. } => "try_acquire",
            ObjectKind::RwLock => "try_write",
            _ => "try_lock",
        },
        AcquireShared => "read",
        TryAcquireShared => "try_read",
        Release | ReleaseShared | UnlockBlocking => match of {
            ObjectKind::Semaphore { .. } if arg > 1 => return format!("release {arg} of {name}"),
            ObjectKind::Semaphore { .. } => "release",
            ObjectKind::OnceCell => "give up setting",
            _ => "unlock",
        },
        Downgrade => "downgrade",
        AddPermits => return format!("add {arg} to {name}"),
        Forget => "forget permit of",
        Available => "permits of",
        DropAcquire | DropNotified => "stop waiting for",
        Listen => "listen to",
        Notified => "notified",
        NotifyOne => "notify_one",
        NotifyLast => "notify_last",
        NotifyWaiters => "notify_waiters",
        Arrive => "arrive at",
        Cancelled => "cancelled",
        IsCancelled => "is_cancelled",
        Cancel if arg > 0 => "cancel child of",
        Cancel => "cancel",
        Join => "join_next",
        TryJoin => "try_join_next",
        Untrack => "untrack in",
        WaitTracked => "wait",
        SetOnce => "set",
        GetOnce => "get",
        Load => {
            if of == ObjectKind::Cell {
                "read"
            } else {
                "load"
            }
        }
        Store => return format!("store {name} = {}", number(arg)),
        Rmw => {
            if of == ObjectKind::Cell {
                "write"
            } else {
                "update"
            }
        }
        // Silent, so never told.
        kind => return format!("{kind:?} {name}"),
    };
    format!("{verb} {name}")
}

fn bounded(flavor: selvedge_rt::check::engine::Flavor) -> bool {
    use selvedge_rt::check::engine::Flavor;
    matches!(flavor, Flavor::Mpsc | Flavor::Mpmc)
}

/// What came of it: empty where that goes without saying.
pub(super) fn outcome(replayed: &Replayed, event: &Event, note: &Note) -> String {
    use OpKind::*;
    let of = replayed.objects[event.op.object.index as usize].kind;
    if let Some(n) = event.outcome.missed() {
        return format!(" -> missed {n}");
    }
    match (event.op.kind, event.outcome) {
        (_, Outcome::Pending) if note.for_ever => ": waits for ever".into(),
        (_, Outcome::Pending) if note.parks => ": waits".into(),
        (Timer, Outcome::Pending) => ": armed".into(),
        (_, Outcome::Pending) => ": not yet".into(),
        (Recv | TryRecv, Outcome::Done(_)) => match &note.from[..] {
            [] => " -> an item".into(),
            [step] => format!(" -> item of step {step}"),
            [first, second] => format!(" -> items of steps {first} and {second}"),
            [first, .., last] => format!(" -> items of steps {first} to {last}"),
        },
        (Recv, Outcome::CLOSED) => " -> the end".into(),
        (TryRecv, Outcome::BUSY) => " -> empty".into(),
        (TrySend, Outcome::BUSY) => " -> full".into(),
        (CloseSend | CloseRecv, Outcome::CLOSED) => " -> was closed".into(),
        (DropSender | DropReceiver, _) => match note.last {
            None => String::new(),
            Some(0) => ", last".into(),
            Some(1) => ", last, 1 item in it".into(),
            Some(n) => format!(", last, {n} items in it"),
        },
        // A value without content has this identity.
        (DropSend, _) if event.op.arg != 1 => ", item and all".into(),
        (Join | TryJoin, _) if of == ObjectKind::JoinSet => match (&note.from[..], event.outcome) {
            ([task], outcome) => format!(" -> T{task} {}", end(outcome)),
            (_, Outcome::CLOSED) => " -> none left".into(),
            (_, Outcome::BUSY) => " -> none yet".into(),
            _ => String::new(),
        },
        (Acquire, Outcome::Done(1)) if of == ObjectKind::OnceCell => " -> is set".into(),
        (GetOnce, Outcome::Done(set)) => {
            format!(" -> {}", if set == 0 { "none" } else { "a value" })
        }
        (SetOnce, Outcome::CLOSED) => " -> is set".into(),
        (Arrive, Outcome::Done(leads)) => {
            format!(" -> {}", if leads == 0 { "goes on" } else { "leads" })
        }
        (Join, outcome) => format!(" -> {}", end(outcome)),
        (IsClosed | IsCancelled | IsFinished, Outcome::Done(yes)) => {
            format!(" -> {}", if yes == 0 { "no" } else { "yes" })
        }
        (Cancelled | Closed, Outcome::Done(_)) => " -> yes".into(),
        (Len | Available, Outcome::Done(n)) => format!(" -> {n}"),
        (_, Outcome::RACED) => ": unordered".into(),
        // What it holds has an identity only.
        (Load | Rmw, Outcome::Done(_)) if of == ObjectKind::Cell => String::new(),
        (Load, Outcome::Done(value)) => format!(" -> {}", number(value)),
        (Rmw, Outcome::Done(value)) => format!(" -> was {}", number(value)),
        (Rmw, Outcome::Failed(value)) => format!(" -> refused, is {}", number(value)),
        (Finish, Outcome::PANICKED) => ": panics".into(),
        (Finish, Outcome::ABORTED) => ": aborted".into(),
        (Finish, Outcome::ERRED) => " with an error".into(),
        (_, Outcome::CLOSED) => " -> closed".into(),
        (_, Outcome::BUSY) => " -> not now".into(),
        (_, Outcome::PANICKED) => ": panics".into(),
        (Send | TrySend | SendReserved | Reserve | TryReserve | Acquire | TryAcquire, _)
        | (AcquireShared | TryAcquireShared | LockBlocking | Changed | Notified, _) => {
            " -> ok".into()
        }
        _ => String::new(),
    }
}

/// How a task ended.
fn end(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::PANICKED => "panicked",
        Outcome::ABORTED => "aborted",
        Outcome::ERRED => "an error",
        _ => "ended",
    }
}

/// A small number as it is, and the bits of a large one.
fn number(bits: u64) -> String {
    if bits < 1 << 32 { bits.to_string() } else { format!("{bits:#x}") }
}

/// Virtual time since the start.
pub(super) fn time(nanos: u64) -> String {
    format!("{:?}", Duration::from_nanos(nanos))
}
