//! What a scenario writes down, and what it declares.

use crate::exec::Machine;
use crate::hash;
use crate::real;
use selvedge_rt::check::engine::{ObjectId, Site};
use std::cell::RefCell;
use std::fmt::Debug;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

thread_local! {
    static LISTENER: RefCell<Option<Rc<Machine>>> = const { RefCell::new(None) };
}

/// Makes `machine` hear what is recorded on this thread, until dropped.
pub(crate) fn listen(machine: Rc<Machine>) -> Listening {
    Listening(LISTENER.with(|l| l.borrow_mut().replace(machine)))
}

pub(crate) struct Listening(Option<Rc<Machine>>);

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENER.with(|l| *l.borrow_mut() = self.0.take());
    }
}

fn listener() -> Option<Rc<Machine>> {
    LISTENER.try_with(|l| l.borrow().clone()).ok().flatten()
}

/// A multiset of values that tasks write and the root reads at the end. Clones share it.
///
/// Use it instead of a bare `Arc<Mutex<Vec<_>>>`: the engine sees what is in it, so that merging
/// stays right, and the *order* of the values is no part of the state, which keeps the space small.
#[derive(Clone, Debug)]
pub struct Record<T> {
    values: Arc<Mutex<Vec<T>>>,
    name: &'static str,
    /// Each value may come once.
    distinct: bool,
}

impl<T: Hash + Ord + Clone + Debug> Record<T> {
    /// An empty record. The name keeps the values of two records apart.
    pub fn new(name: &'static str) -> Self {
        Record { values: Arc::default(), name, distinct: false }
    }

    /// An empty record of values that may come once each: a second one is a
    /// [`DuplicateItem`](crate::Law::DuplicateItem).
    pub fn distinct(name: &'static str) -> Self {
        Record { distinct: true, ..Record::new(name) }
    }

    /// Adds a value. No task can interleave here.
    pub fn note(&self, value: T) {
        if let Some(machine) = listener() {
            machine.exec.borrow_mut().note(hash::of(&(self.name, &value)));
        } else if let Some(run) = real::heard() {
            run.note(hash::of(&(self.name, &value)));
        }
        if self.distinct && self.lock().contains(&value) {
            self.seen_twice(&value);
        }
        self.lock().push(value);
    }

    fn seen_twice(&self, value: &T) {
        let what = format!("{value:?} is in the record `{}` a second time", self.name);
        if let Some(machine) = listener() {
            crate::laws::seen_twice(&mut machine.exec.borrow_mut(), what);
        } else if let Some(run) = real::heard() {
            run.seen_twice(what);
        }
    }

    /// All values, sorted.
    pub fn sorted(&self) -> Vec<T> {
        let mut values = self.lock().clone();
        values.sort();
        values
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<T>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Declares that a shutdown is complete: [`IncompleteShutdown`](crate::Law::IncompleteShutdown) where
/// any other task is alive.
pub fn shutdown_complete() {
    if let Some(machine) = listener() {
        #[cfg(feature = "loom")]
        crate::loom::look_at_ends();
        crate::laws::shutdown_complete(&mut machine.exec.borrow_mut());
    } else if let Some(run) = real::heard() {
        run.shutdown_complete();
    }
}

/// Declares that the running task is a daemon: it may be alive, or wait for ever, when the root returns.
pub fn daemon() {
    if let Some(machine) = listener() {
        let mut e = machine.exec.borrow_mut();
        let t = e.current;
        e.tasks[t].daemon = true;
    } else if let Some(run) = real::heard() {
        run.daemon();
    }
}

/// Uses a value and then a clone of it: [`SplitState`](crate::Law::SplitState) where the two operations have no
/// object in common, though the clone is to share the state of the original.
///
/// Give it operations on that state and on little else: a token that both look at is in common too.
/// Objects are seen by the explorer, under loom and in samples; on a real runtime nothing is judged.
///
/// # Examples
///
/// ```
/// use selvedge_rt as rt;
/// use std::sync::Arc;
///
/// /// Counts, wrongly: each clone for itself.
/// struct Hits(Arc<rt::sync::Mutex<u64>>);
///
/// impl Clone for Hits {
///     fn clone(&self) -> Self {
///         Hits(Arc::new(rt::sync::Mutex::new(*self.0.try_lock().unwrap())))
///     }
/// }
///
/// let report = selvedge::Check::new("hits").explore(|| async {
///     let hits = Hits(Arc::default());
///     let copy = hits.clone();
///     selvedge::shares("Hits", async { *hits.0.lock().await += 1 }, async { *copy.0.lock().await += 1 }).await;
/// });
/// report.assert_violates(selvedge::Law::SplitState);
/// ```
pub async fn shares<A, B>(
    what: &str,
    original: impl Future<Output = A>,
    clone: impl Future<Output = B>,
) -> (A, B) {
    touch();
    let a = original.await;
    let by_original = touched();
    touch();
    let b = clone.await;
    let by_clone = touched();
    if let Some(machine) = listener() {
        machine.overall.borrow_mut().compared(what);
        if !by_clone.iter().any(|object| by_original.contains(object)) {
            crate::laws::split_state(&mut machine.exec.borrow_mut(), what);
        }
    }
    (a, b)
}

/// From here on, what the running task does is kept.
fn touch() {
    if let Some(machine) = listener() {
        let mut e = machine.exec.borrow_mut();
        let t = e.current;
        e.tasks[t].touched = Some(Vec::new());
    }
}

/// The objects that the running task did something to.
fn touched() -> Vec<ObjectId> {
    listener().map_or(Vec::new(), |machine| {
        let mut e = machine.exec.borrow_mut();
        let t = e.current;
        e.tasks[t].touched.take().unwrap_or_default()
    })
}

/// A future will be dropped at its awaits.
pub(crate) fn cancels() {
    if let Some(machine) = listener() {
        machine.overall.borrow_mut().cancels = true;
    }
}

/// Where the running task waits since this poll.
pub(crate) fn waits() -> Vec<Site> {
    listener().map_or(Vec::new(), |machine| {
        let e = machine.exec.borrow();
        // The first is the canceller's signal.
        e.tasks[e.current].waits.iter().skip(1).map(|w| w.site).collect()
    })
}

/// A future was dropped while it waited there.
pub(crate) fn cancelled_at(waits: &[Site]) {
    if let Some(machine) = listener() {
        machine.overall.borrow_mut().cancelled_at(waits.iter().copied());
    }
}
