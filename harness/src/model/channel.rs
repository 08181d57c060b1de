//! Channels: mpsc, oneshot and MPMC. A queue of identities, the counts of endpoints, and who closed.

use crate::hash;
use selvedge_rt::check::engine::{Flavor, Op, OpKind, Outcome};
use std::collections::VecDeque;

/// What ended a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClosedBy {
    /// An explicit close by a sending handle.
    Sender,
    /// An explicit close by a receiving handle.
    Receiver,
}

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub flavor: Flavor,
    pub capacity: Option<usize>,
    /// Identities of the items that were accepted and not yet received.
    pub queue: VecDeque<u64>,
    pub senders: u32,
    pub receivers: u32,
    /// Slots reserved and not yet used.
    pub reserved: u32,
    pub closed: Option<ClosedBy>,
    /// The most items ever queued.
    pub depth: usize,
}

impl Channel {
    pub fn new(flavor: Flavor, capacity: Option<usize>) -> Self {
        Channel {
            flavor,
            capacity,
            queue: VecDeque::new(),
            senders: 1,
            receivers: 1,
            reserved: 0,
            closed: None,
            depth: 0,
        }
    }

    pub fn apply(&mut self, op: Op, outcome: Outcome) -> Outcome {
        use OpKind::*;
        let done = matches!(outcome, Outcome::Done(_));
        match op.kind {
            Send | TrySend | SendReserved if done => {
                if op.kind == SendReserved {
                    self.reserved = self.reserved.saturating_sub(1);
                }
                self.queue.push_back(op.arg);
                self.depth = self.depth.max(self.queue.len());
                if self.flavor == Flavor::Oneshot {
                    self.senders = 0;
                }
            }
            TrySend if self.flavor == Flavor::Oneshot => self.senders = 0,
            Reserve | TryReserve if done => self.reserved += 1,
            DropPermit => self.reserved = self.reserved.saturating_sub(1),
            Recv if done && op.arg > 0 => {
                // A `recv_many`: how many, and which.
                let Outcome::Done(n) = outcome else { return outcome };
                let taken = self.queue.drain(..(n as usize).min(self.queue.len()));
                return Outcome::Done(hash::fold(taken.fold(n as u128, hash::mix)));
            }
            Recv | TryRecv if done => {
                return Outcome::Done(self.queue.pop_front().unwrap_or(0));
            }
            CloneSender => self.senders += 1,
            CloneReceiver => self.receivers += 1,
            DropSender => self.senders = self.senders.saturating_sub(1),
            DropReceiver => {
                self.receivers = self.receivers.saturating_sub(1);
                if self.receivers == 0 && self.flavor != Flavor::Mpmc {
                    self.queue.clear();
                }
            }
            CloseSend => self.closed = self.closed.or(Some(ClosedBy::Sender)),
            CloseRecv => self.closed = self.closed.or(Some(ClosedBy::Receiver)),
            _ => {}
        }
        if self.senders == 0 && self.receivers == 0 {
            self.queue.clear();
        }
        outcome
    }

    /// Nothing more can be sent.
    pub fn refuses(&self) -> bool {
        self.closed.is_some() || self.receivers == 0
    }

    /// Nothing more will arrive.
    pub fn ended(&self) -> bool {
        self.queue.is_empty() && self.reserved == 0 && (self.closed.is_some() || self.senders == 0)
    }

    pub fn fingerprint(&self) -> u128 {
        if self.senders == 0 && self.receivers == 0 && self.reserved == 0 {
            return 0;
        }
        let counts = self.senders as u64
            | (self.receivers as u64) << 16
            | (self.reserved as u64) << 32
            | (self.closed.is_some() as u64) << 48
            | 1 << 63;
        let head = hash::mix(hash::mix(3, counts), self.capacity.map_or(0, |c| c as u64));
        self.queue.iter().fold(head, |h, item| hash::mix(h, *item))
    }

    pub fn commute(&self, a: &Op, b: &Op, nobody_waits: bool) -> bool {
        use OpKind::*;
        // How many a `recv_many` takes depends on how many there are.
        let many = |op: &Op| op.kind == Recv && op.arg > 0;
        if many(a) || many(b) {
            return false;
        }
        match (a.kind, b.kind) {
            // The last one closes, whichever that is.
            (DropSender, DropSender) | (DropReceiver, DropReceiver) => true,
            (DropSender, _) if self.senders > 1 => true,
            (DropReceiver, _) if self.receivers > 1 => true,
            // The last sender goes while an item is there to be received anyway.
            (DropSender, Recv | TryRecv) => nobody_waits && !self.queue.is_empty(),
            (
                Closed | IsClosed,
                Send | TrySend | Reserve | TryReserve | SendReserved | DropPermit | Recv | TryRecv,
            ) => self.flavor != Flavor::Oneshot,
            (Closed | IsClosed, Closed | IsClosed) => true,
            (Send | TrySend | SendReserved, Recv | TryRecv) => {
                let room =
                    self.capacity.is_none_or(|c| self.queue.len() + (self.reserved as usize) < c);
                nobody_waits
                    && !self.refuses()
                    && !self.queue.is_empty()
                    && (room || a.kind == SendReserved)
            }
            (Reserve | TryReserve | DropPermit, Recv | TryRecv) => {
                let room =
                    self.capacity.is_none_or(|c| self.queue.len() + (self.reserved as usize) < c);
                nobody_waits
                    && !self.refuses()
                    && !self.queue.is_empty()
                    && (room || a.kind == DropPermit)
            }
            _ => false,
        }
    }

    pub fn settled(&self, op: &Op) -> bool {
        use OpKind::*;
        match op.kind {
            Send | TrySend | Reserve | TryReserve | Closed | IsClosed => self.refuses(),
            Recv | TryRecv => self.ended() && self.receivers > 0,
            DropSender => self.refuses() && self.reserved == 0,
            DropReceiver => self.ended(),
            _ => false,
        }
    }
}
