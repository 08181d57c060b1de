//! A bounded queue that ends with its last sender.

use super::peer::sync::{Condvar, Mutex};
use std::collections::VecDeque;
// Loom's own `Arc` would multiply its executions.
use std::sync::Arc;

/// The queue.
pub struct Queue<T> {
    state: Mutex<State<T>>,
    capacity: usize,
    /// For those who wait for an item or for the end.
    filled: Condvar,
    /// For those who wait for room.
    freed: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    senders: usize,
}

impl<T> Queue<T> {
    /// With room for so many, from so many senders.
    pub fn new(capacity: usize, senders: usize) -> Arc<Queue<T>> {
        let state = Mutex::new(State { items: VecDeque::new(), senders });
        Arc::new(Queue { state, capacity, filled: Condvar::new(), freed: Condvar::new() })
    }

    /// Waits for room.
    pub fn send(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        while state.items.len() == self.capacity {
            state = self.freed.wait(state).unwrap();
        }
        state.items.push_back(item);
        self.filled.notify_one();
    }

    /// A sender is gone.
    pub fn close(&self) {
        self.state.lock().unwrap().senders -= 1;
        self.filled.notify_all();
    }

    /// Waits for an item; `None` after the last.
    pub fn recv(&self) -> Option<T> {
        let mut state = self.state.lock().unwrap();
        loop {
            match state.items.pop_front() {
                None if state.senders > 0 => state = self.filled.wait(state).unwrap(),
                None => return None,
                item => {
                    self.freed.notify_one();
                    return item;
                }
            }
        }
    }

    /// Takes what is left.
    pub fn drain(&self) -> Vec<T> {
        let items = self.state.lock().unwrap().items.drain(..).collect();
        self.freed.notify_all();
        items
    }
}
