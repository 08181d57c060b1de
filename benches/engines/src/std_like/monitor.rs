//! A state behind one lock, and one condition for all who wait for it to change.

use super::peer::sync::{Condvar, Mutex};

/// The state.
pub struct Monitor<S> {
    state: Mutex<S>,
    changed: Condvar,
}

impl<S> Monitor<S> {
    /// Begins with this state.
    pub fn new(state: S) -> Monitor<S> {
        Monitor { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Looks at the state.
    pub fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        look(&self.state.lock().unwrap())
    }

    /// Changes the state, and wakes all who wait.
    pub fn change<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let result = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        result
    }

    /// Waits until the state has an answer. What that takes from the state nobody else waits for.
    pub fn wait<R>(&self, mut answer: impl FnMut(&mut S) -> Option<R>) -> R {
        let mut state = self.state.lock().unwrap();
        loop {
            match answer(&mut state) {
                Some(answer) => return answer,
                None => state = self.changed.wait(state).unwrap(),
            }
        }
    }
}
