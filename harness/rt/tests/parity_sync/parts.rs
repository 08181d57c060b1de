//! Guards of a part of what is behind a lock, on both sides of the facade.

use super::{on_tokio, poll_and_drop, send_sync};
use selvedge_rt::sync::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Two numbers, and a slice.
type Whole = (u32, Option<u32>, [u8; 3]);
const WHOLE: Whole = (1, None, [1, 2, 3]);

#[test]
fn mutex_guard_of_a_part_holds_the_lock_on() {
    on_tokio(async {
        let mutex = Arc::new(Mutex::new(WHOLE));
        let guard = mutex.lock().await;
        assert!(std::ptr::eq(MutexGuard::mutex(&guard), &*mutex));
        let guard = MutexGuard::try_map(guard, |whole| whole.1.as_mut()).unwrap_err();
        let mut part: MappedMutexGuard<'_, [u8]> =
            MutexGuard::map(guard, |whole| &mut whole.2[1..]);
        send_sync(&part);
        part[0] = 7;
        assert_eq!(format!("{part:?}"), "[7, 3]");
        assert!(mutex.try_lock().is_err());
        let first = MappedMutexGuard::try_map(part, |slice| slice.first_mut()).unwrap();
        *MappedMutexGuard::map(first, |n| n) += 1;
        assert_eq!(mutex.try_lock().unwrap().2, [1, 8, 3]);

        let guard = mutex.clone().lock_owned().await;
        let guard = OwnedMutexGuard::try_map(guard, |whole| whole.1.as_mut()).unwrap_err();
        let part: OwnedMappedMutexGuard<Whole, [u8; 3]> =
            OwnedMutexGuard::map(guard, |whole| &mut whole.2);
        let part = OwnedMappedMutexGuard::try_map(part, |a| a.get_mut(9)).unwrap_err();
        poll_and_drop(mutex.lock());
        *OwnedMappedMutexGuard::map(part, |a| &mut a[0]) = 9;
        assert_eq!(mutex.try_lock().unwrap().2, [9, 8, 3]);
    });
}

#[test]
fn lock_is_free_after_a_panic_while_a_part_is_taken() {
    on_tokio(async {
        let mutex = Mutex::new(WHOLE);
        let guard = mutex.lock().await;
        let map = || drop(MutexGuard::map(guard, |_| -> &mut u32 { panic!("no such part") }));
        assert!(catch_unwind(AssertUnwindSafe(map)).is_err());
        assert!(mutex.try_lock().is_ok());
    });
}

#[test]
fn rwlock_guard_of_a_part_holds_the_lock_on() {
    on_tokio(async {
        let lock = Arc::new(RwLock::new(WHOLE));
        let read = RwLockReadGuard::try_map(lock.read().await, |w| w.1.as_ref()).unwrap_err();
        let part: RwLockReadGuard<'_, [u8]> = RwLockReadGuard::map(read, |w| &w.2[..]);
        let owned: OwnedRwLockReadGuard<Whole> = lock.clone().read_owned().await;
        let owned = OwnedRwLockReadGuard::try_map(owned, |w| w.1.as_ref()).unwrap_err();
        let owned: OwnedRwLockReadGuard<Whole, u8> = OwnedRwLockReadGuard::map(owned, |w| &w.2[0]);
        assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&owned), &lock));
        assert_eq!((part.len(), *owned), (3, 1));
        drop(part);
        assert!(lock.try_write().is_err());
        drop(owned);

        let guard = lock.write().await;
        let guard = RwLockWriteGuard::try_map(guard, |w| w.1.as_mut()).unwrap_err();
        let part: RwLockMappedWriteGuard<'_, [u8; 3]> = RwLockWriteGuard::map(guard, |w| &mut w.2);
        let part = RwLockMappedWriteGuard::try_map(part, |a| a.get_mut(5)).unwrap_err();
        *RwLockMappedWriteGuard::map(part, |a| &mut a[0]) = 7;
        let whole = RwLockWriteGuard::into_mapped(lock.write().await);
        assert!(whole.2[0] == 7 && lock.try_read().is_err());
        drop(whole);

        let guard: OwnedRwLockWriteGuard<Whole> = lock.clone().write_owned().await;
        let guard = OwnedRwLockWriteGuard::try_map(guard, |w| w.1.as_mut()).unwrap_err();
        let part: OwnedRwLockMappedWriteGuard<Whole, u32> =
            OwnedRwLockWriteGuard::map(guard, |w| &mut w.0);
        assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&part), &lock));
        *OwnedRwLockMappedWriteGuard::try_map(part, |n| (*n > 0).then_some(n)).unwrap() = 5;
        drop(OwnedRwLockWriteGuard::into_mapped(lock.clone().write_owned().await));
        assert_eq!(lock.read().await.0, 5);
    });
}

#[test]
fn writer_that_goes_on_reading_lets_readers_in_and_no_writer() {
    on_tokio(async {
        let lock = Arc::new(RwLock::new(WHOLE));
        let mut guard = lock.write().await;
        guard.0 = 2;
        poll_and_drop(lock.read());
        let guard: RwLockReadGuard<'_, Whole> = guard.downgrade();
        assert_eq!((guard.0, lock.try_read().unwrap().0), (2, 2));
        assert!(lock.try_write().is_err());
        drop(guard);
        let part = RwLockWriteGuard::downgrade_map(lock.write().await, |w| &w.0);
        assert!(*part == 2 && lock.try_read().is_ok() && lock.try_write().is_err());
        drop(part);

        let guard = lock.clone().write_owned().await.downgrade();
        assert!(lock.try_read().is_ok() && lock.try_write().is_err());
        drop(guard);
        let owned = lock.clone().write_owned().await;
        let part: OwnedRwLockReadGuard<Whole, u32> =
            OwnedRwLockWriteGuard::downgrade_map(owned, |w| &w.0);
        assert!(*part == 2 && lock.try_write().is_err());
        drop(part);
        assert!(lock.try_write().is_ok());
    });
}
