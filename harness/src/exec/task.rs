//! A task of one execution.

use super::fiber::{Fiber, Job};
use crate::hash;
use selvedge_rt::check::engine::{Body, Branch, Extent, ObjectId, Op, OpKind, Site};
use smallvec::SmallVec;
use std::task::Waker;

/// What a task will do when it is scheduled next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Announced {
    /// This operation.
    Op(Op),
    /// A choice of its own, among so many.
    Choice(usize),
    /// A poll, whatever is in it.
    Poll,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Status {
    /// Woken, and on its way to its next announcement.
    Ready,
    Announced(Announced),
    Parked,
    Done,
}

/// One pending operation of a task's last poll.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub object: ObjectId,
    pub kind: OpKind,
    pub site: Site,
}

/// A look of a task at a value that others may write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub object: ObjectId,
    /// The object's, stable across schedules.
    pub key: u64,
    pub site: Site,
    /// Somebody else wrote since.
    pub overtaken: bool,
}

pub(crate) struct Task {
    /// Stable across schedules: of the parent, and how many children it had.
    pub key: u64,
    /// Equal for tasks that may be merged up to renaming; else equal to `key`.
    pub class: u64,
    /// Type of its future: the name, unless it was given one.
    pub type_name: &'static str,
    pub given_name: Option<String>,
    /// Which of the tasks spawned at its site, from 1.
    pub nth: u32,
    pub site: Site,
    pub join: ObjectId,
    pub extent: Option<Extent>,
    pub body: Option<Box<dyn Body>>,
    pub waker: Waker,
    /// Set while a poll of it is suspended.
    pub fiber: Option<Fiber>,
    pub status: Status,
    /// All that it observed.
    pub seen: u128,
    /// What pended, and what it chose, in this poll since it last observed something.
    pub poll: u128,
    /// What it polled in this poll since it last observed something.
    pub polled: SmallVec<[u64; 4]>,
    /// What pended first after it last observed something, in that poll, and in which branch: where straight
    /// code begins its next poll. 0: nothing yet; `None`: it has not observed anything.
    pub resumes_at: Option<(u64, u64)>,
    /// It has done nothing yet in this poll, silent or not.
    pub fresh: bool,
    /// Where this poll began, if that is elsewhere: with a hand-written poll of several things, this is not the
    /// state that it was in when it observed the last of them.
    pub restarted_at: u64,
    /// Which of its inner wakers were woken since it last parked, in order.
    pub wakes: u128,
    /// It has wakers of its own (a combinator): then every poll counts as an observation.
    pub inner_wakers: u64,
    pub woken: bool,
    pub aborted: bool,
    /// It was aborted before this poll did anything: what the poll wants no longer happens.
    pub killed: bool,
    /// The poll was unwound for that; code under test may have caught it.
    pub stopped: bool,
    pub choice: usize,
    /// In which branch of a `select!` or `join!` it is.
    pub branch: Branch,
    /// Operations in this poll that other tasks may notice.
    pub poll_ops: u32,
    pub children: u32,
    pub objects: u32,
    pub waits: SmallVec<[Wait; 4]>,
    /// Locks that it holds: object and site.
    pub held: SmallVec<[(ObjectId, Site); 2]>,
    /// Cancellation tokens that it ever looked at: object and node.
    pub tokens: SmallVec<[(ObjectId, u32); 2]>,
    /// What it does something to, while somebody wants to know. A function of what it observed.
    pub touched: Option<Vec<ObjectId>>,
    /// What it looked at and has not written since, where a check judges lost updates.
    pub looks: SmallVec<[Look; 2]>,
    /// Locks that it holds, and has written what they guard.
    pub wrote: SmallVec<[ObjectId; 2]>,
    pub daemon: bool,
    /// Its tracker knows that it is gone. A function of what it observed.
    pub untracked: bool,
    /// It has a thread of its own: one poll, which interleaves with those of others at any grain.
    pub blocking: bool,
    /// It was polled.
    pub begun: bool,
    /// Yields since another task ran.
    pub yields: u32,
}

/// Nothing pended after the last observation of a poll: whatever the next one begins with is elsewhere.
const NOWHERE: u64 = 1;

impl Task {
    pub(super) fn begin_poll(&mut self) -> Job {
        self.polls();
        self.poll_ops = 0;
        let body = self.body.as_mut().expect("a task that is not done has a body");
        Job { body: &raw mut **body, waker: self.waker.clone(), cancel: self.aborted }
    }

    /// It polls what it waits for, from the start.
    pub(crate) fn polls(&mut self) {
        self.begun = true;
        self.woken = false;
        self.poll = 0;
        self.fresh = true;
        if let Some((_, first @ 0)) = &mut self.resumes_at {
            *first = NOWHERE;
        }
        self.wakes = 0;
        self.branch = Default::default();
        self.polled.clear();
        self.waits.clear();
    }

    /// It has polled what it waits for. What pended is state of its objects, and no longer its own.
    pub(crate) fn end_poll(&mut self) {
        (self.poll, self.wakes, self.restarted_at) = (0, 0, 0);
    }

    /// What tells this state of the task from others. `aborts`: tasks are aborted in this scenario.
    pub fn local(&self, aborts: bool) -> u128 {
        let status = match self.status {
            Status::Done => return hash::mix(19, self.daemon as u64),
            Status::Ready => 1,
            // An abort reaches a task that has done nothing yet in this poll.
            Status::Announced(Announced::Op(_)) if aborts && self.poll_ops == 0 => 6,
            Status::Announced(Announced::Op(_)) => 2,
            Status::Announced(Announced::Choice(_)) => 4,
            Status::Announced(Announced::Poll) => 5,
            Status::Parked => 3,
        };
        let flags = status
            | (self.woken as u64) << 8
            | (self.aborted as u64) << 9
            | (self.killed as u64) << 10;
        // That it looked follows from what it observed; that it was overtaken does not.
        let overtaken = self.looks.iter().filter(|look| look.overtaken);
        let overtaken =
            overtaken.fold(0u128, |all, look| all.wrapping_add(hash::part(look.key, 1)));
        let h = hash::mix(self.seen, flags ^ self.branch.route << 12).wrapping_add(overtaken);
        match (self.poll, self.wakes, self.restarted_at) {
            (0, 0, 0) => h,
            (poll, wakes, restarted) => {
                hash::mix(hash::mix128(hash::mix128(h, poll), wakes), restarted)
            }
        }
    }

    /// For reports only: it costs more than a step.
    pub fn name(&self) -> String {
        match (&self.given_name, self.nth) {
            (Some(name), _) => name.clone(),
            (None, 0) => "root".into(),
            (None, n) => format!("{}#{n}", short_name(self.type_name)),
        }
    }

    pub fn done(&self) -> bool {
        matches!(self.status, Status::Done)
    }

    /// Nothing of it can run any more: who waited for the end of its tracker has waited for it.
    pub fn gone(&self) -> bool {
        self.done() || self.untracked
    }

    pub fn announced_op(&self) -> Option<Op> {
        match self.status {
            Status::Announced(Announced::Op(op)) => Some(op),
            _ => None,
        }
    }
}

/// `a::b::pool::Worker<T>::run::{{closure}}` as `pool::Worker::run`: the last three names, no generics.
fn short_name(type_name: &str) -> String {
    let (mut depth, mut flat) = (0u32, String::new());
    for c in type_name.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => flat.push(c),
            _ => {}
        }
    }
    let names: Vec<&str> =
        flat.split("::").filter(|n| !n.is_empty() && *n != "{{closure}}").collect();
    names[names.len().saturating_sub(3)..].join("::")
}
