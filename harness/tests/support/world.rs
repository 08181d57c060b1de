//! The objects of a program, as each task holds them.
//!
//! A task reaches an object only through its own [`Handles`]: what it still holds is then a function of
//! what it did, as in any honest program, and no state is hidden from the explorer.

use super::program::{Act, End, Kind, Program, Step};
use rt::sync::{
    Barrier, CancellationToken, Mutex, Notify, OnceCell, OwnedMutexGuard, OwnedRwLockReadGuard,
    OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock, Semaphore, atomic::AtomicU64, broadcast,
    mpsc, oneshot, watch,
};
use selvedge_rt as rt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex as Plain};

/// A handle that several futures of one task may use at once.
pub(crate) struct Shared<T>(Plain<Option<Arc<T>>>);

impl<T> Shared<T> {
    fn new(value: Option<T>) -> Self {
        Shared(Plain::new(value.map(Arc::new)))
    }

    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.0.lock().unwrap().clone()
    }

    /// Lets go of it. The caller drops what it gets with no lock held.
    pub(crate) fn take(&self) -> Option<Arc<T>> {
        self.0.lock().unwrap().take()
    }
}

/// A handle that one future uses at a time.
pub(crate) struct Own<T>(Plain<Option<T>>);

impl<T> Own<T> {
    fn new(value: Option<T>) -> Self {
        Own(Plain::new(value))
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap().take()
    }

    pub(crate) fn put(&self, value: T) {
        let old = self.0.lock().unwrap().replace(value);
        drop(old);
    }

    pub(crate) fn lend(&self) -> Option<Lent<'_, T>> {
        Some(Lent { value: Some(self.take()?), home: self })
    }
}

/// A handle in use.
pub(crate) struct Lent<'a, T> {
    value: Option<T>,
    home: &'a Own<T>,
}

impl<T> Lent<'_, T> {
    /// Uses it up.
    pub(crate) fn spend(mut self) -> T {
        self.value.take().expect("it is there until the drop")
    }
}

impl<T> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is there until the drop")
    }
}

impl<T> DerefMut for Lent<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("it is there until the drop")
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.home.put(value);
        }
    }
}

/// What a task holds until it lets go.
pub(crate) enum Guard {
    Permit(OwnedSemaphorePermit),
    // Held, not looked at.
    Lock(#[expect(dead_code)] OwnedMutexGuard<u64>),
    Read(#[expect(dead_code)] OwnedRwLockReadGuard<u64>),
    Write(OwnedRwLockWriteGuard<u64>),
    Slot(mpsc::OwnedPermit<u64>),
}

/// A stack of guards.
#[derive(Default)]
pub(crate) struct Guards(Plain<Vec<Guard>>);

impl Guards {
    pub(crate) fn push(&self, guard: Guard) {
        self.0.lock().unwrap().push(guard);
    }

    pub(crate) fn pop(&self) -> Option<Guard> {
        self.0.lock().unwrap().pop()
    }
}

/// What one task holds of one object.
pub(crate) enum Handle {
    Mpmc {
        tx: Shared<rt::async_channel::Sender<u64>>,
        rx: Shared<rt::async_channel::Receiver<u64>>,
    },
    Mpsc {
        tx: Shared<mpsc::Sender<u64>>,
        rx: Own<mpsc::Receiver<u64>>,
        slots: Guards,
    },
    Unbounded {
        tx: Shared<mpsc::UnboundedSender<u64>>,
        rx: Own<mpsc::UnboundedReceiver<u64>>,
    },
    Oneshot {
        tx: Own<oneshot::Sender<u64>>,
        rx: Own<oneshot::Receiver<u64>>,
    },
    Watch {
        tx: Shared<watch::Sender<u64>>,
        rx: Own<watch::Receiver<u64>>,
    },
    Broadcast {
        tx: Shared<broadcast::Sender<u64>>,
        rx: Own<broadcast::Receiver<u64>>,
    },
    Notify(Arc<Notify>),
    Barrier(Arc<Barrier>),
    Semaphore(Arc<Semaphore>, Guards),
    Mutex(Arc<Mutex<u64>>, Guards),
    RwLock(Arc<RwLock<u64>>, Guards),
    Token([CancellationToken; 3]),
    Tracker(rt::task::TaskTracker),
    OnceCell(Arc<OnceCell<u64>>),
    Atomic(Arc<AtomicU64>),
    Blocking(Arc<rt::blocking::Mutex<u64>>),
}

/// What one task holds.
pub(crate) type Handles = Vec<Handle>;

/// The objects as the root makes them.
enum Made {
    Mpmc(rt::async_channel::Sender<u64>, rt::async_channel::Receiver<u64>),
    Mpsc(mpsc::Sender<u64>, Option<mpsc::Receiver<u64>>),
    Unbounded(mpsc::UnboundedSender<u64>, Option<mpsc::UnboundedReceiver<u64>>),
    Oneshot(Option<oneshot::Sender<u64>>, Option<oneshot::Receiver<u64>>),
    Watch(watch::Sender<u64>, watch::Receiver<u64>),
    Broadcast(broadcast::Sender<u64>, broadcast::Receiver<u64>),
    Notify(Arc<Notify>),
    Barrier(Arc<Barrier>),
    Semaphore(Arc<Semaphore>),
    Mutex(Arc<Mutex<u64>>),
    RwLock(Arc<RwLock<u64>>),
    Token([CancellationToken; 3]),
    Tracker(rt::task::TaskTracker),
    OnceCell(Arc<OnceCell<u64>>),
    Atomic(Arc<AtomicU64>),
    Blocking(Arc<rt::blocking::Mutex<u64>>),
}

fn make(kind: Kind) -> Made {
    match kind {
        Kind::Mpmc(0) => {
            let (tx, rx) = rt::async_channel::unbounded();
            Made::Mpmc(tx, rx)
        }
        Kind::Mpmc(n) => {
            let (tx, rx) = rt::async_channel::bounded(n);
            Made::Mpmc(tx, rx)
        }
        Kind::Mpsc(n) => {
            let (tx, rx) = mpsc::channel(n);
            Made::Mpsc(tx, Some(rx))
        }
        Kind::Unbounded => {
            let (tx, rx) = mpsc::unbounded_channel();
            Made::Unbounded(tx, Some(rx))
        }
        Kind::Oneshot => {
            let (tx, rx) = oneshot::channel();
            Made::Oneshot(Some(tx), Some(rx))
        }
        Kind::Watch => {
            let (tx, rx) = watch::channel(0);
            Made::Watch(tx, rx)
        }
        Kind::Broadcast(n) => {
            let (tx, rx) = broadcast::channel(n);
            Made::Broadcast(tx, rx)
        }
        Kind::Notify => Made::Notify(Arc::new(Notify::new())),
        Kind::Barrier(n) => Made::Barrier(Arc::new(Barrier::new(n))),
        Kind::Semaphore(n) => Made::Semaphore(Arc::new(Semaphore::new(n))),
        Kind::Mutex => Made::Mutex(Arc::new(Mutex::new(0))),
        Kind::RwLock => Made::RwLock(Arc::new(RwLock::new(0))),
        Kind::Token => {
            let root = CancellationToken::new();
            let child = root.child_token();
            let grandchild = child.child_token();
            Made::Token([root, child, grandchild])
        }
        Kind::Tracker => Made::Tracker(rt::task::TaskTracker::new()),
        Kind::OnceCell => Made::OnceCell(Arc::new(OnceCell::new())),
        Kind::Atomic => Made::Atomic(Arc::new(AtomicU64::new(0))),
        Kind::Blocking => Made::Blocking(Arc::new(rt::blocking::Mutex::new(0))),
    }
}

/// The objects of `program`: what each task holds, and what the root keeps.
pub(crate) fn build(program: &Program) -> (Vec<Handles>, impl Send + use<>) {
    let mut made: Vec<Made> = program.objects.iter().map(|kind| make(*kind)).collect();
    let handles = program.tasks.iter().map(|steps| {
        let uses = |object: usize, end: End| steps.iter().any(|s| uses(s, object, end));
        let of = |(i, made): (usize, &mut Made)| hand_out(made, uses(i, End::Tx), uses(i, End::Rx));
        made.iter_mut().enumerate().map(of).collect()
    });
    let handles = handles.collect();
    (handles, program.keep.then_some(made))
}

fn hand_out(made: &mut Made, sends: bool, receives: bool) -> Handle {
    match made {
        Made::Mpmc(tx, rx) => Handle::Mpmc {
            tx: Shared::new(sends.then(|| tx.clone())),
            rx: Shared::new(receives.then(|| rx.clone())),
        },
        Made::Mpsc(tx, rx) => Handle::Mpsc {
            tx: Shared::new(sends.then(|| tx.clone())),
            rx: Own::new(receives.then(|| rx.take()).flatten()),
            slots: Guards::default(),
        },
        Made::Unbounded(tx, rx) => Handle::Unbounded {
            tx: Shared::new(sends.then(|| tx.clone())),
            rx: Own::new(receives.then(|| rx.take()).flatten()),
        },
        Made::Oneshot(tx, rx) => Handle::Oneshot {
            tx: Own::new(sends.then(|| tx.take()).flatten()),
            rx: Own::new(receives.then(|| rx.take()).flatten()),
        },
        Made::Watch(tx, rx) => Handle::Watch {
            tx: Shared::new(sends.then(|| tx.clone())),
            rx: Own::new(receives.then(|| rx.clone())),
        },
        Made::Broadcast(tx, rx) => Handle::Broadcast {
            tx: Shared::new(sends.then(|| tx.clone())),
            rx: Own::new(receives.then(|| rx.resubscribe())),
        },
        Made::Notify(n) => Handle::Notify(n.clone()),
        Made::Barrier(b) => Handle::Barrier(b.clone()),
        Made::Semaphore(s) => Handle::Semaphore(s.clone(), Guards::default()),
        Made::Mutex(m) => Handle::Mutex(m.clone(), Guards::default()),
        Made::RwLock(l) => Handle::RwLock(l.clone(), Guards::default()),
        Made::Token(t) => Handle::Token(t.clone()),
        Made::Tracker(t) => Handle::Tracker(t.clone()),
        Made::OnceCell(c) => Handle::OnceCell(c.clone()),
        Made::Atomic(a) => Handle::Atomic(a.clone()),
        Made::Blocking(m) => Handle::Blocking(m.clone()),
    }
}

/// Whether a step needs that end of the object.
fn uses(step: &Step, object: usize, end: End) -> bool {
    let acts: [Option<&Act>; 2] = match step {
        Step::Select(a, b) | Step::Biased(a, b) | Step::Both(a, b) => [Some(a), Some(b)],
        Step::Do(a)
        | Step::Once(a)
        | Step::Briefly(a)
        | Step::Within(_, a)
        | Step::Until(_, a)
        | Step::AwaitOr(_, a)
        | Step::Spawn(a) => [Some(a), None],
        _ => [None, None],
    };
    acts.into_iter().flatten().any(|a| a.object == object && a.end == end)
}
