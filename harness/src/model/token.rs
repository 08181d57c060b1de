//! A tree of cancellation tokens: which nodes are cancelled.
//!
//! Its waiters are all woken by a cancel, so their order is nothing: one bit a node is the state.

use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

#[derive(Clone, Debug)]
pub(crate) struct Token {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
struct Node {
    id: u32,
    /// The root is its own parent.
    parent: u32,
    cancelled: bool,
    /// Key of the task that made it.
    maker: u64,
    /// What tells it from others: whose child it is, who made it, and how many that one had made there.
    /// The facade counts over all makers, in the order of the schedule.
    name: u64,
}

impl Default for Token {
    fn default() -> Self {
        Token { nodes: vec![Node { id: 0, parent: 0, cancelled: false, maker: 0, name: 0 }] }
    }
}

impl Token {
    fn find(&self, node: u32) -> Option<&Node> {
        self.nodes.iter().find(|n| n.id == node)
    }

    /// The same for a node in every schedule.
    pub fn name(&self, node: u32) -> u64 {
        self.find(node).map_or(node.into(), |n| n.name)
    }

    /// Whether `node` is `above` or below it.
    fn under(&self, mut node: u32, above: u32) -> bool {
        loop {
            if node == above {
                return true;
            }
            match self.find(node) {
                Some(Node { id, parent, .. }) if id != parent => node = *parent,
                _ => return false,
            }
        }
    }

    pub fn cancelled(&self, node: u32) -> bool {
        self.find(node).is_some_and(|n| n.cancelled)
    }

    pub fn any_cancelled(&self) -> bool {
        self.nodes.iter().any(|n| n.cancelled)
    }

    /// `maker`: the key of the task that does it.
    pub fn apply(&mut self, op: Op, maker: u64, outcome: Outcome) -> Outcome {
        match op.kind {
            OpKind::ChildToken => {
                let (parent, child) = ((op.arg >> 32) as u32, op.arg as u32);
                let cancelled = self.cancelled(parent);
                let made = self.nodes.iter().filter(|n| n.parent == parent && n.maker == maker);
                let place = [self.name(parent), maker, made.count() as u64];
                let name = hash::fold(place.into_iter().fold(41, hash::mix));
                self.nodes.push(Node { id: child, parent, cancelled, maker, name });
            }
            OpKind::Cancel => {
                let node = op.arg as u32;
                let below: Vec<bool> = self.nodes.iter().map(|n| self.under(n.id, node)).collect();
                self.nodes.iter_mut().zip(below).for_each(|(n, under)| n.cancelled |= under);
            }
            _ => {}
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        // A sum: children may be made in any order.
        let parts = self.nodes.iter().map(|n| hash::part(n.name, n.cancelled as u128));
        parts.fold(0, u128::wrapping_add)
    }

    pub fn commute(&self, a: &Op, b: &Op) -> bool {
        use OpKind::*;
        match (a.kind, b.kind) {
            (Cancelled | IsCancelled, Cancelled | IsCancelled) | (Cancel, Cancel) => true,
            (Cancel, Cancelled | IsCancelled) => !self.under(b.arg as u32, a.arg as u32),
            _ => false,
        }
    }

    pub fn settled(&self, op: &Op) -> bool {
        matches!(op.kind, OpKind::Cancelled | OpKind::IsCancelled | OpKind::Cancel)
            && self.cancelled(op.arg as u32)
    }
}
