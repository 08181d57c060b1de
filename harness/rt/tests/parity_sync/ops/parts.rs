//! What guards of a part announce: their end, and nothing while they are made.

use super::{poll_with, record};
use crate::poll_once;
use selvedge_rt::sync::{MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Polls to the end a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn making_a_guard_of_a_part_is_no_operation_and_its_end_is_one() {
    let (rec, _entered) = record();
    let mutex = selvedge_rt::sync::Mutex::new((1, None::<u32>));
    let guard = MutexGuard::try_map(now(mutex.lock()), |both| both.1.as_mut()).unwrap_err();
    let part = MutexGuard::map(guard, |both| &mut both.0);
    rec.expect(&["Acquire(1)"]);
    drop(part);
    rec.expect(&["Release(1)"]);
    let guard = now(mutex.lock());
    let map = || drop(MutexGuard::map(guard, |_| -> &mut u32 { panic!("no such part") }));
    assert!(catch_unwind(AssertUnwindSafe(map)).is_err());
    assert!(mutex.try_lock().is_ok());
    rec.expect(&["Acquire(1)", "Release(1)", "TryAcquire(1)", "Release(1)"]);
}

#[test]
fn downgrade_is_an_operation_that_wakes_readers() {
    let (rec, _entered) = record();
    let lock = RwLock::new((1, 2));
    let writer = now(lock.write());
    let (waker, woken) = rec.waker();
    {
        let mut waits = pin!(lock.read());
        assert!(poll_with(waits.as_mut(), &waker).is_pending());
        let reader = RwLockWriteGuard::downgrade_map(writer, |both| &both.0);
        assert_eq!(woken.times(), 1);
        drop(RwLockReadGuard::map(now(waits), |both| &both.1));
        drop(reader);
    }
    rec.expect(&[
        "Acquire(1)",
        "AcquireShared(1) pending",
        "Downgrade(1)",
        "AcquireShared(1)",
        "ReleaseShared(1)",
        "ReleaseShared(1)",
    ]);
}
