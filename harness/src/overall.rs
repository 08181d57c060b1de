//! What is known over all executions of a check.

use crate::Place;
use crate::ledger::LockEdges;
use selvedge_rt::check::engine::Site;
use serde::Serialize;
use std::collections::BTreeSet;

/// What one machine gathers while it runs executions.
#[derive(Default)]
pub(crate) struct Overall {
    /// The order of locks.
    pub locks: LockEdges,
    channels: Vec<(Site, Option<usize>, usize)>,
    cancelled_at: BTreeSet<Place>,
    compared: BTreeSet<String>,
    /// A scenario asked that a future be dropped at its awaits.
    pub cancels: bool,
}

impl Overall {
    /// A queue that was made at `site` holds `depth` items.
    pub fn depth(&mut self, site: Site, capacity: Option<usize>, depth: usize) {
        // One place is nearly always one address, which is cheaper to compare: this is done at sends.
        let known =
            self.channels.iter().position(|(s, c, _)| std::ptr::eq(*s, site) && *c == capacity);
        let alike = || self.channels.iter().position(|(s, c, _)| *s == site && *c == capacity);
        match known.or_else(alike) {
            Some(i) => self.channels[i].2 = depth.max(self.channels[i].2),
            None => self.channels.push((site, capacity, depth)),
        }
    }

    /// A future was dropped while it waited there.
    pub fn cancelled_at(&mut self, sites: impl IntoIterator<Item = Site>) {
        self.cancelled_at.extend(sites.into_iter().map(Place::from));
    }

    /// A clone of this was compared with its original.
    pub fn compared(&mut self, what: &str) {
        if !self.compared.contains(what) {
            self.compared.insert(what.into());
        }
    }

    /// It was asked for, and nothing waited.
    pub fn never_cancelled(&self) -> bool {
        self.cancels && self.cancelled_at.is_empty()
    }

    pub fn observed(&self) -> Observed {
        let depth = |(site, capacity, most): &(Site, Option<usize>, usize)| Depth {
            made_at: (*site).into(),
            capacity: *capacity,
            most: *most,
        };
        let mut depths: Vec<Depth> = self.channels.iter().map(depth).collect();
        depths.sort();
        Observed {
            depths,
            cancelled_at: self.cancelled_at.clone(),
            compared: self.compared.clone(),
        }
    }
}

/// What a check saw beside its verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// How full each queue became, by where it was made.
    pub depths: Vec<Depth>,
    /// Where [`cancel_everywhere`](crate::cancel_everywhere) dropped a future that waited.
    pub cancelled_at: BTreeSet<Place>,
    /// Of what [`shares`](crate::shares) compared a clone with its original.
    pub compared: BTreeSet<String>,
}

/// How full the queues became that are made at one place with one capacity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Depth {
    /// Where.
    pub made_at: Place,
    /// Items that fit; `None` is no bound.
    pub capacity: Option<usize>,
    /// The most items at once, on any schedule that was looked at.
    pub most: usize,
}

impl Observed {
    /// What was seen here or there.
    pub(crate) fn merge(&mut self, other: Observed) {
        for depth in other.depths {
            let alike =
                |d: &&mut Depth| (&d.made_at, d.capacity) == (&depth.made_at, depth.capacity);
            match self.depths.iter_mut().find(alike) {
                Some(known) => known.most = known.most.max(depth.most),
                None => self.depths.push(depth),
            }
        }
        self.depths.sort();
        self.cancelled_at.extend(other.cancelled_at);
        self.compared.extend(other.compared);
    }
}
