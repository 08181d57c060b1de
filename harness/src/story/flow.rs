//! The log of an execution, read once from its start: what each event led to and followed from.

use crate::exec::Pick;
use crate::ledger::Event;
use crate::replay::Replayed;
use crate::replay::drive::Ending;
use selvedge_rt::check::engine::{Flavor, ObjectKind, OpKind, Outcome};
use std::collections::{BTreeMap, VecDeque};

/// What is known of one event beside what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// After it, its task waits until it is woken.
    pub parks: bool,
    /// After it, its task does nothing any more, and has not ended.
    pub for_ever: bool,
    /// A receive: the steps in which its items were sent. A `join_next`: the task.
    pub from: Vec<usize>,
    /// An endpoint is dropped: the last of its side, and so many items are inside.
    pub last: Option<usize>,
}

pub(super) struct Flow<'a> {
    replayed: &'a Replayed,
    /// By the index of the event in [`Replayed::log`].
    pub notes: Vec<Note>,
}

/// One channel, as far as items and endpoints go.
#[derive(Default)]
struct Channel {
    /// Step and identity of each item inside.
    items: VecDeque<(usize, u64)>,
    senders: usize,
    receivers: usize,
}

impl<'a> Flow<'a> {
    pub fn of(replayed: &'a Replayed) -> Self {
        let mut flow = Flow { replayed, notes: vec![Note::default(); replayed.log.len()] };
        flow.follow_values();
        let mut next_of_task = BTreeMap::new();
        for i in (0..replayed.log.len()).rev() {
            let event = &replayed.log[i];
            // What is silent is part of what its task does anyway.
            if event.op.kind.is_silent() {
                continue;
            }
            let next = next_of_task.insert(event.task, i);
            let last = next.is_none() && !replayed.tasks[event.task].ended;
            flow.notes[i].parks = flow.parked_after(i, next);
            flow.notes[i].for_ever =
                last && replayed.ending == Ending::Quiet && event.outcome == Outcome::Pending;
        }
        flow
    }

    /// Whether the task of event `i` could not go on after it, up to its event `next`.
    fn parked_after(&self, i: usize, next: Option<usize>) -> bool {
        let event = &self.replayed.log[i];
        if event.outcome != Outcome::Pending || event.op.kind == OpKind::Yield {
            return false;
        }
        let next_step = next.map(|n| self.replayed.log[n].step);
        if next_step == Some(event.step) {
            return false;
        }
        // Where one task chooses, the options say nothing of the others.
        let chooses =
            |options: &&Vec<Pick>| options.iter().skip(1).any(|p| p.task == options[0].task);
        let after = self.replayed.options.iter().skip(event.step);
        match after.clone().zip(event.step + 1..).find(|(options, _)| !chooses(options)) {
            Some((_, step)) if next_step.is_some_and(|next| next < step) => false,
            Some((options, _)) => !options.iter().any(|p| p.task as usize == event.task),
            None => next.is_none() && self.replayed.tasks[event.task].wants.is_none(),
        }
    }

    /// Follows each item from its send to its receive, and each end to the one who joins it.
    fn follow_values(&mut self) {
        let mut channels: BTreeMap<usize, Channel> = BTreeMap::new();
        let mut broadcasts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut ends: BTreeMap<usize, VecDeque<usize>> = BTreeMap::new();
        for (event, note) in self.replayed.log.iter().zip(&mut self.notes) {
            let object = event.op.object.index as usize;
            match self.replayed.objects[object].kind {
                ObjectKind::Channel { flavor: Flavor::Broadcast, .. } => {
                    let sent_in = broadcasts.entry(object).or_default();
                    match (event.op.kind, event.outcome) {
                        (OpKind::TrySend, Outcome::Done(_)) => sent_in.push(event.step),
                        (OpKind::Recv | OpKind::TryRecv, Outcome::Done(_)) => {
                            // The lower half says how many items were sent before this one.
                            let place = event.op.value as u32 as usize;
                            note.from.extend(sent_in.get(place));
                        }
                        _ => {}
                    }
                }
                ObjectKind::Channel { .. } => {
                    let fresh = || Channel { senders: 1, receivers: 1, ..Channel::default() };
                    channels.entry(object).or_insert_with(fresh).follow(event, note);
                }
                ObjectKind::JoinSet => {
                    let ends = ends.entry(object).or_default();
                    match (event.op.kind, event.outcome) {
                        (OpKind::Finish, _) => ends.push_back(event.op.arg as usize),
                        (
                            OpKind::Join | OpKind::TryJoin,
                            Outcome::Done(_) | Outcome::Failed(3..),
                        ) => {
                            note.from.extend(ends.pop_front());
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// The last event of `task` before event `i`, but for silent ones.
    pub fn before(&self, task: usize, i: usize) -> Option<usize> {
        self.replayed.log[..i].iter().rposition(|e| e.task == task && !e.op.kind.is_silent())
    }

    /// The step in which `task`, parked since event `since`, was woken before event `i`.
    pub fn woken_in(&self, task: usize, since: usize, i: usize) -> Option<usize> {
        let wakes = |e: &&Event| {
            let aborts = e.op.kind == OpKind::Abort && e.op.arg as usize == task;
            aborts || e.woken.contains(&task)
        };
        self.replayed.log[since + 1..i].iter().find(wakes).map(|e| e.step)
    }
}

impl Channel {
    fn follow(&mut self, event: &Event, note: &mut Note) {
        use OpKind::*;
        let done = matches!(event.outcome, Outcome::Done(_));
        match event.op.kind {
            Send | TrySend | SendReserved if done => {
                self.items.push_back((event.step, event.op.arg))
            }
            Recv | TryRecv if done => {
                let n = if event.op.arg > 0 { self.many(event.outcome) } else { 1 };
                let taken = self.items.drain(..n.min(self.items.len()));
                note.from = taken.map(|(step, _)| step).collect();
            }
            CloneSender => self.senders += 1,
            CloneReceiver => self.receivers += 1,
            DropSender => {
                self.senders = self.senders.saturating_sub(1);
                note.last = (self.senders == 0).then_some(0);
            }
            DropReceiver => {
                self.receivers = self.receivers.saturating_sub(1);
                note.last = (self.receivers == 0).then_some(self.items.len());
            }
            _ => {}
        }
    }

    /// How many items a `recv_many` took: as many as give the digest that it is logged with.
    fn many(&self, outcome: Outcome) -> usize {
        let digest = |n: usize| {
            let taken = self.items.iter().take(n).map(|(_, id)| *id);
            Outcome::Done(crate::hash::fold(taken.fold(n as u128, crate::hash::mix)))
        };
        (1..=self.items.len()).find(|n| digest(*n) == outcome).unwrap_or(0)
    }
}
