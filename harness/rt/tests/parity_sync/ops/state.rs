//! What locks, semaphores and atomics announce.

use super::{poll_with, record};
use crate::{poll_and_drop, poll_once};
use selvedge_rt::blocking;
use selvedge_rt::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use selvedge_rt::sync::{Mutex, OnceCell, RwLock, Semaphore};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

const SEQ: Ordering = Ordering::SeqCst;

/// Polls to the end a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn semaphore_announces_its_permits() {
    let (rec, _entered) = record();
    let semaphore = Arc::new(Semaphore::new(3));
    let two = now(semaphore.acquire_many(2)).unwrap();
    semaphore.try_acquire_many(2).unwrap_err();
    drop(now(semaphore.acquire()).unwrap());
    drop(two);
    rec.expect(&["Acquire(2)", "TryAcquire(2) busy", "Acquire(1)", "Release(1)", "Release(2)"]);

    let mut owned = now(semaphore.clone().acquire_many_owned(3)).unwrap();
    let split = owned.split(1).unwrap();
    drop(split);
    owned.merge(semaphore.clone().try_acquire_owned().unwrap());
    assert_eq!(semaphore.available_permits(), 0);
    drop(owned);
    rec.expect(&["Acquire(3)", "Release(1)", "TryAcquire(1)", "Available", "Release(3)"]);

    semaphore.try_acquire().unwrap().forget();
    semaphore.clone().try_acquire_owned().unwrap().forget();
    assert_eq!(semaphore.forget_permits(5), 1);
    semaphore.add_permits(4);
    assert_eq!(semaphore.available_permits(), 4);
    semaphore.close();
    assert!(semaphore.is_closed());
    semaphore.try_acquire().unwrap_err();
    now(semaphore.acquire()).unwrap_err();
    rec.expect(&[
        "TryAcquire(1)",
        "Forget(1)",
        "TryAcquire(1)",
        "Forget(1)",
        "Forget = 1",
        "AddPermits(4)",
        "Available = 4",
        "CloseSemaphore",
        "IsClosed = 1",
        "TryAcquire(1) closed",
        "Acquire(1) closed",
    ]);
}

#[test]
fn acquire_dropped_while_it_waits_is_an_operation_that_wakes_the_next() {
    let (rec, _entered) = record();
    let semaphore = Arc::new(Semaphore::new(2));
    drop(semaphore.acquire_many(2));
    drop(semaphore.clone().acquire_owned());
    let held = now(semaphore.acquire()).unwrap();
    let (waker, woken) = rec.waker();
    let mut next = pin!(semaphore.clone().acquire_owned());
    {
        let mut first = pin!(semaphore.acquire_many(2));
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(poll_with(next.as_mut(), &waker).is_pending());
        assert_eq!(woken.times(), 0);
    }
    assert_eq!(woken.times(), 1);
    drop(now(next).unwrap());
    drop(held);
    rec.expect(&[
        "Acquire(1)",
        "Acquire(2) pending",
        "Acquire(1) pending",
        "DropAcquire(2)",
        "Acquire(1)",
        "Release(1)",
        "Release(1)",
    ]);
}

#[test]
fn mutex_announces_every_lock_and_unlock() {
    let (rec, _entered) = record();
    let mutex = Arc::new(Mutex::new(0));
    let (waker, woken) = rec.waker();
    let guard = now(mutex.lock());
    mutex.try_lock().unwrap_err();
    poll_and_drop(mutex.clone().lock_owned());
    {
        let mut waits = pin!(mutex.lock());
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        drop(guard);
        assert_eq!(woken.times(), 1);
        drop(now(waits));
    }
    rec.expect(&[
        "Acquire(1)",
        "TryAcquire(1) busy",
        "Acquire(1) pending",
        "DropAcquire(1)",
        "Acquire(1) pending",
        "Release(1)",
        "Acquire(1)",
        "Release(1)",
    ]);
    drop(now(mutex.clone().lock_owned()));
    drop(mutex.clone().try_lock_owned().unwrap());
    Arc::into_inner(mutex).unwrap().into_inner();
    rec.expect(&["Acquire(1)", "Release(1)", "TryAcquire(1)", "Release(1)"]);
}

#[test]
fn rwlock_announces_whether_it_is_shared() {
    let (rec, _entered) = record();
    let lock = Arc::new(RwLock::new(0));
    let reader = now(lock.read());
    drop(now(lock.clone().read_owned()));
    lock.try_write().unwrap_err();
    let (waker, woken) = rec.waker();
    {
        let mut writer = pin!(lock.write());
        assert!(poll_with(writer.as_mut(), &waker).is_pending());
        lock.try_read().unwrap_err();
        poll_and_drop(lock.clone().read_owned());
        drop(reader);
        assert_eq!(woken.times(), 1);
        drop(now(writer));
    }
    rec.expect(&[
        "AcquireShared(1)",
        "AcquireShared(1)",
        "ReleaseShared(1)",
        "TryAcquire(1) busy",
        "Acquire(1) pending",
        "TryAcquireShared(1) busy",
        "AcquireShared(1) pending",
        "DropAcquire(1)",
        "ReleaseShared(1)",
        "Acquire(1)",
        "Release(1)",
    ]);
    drop(lock.try_read().unwrap());
    drop(lock.clone().try_read_owned().unwrap());
    drop(lock.clone().try_write_owned().unwrap());
    drop(now(lock.clone().write_owned()));
    rec.expect(&[
        "TryAcquireShared(1)",
        "ReleaseShared(1)",
        "TryAcquireShared(1)",
        "ReleaseShared(1)",
        "TryAcquire(1)",
        "Release(1)",
        "Acquire(1)",
        "Release(1)",
    ]);
}

#[test]
fn blocking_mutex_announces_lock_write_and_unlock() {
    let (rec, _entered) = record();
    let mutex = blocking::Mutex::new(0);
    *mutex.lock().unwrap() += 1;
    rec.expect(&["LockBlocking", "Wrote", "UnlockBlocking"]);
    let panics = catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.lock();
        panic!("while holding the lock");
    }));
    assert!(panics.is_err());
    drop(mutex.lock());
    rec.expect(&["LockBlocking", "UnlockBlocking", "LockBlocking = 1", "UnlockBlocking"]);
}

/// The operations of atomics, wherever their value lives.
fn check_atomics(weak: bool) {
    let (rec, _entered) = record();
    rec.weak.set(weak);
    let cell = AtomicU32::new(5);
    cell.store(6, SEQ);
    assert_eq!(cell.load(SEQ), 6);
    assert_eq!(cell.swap(7, Ordering::AcqRel), 6);
    assert_eq!(cell.fetch_add(2, Ordering::Release), 7);
    assert_eq!(cell.compare_exchange(9, 3, SEQ, SEQ), Ok(9));
    assert_eq!(cell.compare_exchange_weak(9, 4, SEQ, SEQ), Err(3));
    rec.expect(&[
        "Store(6)",
        "Load = 6",
        "Rmw(7) = 6",
        "Wrote(7)",
        "Rmw(2) = 7",
        "Wrote(9)",
        "Rmw(3) = 9",
        "Wrote(3)",
        "Rmw(4) = 3",
    ]);
    assert_eq!(cell.fetch_update(SEQ, SEQ, |v| Some(v * 2)), Ok(3));
    assert_eq!(cell.fetch_update(SEQ, SEQ, |_| None), Err(6));
    rec.expect(&["Rmw(99) = 3", "Wrote(6)", "Rmw(99) = 6"]);
    assert_eq!(cell.into_inner(), 6);

    let cell = AtomicI32::new(-1);
    assert_eq!(cell.fetch_sub(1, SEQ), -1);
    assert_eq!(cell.fetch_max(-5, SEQ), -2);
    assert_eq!(cell.fetch_min(-5, SEQ), -2);
    assert_eq!(cell.load(SEQ), -5);
    let minus = |v: i64| v as u64;
    rec.expect(&[
        &format!("1:Rmw(1) = {}", minus(-1)),
        &format!("1:Wrote({})", minus(-2)),
        &format!("1:Rmw({}) = {}", minus(-5), minus(-2)),
        &format!("1:Wrote({})", minus(-2)),
        &format!("1:Rmw({}) = {}", minus(-5), minus(-2)),
        &format!("1:Wrote({})", minus(-5)),
        &format!("1:Load = {}", minus(-5)),
    ]);

    let flag = AtomicBool::new(true);
    assert!(flag.swap(false, SEQ));
    assert!(!flag.fetch_or(true, SEQ));
    rec.expect(&["2:Rmw = 1", "2:Wrote", "2:Rmw(1)", "2:Wrote(1)"]);
    assert!(flag.load(SEQ));
}

#[test]
fn atomics_announce_what_they_read_and_wrote() {
    check_atomics(false);
}

#[test]
fn atomics_announce_the_same_when_the_engine_has_the_cell() {
    check_atomics(true);
}

#[test]
fn once_cell_announces_who_may_set_it_and_who_did() {
    let (rec, _entered) = record();
    let cell = OnceCell::<u32>::new();
    let (waker, woken) = rec.waker();
    assert!(cell.get().is_none());
    {
        let mut begun = Box::pin(cell.get_or_init(std::future::pending));
        assert!(poll_once(begun.as_mut()).is_pending());
        cell.set(1).unwrap_err();
        let mut next = pin!(cell.get_or_init(|| std::future::ready(2)));
        assert!(poll_with(next.as_mut(), &waker).is_pending());
        poll_and_drop(cell.get_or_init(std::future::pending));
        drop(begun);
        assert_eq!(woken.times(), 1);
        assert!(poll_once(next).is_ready());
    }
    rec.expect(&[
        "GetOnce",
        "Acquire(1)",
        "SetOnce(1) busy",
        "Acquire(1) pending",
        "Acquire(1) pending",
        "DropAcquire(1)",
        "Release(1)",
        "Acquire(1)",
        "SetOnce(2)",
    ]);
    cell.set(3).unwrap_err();
    now(cell.get_or_init(std::future::pending));
    assert!(cell.initialized());
    rec.expect(&["SetOnce(3) closed", "Acquire(1) = 1", "GetOnce = 1"]);
    let cell = OnceCell::<u32>::new();
    now(cell.get_or_try_init(|| std::future::ready(Err(())))).unwrap_err();
    rec.expect(&["1:Acquire(1)", "1:Release(1)"]);
}
