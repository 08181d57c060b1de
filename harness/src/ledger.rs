//! The ledger: what happened, as every engine writes it.

use crate::exec::Pick;
use selvedge_rt::check::engine::{Op, Outcome, Site};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

/// One operation that was done.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub step: usize,
    pub task: usize,
    pub op: Op,
    pub outcome: Outcome,
    /// Tasks that it woke.
    pub woken: Vec<usize>,
    /// Virtual time, in nanoseconds.
    pub now: u64,
}

/// Lock `to` was asked for while `from` was held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub from: u64,
    pub to: u64,
    pub task: u64,
    /// Other locks held: a lock common to all edges of a cycle makes the cycle harmless.
    pub gates: Vec<u64>,
}

/// Where the two locks of an [`Edge`] were taken, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct EdgeSites {
    pub task: String,
    pub spawned: Site,
    pub from: Site,
    pub to: Site,
    /// A schedule that shows it. None: its execution goes on.
    pub schedule: Option<Rc<[Pick]>>,
}

/// The lock-order graph over all executions.
#[derive(Default)]
pub(crate) struct LockEdges {
    edges: BTreeMap<Edge, EdgeSites>,
    /// The running execution has added some.
    grown: bool,
}

impl LockEdges {
    /// Adds an edge, unless it is known.
    pub fn add(&mut self, edge: Edge, sites: impl FnOnce() -> EdgeSites) {
        if let Entry::Vacant(entry) = self.edges.entry(edge) {
            entry.insert(sites());
            self.grown = true;
        }
    }

    /// An execution is over: this is its schedule. Whether it has added edges.
    pub fn end_execution(&mut self, schedule: &[Pick]) -> bool {
        if !std::mem::take(&mut self.grown) {
            return false;
        }
        let schedule: Rc<[Pick]> = schedule.into();
        for sites in self.edges.values_mut().filter(|sites| sites.schedule.is_none()) {
            sites.schedule = Some(schedule.clone());
        }
        true
    }

    /// A cycle of different tasks without a common gate, shortest first.
    pub fn cycle(&self) -> Option<Vec<(&Edge, &EdgeSites)>> {
        let edges: Vec<(&Edge, &EdgeSites)> = self.edges.iter().collect();
        (2..=edges.len().min(6)).find_map(|n| extend(&edges, &mut Vec::new(), n))
    }

    /// Schedules that show the cycle, one after the other.
    pub fn cycle_schedules(&self) -> Vec<Rc<[Pick]>> {
        let mut schedules: Vec<Rc<[Pick]>> = Vec::new();
        for (_, sites) in self.cycle().into_iter().flatten() {
            schedules.extend(sites.schedule.clone().filter(|s| !schedules.contains(s)));
        }
        schedules
    }
}

fn extend<'a>(
    edges: &[(&'a Edge, &'a EdgeSites)],
    path: &mut Vec<(&'a Edge, &'a EdgeSites)>,
    left: usize,
) -> Option<Vec<(&'a Edge, &'a EdgeSites)>> {
    if left == 0 {
        let closes = path.first()?.0.from == path.last()?.0.to;
        let gate = |g: &u64| path.iter().all(|(e, _)| e.gates.contains(g));
        return (closes && !path[0].0.gates.iter().any(gate)).then(|| path.clone());
    }
    for edge in edges {
        let follows = path.last().is_none_or(|(last, _)| last.to == edge.0.from);
        let fresh = path.iter().all(|(e, _)| e.task != edge.0.task && e.from != edge.0.from);
        if follows && fresh {
            path.push(*edge);
            if let Some(cycle) = extend(edges, path, left - 1) {
                return Some(cycle);
            }
            path.pop();
        }
    }
    None
}
