//! Everything that a shutdown has accepted: tasks, and guards.
//!
//! It is behind the lock of admission while things are accepted; the one that runs the shutdown then
//! takes it out as a whole, and from there on it has one owner and needs no lock.

use super::crew::Crew;
use super::report::{Account, Name};
use rt::sync::mpsc::UnboundedReceiver;
use selvedge_rt as rt;
use std::collections::BTreeMap;

/// What was accepted and has not been accounted for.
pub(super) struct Admitted {
    pub(super) tasks: Crew<Name>,
    guards: BTreeMap<u64, Name>,
    guards_given: u64,
    /// The guards that came back. As many messages as there are guards, at most: each guard sends
    /// one, and they are read whenever one more is given.
    released: UnboundedReceiver<u64>,
    aborting: bool,
}

impl Admitted {
    pub(super) fn new(released: UnboundedReceiver<u64>) -> Self {
        Admitted {
            tasks: Crew::new(),
            guards: BTreeMap::new(),
            guards_given: 0,
            released,
            aborting: false,
        }
    }

    /// Counts a guard; gives its number.
    pub(super) fn guard(&mut self, name: Name) -> u64 {
        self.reap_guards();
        let guard = self.guards_given;
        self.guards_given += 1;
        self.guards.insert(guard, name);
        guard
    }

    fn reap_guards(&mut self) {
        while !self.guards.is_empty()
            && let Ok(guard) = self.released.try_recv()
        {
            self.came_back(guard);
        }
    }

    fn came_back(&mut self, guard: u64) {
        let Some(name) = self.guards.remove(&guard) else { return };
        // What it guarded may be done or cut short, and nobody can tell: the list is the safe side.
        if self.aborting {
            self.tasks.account.aborted.push(name);
        } else {
            self.tasks.account.drained += 1;
        }
    }

    /// Waits until every task has ended and every guard is back.
    ///
    /// Cancel safe: what was accounted for stays so.
    pub(super) async fn drain(&mut self) {
        while self.tasks.join_next().await {}
        while !self.guards.is_empty() {
            let guard = self.released.recv().await;
            self.came_back(guard.expect("the shutdown itself holds a sender"));
        }
    }

    /// Aborts the tasks. Guards know from their token.
    pub(super) fn abort(&mut self) {
        // Those that came back before are no victims of the abort.
        self.reap_guards();
        self.aborting = true;
        self.tasks.abort();
    }

    /// After an abort and a wait: what is still there. It is let go.
    pub(super) fn leaked(&mut self) -> Vec<Name> {
        let mut leaked = self.tasks.leaked();
        // Closed first: what comes back from now on finds that out, and is in no buffer.
        self.close();
        leaked.extend(std::mem::take(&mut self.guards).into_values());
        leaked
    }

    /// The account, when nothing is left but what leaked.
    pub(super) fn settle(&mut self) -> Account<Name> {
        self.tasks.settle()
    }

    /// Takes no guard back any more, after those that are back by now.
    fn close(&mut self) {
        if !self.guards.is_empty() {
            self.released.close();
            self.reap_guards();
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.close();
    }
}
