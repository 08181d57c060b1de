//! Wakers. A wake is only noted; the scheduler acts on it when the operation that caused it is over,
//! because primitives wake while they hold locks of their own.

use super::{Announced, Exec, Status};
use crate::config::Grain;
use crate::hash;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::thread::ThreadId;

thread_local! {
    static WOKEN: RefCell<Vec<Woken>> = const { RefCell::new(Vec::new()) };
}

/// A wake that has not been acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Woken {
    pub execution: u32,
    pub task: usize,
    /// Which of the task's own wakers, where a combinator inside it has several; 0 is the task's.
    pub inner: u64,
}

/// The waker of one task in one execution.
pub(crate) struct TaskWaker {
    woken: Woken,
    thread: ThreadId,
    foreign: Arc<AtomicBool>,
}

impl TaskWaker {
    pub fn waker(
        execution: u32,
        task: usize,
        thread: ThreadId,
        foreign: &Arc<AtomicBool>,
    ) -> Waker {
        let woken = Woken { execution, task, inner: 0 };
        Waker::from(Arc::new(TaskWaker { woken, thread, foreign: foreign.clone() }))
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if std::thread::current().id() == self.thread {
            note(self.woken);
        } else {
            self.foreign.store(true, Ordering::Relaxed);
        }
    }
}

/// A combinator's waker, registered for one pending operation: notes which one was woken, because
/// the order of such wakes is state that the combinator keeps to itself.
pub(crate) struct InnerWaker {
    pub woken: Woken,
    pub waker: Waker,
}

impl Wake for InnerWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        note(self.woken);
        self.waker.wake_by_ref();
    }
}

fn note(woken: Woken) {
    // Where the thread is being torn down, nobody listens any more.
    let _ = WOKEN.try_with(|w| w.borrow_mut().push(woken));
}

/// Moves the wakes noted since the last call to `into`.
pub(crate) fn take(into: &mut Vec<Woken>) {
    into.clear();
    WOKEN.with(|w| into.append(&mut w.borrow_mut()));
}

impl Exec {
    /// Acts on the wakes noted since the last call. `on`: the object whose operation caused them.
    pub fn drain_wakes(&mut self, on: Option<usize>) {
        let mut woken = std::mem::take(&mut self.woken);
        take(&mut woken);
        self.woken_tasks.clear();
        for w in &woken {
            if w.execution != self.execution || w.task >= self.tasks.len() {
                continue;
            }
            if on.is_some() && !self.woken_tasks.contains(&w.task) {
                self.woken_tasks.push(w.task);
            }
            let by_poll = self.config.grain == Grain::Poll;
            let task = &mut self.tasks[w.task];
            if task.done() {
                continue;
            }
            if w.inner != 0 {
                task.wakes = hash::mix(task.wakes, w.inner);
                continue;
            }
            task.woken = true;
            if let Status::Parked = task.status {
                if by_poll {
                    task.status = Status::Announced(Announced::Poll);
                } else {
                    task.status = Status::Ready;
                    self.ready.push_back(w.task);
                }
            }
        }
        self.woken = woken;
    }
}
