//! A cancel, and what hears it.

use super::monitor::Monitor;
use super::queue::{Queue, Sender, queue};
// Loom's own `Arc` would multiply its executions.
use std::sync::Arc;

/// What hears a cancel: it wakes whoever waits in it.
pub trait Cancel: Send + Sync {
    /// Tells it.
    fn cancel(&self);
}

/// A cancel that comes once, or never. Clones are the same token.
#[derive(Clone)]
pub struct Token(Arc<Monitor<State>>);

#[derive(Default)]
struct State {
    cancelled: bool,
    /// What hears it too. Nobody can wait on two conditions, so each keeps the cancel in its own state.
    over: Vec<Arc<dyn Cancel>>,
}

impl Token {
    /// A token that is over nothing.
    pub fn new() -> Token {
        Token(Arc::new(Monitor::new(State::default())))
    }

    /// Lets `what` hear the cancel.
    pub fn over<C: Cancel + 'static>(&self, what: C) -> Arc<C> {
        let what = Arc::new(what);
        let heard = what.clone();
        let late = self.0.change(|state| {
            state.over.push(heard);
            state.cancelled
        });
        if late {
            what.cancel();
        }
        what
    }

    /// A token that this one cancels, and that can be cancelled by itself.
    pub fn child(&self) -> Token {
        Token::clone(&self.over(Token::new()))
    }

    /// A queue that hears the cancel.
    pub fn queue<T: Send + 'static>(&self, capacity: usize) -> (Sender<T>, Arc<Queue<T>>) {
        let (sender, queue) = queue(capacity);
        self.over(queue.clone());
        (sender, queue)
    }

    /// Tells all who hear it, one after another.
    pub fn cancel(&self) {
        let over = self.0.change(|state| {
            state.cancelled = true;
            std::mem::take(&mut state.over)
        });
        for what in over {
            what.cancel();
        }
    }

    /// Whether it came.
    pub fn is_cancelled(&self) -> bool {
        self.0.look(|state| state.cancelled)
    }

    /// Waits for it.
    pub fn cancelled(&self) {
        self.0.wait(|state| state.cancelled.then_some(()));
    }
}

impl Cancel for Token {
    fn cancel(&self) {
        Token::cancel(self);
    }
}

impl<C: Cancel> Cancel for Arc<C> {
    fn cancel(&self) {
        C::cancel(self);
    }
}
