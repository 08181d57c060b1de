//! What the wrappers announce: the exact operations, under an engine that does each at once.
//!
//! Checked on every operation, whatever the test: its site is a line of the test, not of the wrapper; and
//! every wake-up happens inside an operation, so that the engine decides when.

mod broadcast;
mod channels;
mod parts;
mod signals;
mod state;
mod streams;

use selvedge_rt::check::engine::*;
use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Does each operation at once and writes it down.
#[derive(Default)]
struct Recorder {
    log: RefCell<Vec<String>>,
    objects: Cell<u32>,
    /// Whether an operation is under way.
    inside: Arc<AtomicBool>,
    /// Whether the execution wants no more operations.
    stopped: Cell<bool>,
    /// Whether atomics are cells of ours.
    weak: Cell<bool>,
}

/// Enters a recorder, for one test.
fn record() -> (Rc<Recorder>, Entered) {
    let recorder = Rc::new(Recorder::default());
    (recorder.clone(), enter(recorder))
}

impl Recorder {
    /// The operations since the last call equal `expected`: `kind(arg) outcome`, with `object:` in front
    /// unless it is the first one made.
    #[track_caller]
    fn expect(&self, expected: &[&str]) {
        assert_eq!(self.log.take(), expected);
    }

    /// A waker that may only be woken inside an operation.
    fn waker(&self) -> (Waker, Arc<Woken>) {
        let woken = Arc::new(Woken { inside: self.inside.clone(), times: AtomicU32::new(0) });
        (woken.clone().into(), woken)
    }
}

struct Woken {
    inside: Arc<AtomicBool>,
    times: AtomicU32,
}

impl Woken {
    fn times(&self) -> u32 {
        self.times.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        assert!(self.inside.load(Ordering::Relaxed), "woken outside of any operation");
        self.times.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

fn describe(op: &Op, outcome: Outcome) -> String {
    let object = if op.object.index == 0 { String::new() } else { format!("{}:", op.object.index) };
    let arg = if op.arg == 0 { String::new() } else { format!("({})", op.arg) };
    let outcome = match outcome {
        Outcome::Pending => " pending".to_string(),
        Outcome::DONE => String::new(),
        Outcome::Done(seen) => format!(" = {seen}"),
        Outcome::CLOSED => " closed".to_string(),
        Outcome::BUSY => " busy".to_string(),
        other => format!(" {other:?}"),
    };
    format!("{object}{:?}{arg}{outcome}", op.kind)
}

impl Engine for Recorder {
    fn create(&self, _: ObjectKind, site: Site) -> ObjectId {
        assert!(site.file().contains("parity_sync"), "made at {site}");
        let index = self.objects.replace(self.objects.get() + 1);
        ObjectId { index, execution: 0 }
    }

    fn perform(&self, op: Op, run: &mut dyn FnMut() -> Outcome) {
        assert!(op.site.file().contains("parity_sync"), "{:?} at {}", op.kind, op.site);
        if self.stopped.get() {
            if op.kind.is_poll() {
                return;
            }
            std::panic::resume_unwind(Box::new(Stopped));
        }
        let outer = self.inside.swap(true, Ordering::Relaxed);
        let outcome = run();
        self.inside.store(outer, Ordering::Relaxed);
        assert!(op.kind.is_poll() || outcome != Outcome::Pending, "{:?} is no poll", op.kind);
        self.log.borrow_mut().push(describe(&op, outcome));
    }

    fn choose(&self, _: usize) -> usize {
        0
    }

    fn spawn(&self, _: NewTask) -> TaskId {
        unreachable!("these tests start no task")
    }

    fn wrap_waker(&self, _: &Waker) -> Option<Waker> {
        None
    }

    fn inspect(&self, ty: TypeId, _: usize, value: *const ()) -> Inspected {
        let identity = if ty == TypeId::of::<u32>() {
            // SAFETY: `value` points to a live value of type `ty`, which is `u32`.
            unsafe { *value.cast::<u32>() }.into()
        } else {
            99
        };
        Inspected { identity, is_err: false }
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn arm(&self, _: ObjectId, _: Option<Duration>, _: Option<&Waker>) {}

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn weak_cell(&self, initial: u64) -> Option<Box<dyn WeakCell>> {
        self.weak.get().then(|| Box::new(Strong(Mutex::new(initial))) as Box<dyn WeakCell>)
    }

    fn name_task(&self, _: &str) {}
}

/// A cell that is not weak at all, but is not the real atomic.
struct Strong(Mutex<u64>);

impl WeakCell for Strong {
    fn load(&self, _: Ordering) -> u64 {
        *self.0.lock().unwrap()
    }

    fn store(&self, value: u64, _: Ordering) {
        *self.0.lock().unwrap() = value;
    }

    fn update(
        &self,
        _: Ordering,
        failure: Ordering,
        f: &mut dyn FnMut(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        assert!(!matches!(failure, Ordering::Release | Ordering::AcqRel));
        let mut value = self.0.lock().unwrap();
        let old = *value;
        *value = f(old).ok_or(old)?;
        Ok(old)
    }
}
