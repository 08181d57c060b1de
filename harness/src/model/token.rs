//! A tree of cancellation tokens: which nodes are cancelled.
//!
//! Its waiters are all woken by a cancel, so their order is nothing: one bit a node is the state.

use crate::hash;
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// `(node, parent, cancelled)`; the root is its own parent.
    nodes: Vec<(u32, u32, bool)>,
}

impl Default for Token {
    fn default() -> Self {
        Token { nodes: vec![(0, 0, false)] }
    }
}

impl Token {
    fn find(&self, node: u32) -> Option<&(u32, u32, bool)> {
        self.nodes.iter().find(|n| n.0 == node)
    }

    /// Whether `node` is `above` or below it.
    fn under(&self, mut node: u32, above: u32) -> bool {
        loop {
            if node == above {
                return true;
            }
            match self.find(node) {
                Some((id, parent, _)) if id != parent => node = *parent,
                _ => return false,
            }
        }
    }

    pub fn cancelled(&self, node: u32) -> bool {
        self.find(node).is_some_and(|n| n.2)
    }

    pub fn any_cancelled(&self) -> bool {
        self.nodes.iter().any(|n| n.2)
    }

    pub fn apply(&mut self, op: Op, outcome: Outcome) -> Outcome {
        match op.kind {
            OpKind::ChildToken => {
                let (parent, child) = ((op.arg >> 32) as u32, op.arg as u32);
                let cancelled = self.cancelled(parent);
                self.nodes.push((child, parent, cancelled));
            }
            OpKind::Cancel => {
                let node = op.arg as u32;
                let below: Vec<bool> = self.nodes.iter().map(|n| self.under(n.0, node)).collect();
                self.nodes.iter_mut().zip(below).for_each(|(n, under)| n.2 |= under);
            }
            _ => {}
        }
        outcome
    }

    pub fn fingerprint(&self) -> u128 {
        // A sum: children may be made in any order.
        self.nodes.iter().map(|n| hash::part(n.0 as u64, n.2 as u128)).fold(0, u128::wrapping_add)
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
