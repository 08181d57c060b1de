//! A bounded queue that ends with its last sender, or when it is closed.
//!
//! Each wait has two forms: one hears a cancel, the other is deaf to it.

use super::peer::sync::{Condvar, Mutex};
use super::token::Cancel;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::TrySendError;

/// As often a queue may be asked at its end: more is a livelock.
const ASKED_MAX: u32 = 100;

/// A queue, which is also its receivers' end.
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
    /// The most items there were.
    most: usize,
    senders: usize,
    closed: bool,
    cancelled: bool,
    /// How often it was asked at its end.
    asked: u32,
}

/// With room for so many.
pub fn queue<T>(capacity: usize) -> (Sender<T>, Arc<Queue<T>>) {
    let (items, senders) = (VecDeque::new(), 1);
    let state = State { items, most: 0, senders, closed: false, cancelled: false, asked: 0 };
    let (filled, freed) = (Condvar::new(), Condvar::new());
    let queue = Arc::new(Queue { state: Mutex::new(state), capacity, filled, freed });
    (Sender(queue.clone()), queue)
}

/// With so many items, and at its end after them.
pub fn source(items: u64) -> Arc<Queue<u64>> {
    let (fill, source) = queue(items as usize);
    for item in 0..items {
        fill.send(item).unwrap();
    }
    source
}

impl<T> Queue<T> {
    /// Waits for an item; `None` after the last.
    pub fn recv(&self) -> Option<T> {
        self.pop(false)
    }

    /// Waits for an item; `None` after the last, or cancelled.
    pub fn recv_or_cancel(&self) -> Option<T> {
        self.pop(true)
    }

    fn pop(&self, hears: bool) -> Option<T> {
        let mut state = self.state.lock().unwrap();
        loop {
            if hears && state.cancelled {
                return None;
            }
            if let Some(item) = state.items.pop_front() {
                self.freed.notify_one();
                return Some(item);
            }
            if state.senders == 0 || state.closed {
                state.asked += 1;
                assert!(state.asked <= ASKED_MAX, "a livelock: asked at the end, again and again");
                return None;
            }
            state = self.filled.wait(state).unwrap();
        }
    }

    /// Takes what is left.
    pub fn drain(&self) -> Vec<T> {
        let items = self.state.lock().unwrap().items.drain(..).collect();
        self.freed.notify_all();
        items
    }

    /// Ends it for the senders; what is left can be received. Only one may.
    pub fn close(&self) {
        let closed = std::mem::replace(&mut self.state.lock().unwrap().closed, true);
        assert!(!closed, "closed twice");
        self.filled.notify_all();
        self.freed.notify_all();
    }

    /// The most items there were.
    pub fn most(&self) -> usize {
        self.state.lock().unwrap().most
    }
}

impl<T: Send> Cancel for Queue<T> {
    fn cancel(&self) {
        self.state.lock().unwrap().cancelled = true;
        self.filled.notify_all();
        self.freed.notify_all();
    }
}

/// One of the senders.
pub struct Sender<T>(Arc<Queue<T>>);

impl<T> Sender<T> {
    /// Waits for room. Gives the item back where the queue is closed.
    pub fn send(&self, item: T) -> Result<(), T> {
        self.push(item, false)
    }

    /// Waits for room. Gives the item back where the queue is closed, or cancelled.
    pub fn send_or_cancel(&self, item: T) -> Result<(), T> {
        self.push(item, true)
    }

    fn push(&self, item: T, hears: bool) -> Result<(), T> {
        let mut state = self.0.state.lock().unwrap();
        while !(state.closed || hears && state.cancelled) {
            if state.items.len() < self.0.capacity {
                self.0.add(&mut state, item);
                return Ok(());
            }
            state = self.0.freed.wait(state).unwrap();
        }
        Err(item)
    }

    /// Does not wait for room.
    pub fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        let mut state = self.0.state.lock().unwrap();
        if state.closed {
            return Err(TrySendError::Disconnected(item));
        }
        if state.items.len() == self.0.capacity {
            return Err(TrySendError::Full(item));
        }
        self.0.add(&mut state, item);
        Ok(())
    }
}

impl<T> Queue<T> {
    fn add(&self, state: &mut State<T>, item: T) {
        state.items.push_back(item);
        state.most = state.most.max(state.items.len());
        self.filled.notify_one();
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.0.state.lock().unwrap().senders += 1;
        Sender(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // After a violation there is no execution any more to lock in.
        if std::thread::panicking() {
            return;
        }
        let mut state = self.0.state.lock().unwrap();
        state.senders -= 1;
        if state.senders == 0 {
            self.0.filled.notify_all();
        }
    }
}
