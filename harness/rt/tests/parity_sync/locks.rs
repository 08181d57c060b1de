//! Semaphore, mutexes and readers-writer lock, on both sides of the facade.

use super::{on_tokio, poll_and_drop, poll_once, send_sync, spawnable};
use selvedge_rt::blocking;
use selvedge_rt::sync::{Mutex, OwnedMutexGuard, RwLock, Semaphore, TryAcquireError};
use std::pin::pin;
use std::sync::Arc;

#[test]
fn semaphore_does_what_tokios_does() {
    on_tokio(async {
        let semaphore = Arc::new(Semaphore::new(3));
        send_sync(&semaphore);
        let mut one = spawnable(semaphore.acquire()).await.unwrap();
        let two = spawnable(semaphore.acquire_many(2)).await.unwrap();
        send_sync(&two);
        assert_eq!((two.num_permits(), semaphore.available_permits()), (2, 0));
        assert!(matches!(semaphore.try_acquire(), Err(TryAcquireError::NoPermits)));
        poll_and_drop(semaphore.acquire());
        poll_and_drop(semaphore.clone().acquire_owned());
        one.merge(two);
        assert_eq!(one.num_permits(), 3);
        let split = one.split(1).unwrap();
        assert!(one.split(9).is_none());
        assert_eq!((one.num_permits(), split.num_permits()), (2, 1));
        assert_eq!(one.semaphore().available_permits(), 0);
        drop(one);
        assert_eq!(semaphore.available_permits(), 2);
        split.forget();
        assert_eq!(semaphore.available_permits(), 2);
        semaphore.add_permits(2);
        assert_eq!(semaphore.forget_permits(1), 1);
        assert_eq!(semaphore.available_permits(), 3);

        let mut owned = spawnable(semaphore.clone().acquire_many_owned(2)).await.unwrap();
        let other = semaphore.clone().try_acquire_owned().unwrap();
        assert!(semaphore.clone().try_acquire_many_owned(1).is_err());
        assert_eq!(other.semaphore().available_permits(), 0);
        owned.merge(other);
        assert_eq!(owned.num_permits(), 3);
        drop(owned.split(1));
        assert_eq!(semaphore.available_permits(), 1);
        owned.forget();
        drop(semaphore.try_acquire_many(1).unwrap());
        drop(semaphore.clone().acquire_owned().await.unwrap());
        assert_eq!(semaphore.available_permits(), 1);

        let mut waits = pin!(semaphore.acquire_many(2));
        assert!(poll_once(waits.as_mut()).is_pending());
        semaphore.close();
        assert!(waits.await.is_err());
        assert!(semaphore.is_closed());
        assert!(matches!(semaphore.try_acquire(), Err(TryAcquireError::Closed)));
        assert_eq!(semaphore.forget_permits(9), 1);
    });
}

#[test]
fn semaphore_gives_a_waiter_the_permit_that_is_dropped() {
    on_tokio(async {
        let semaphore = Semaphore::new(1);
        let held = semaphore.acquire().await.unwrap();
        let mut waits = pin!(semaphore.acquire());
        assert!(poll_once(waits.as_mut()).is_pending());
        drop(held);
        assert!(semaphore.try_acquire().is_err());
        drop(waits.await.unwrap());
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn mutex_does_what_tokios_does() {
    on_tokio(async {
        let mut mutex = Mutex::new(1);
        send_sync(&mutex);
        *mutex.get_mut() += 1;
        let mutex = Arc::new(mutex);
        {
            let mut guard = spawnable(mutex.lock()).await;
            send_sync(&guard);
            *guard += 1;
            assert_eq!(format!("{guard} {guard:?}"), "3 3");
            assert!(mutex.try_lock().is_err());
            assert!(mutex.clone().try_lock_owned().is_err());
            poll_and_drop(mutex.lock());
            poll_and_drop(mutex.clone().lock_owned());
        }
        let owned = spawnable(mutex.clone().lock_owned()).await;
        send_sync(&owned);
        assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&owned), &mutex));
        {
            let mut waits = pin!(mutex.lock());
            assert!(poll_once(waits.as_mut()).is_pending());
            drop(owned);
            *waits.await += 1;
        }
        *mutex.try_lock().unwrap() += 1;
        *mutex.clone().try_lock_owned().unwrap() += 1;
        assert_eq!(Arc::into_inner(mutex).unwrap().into_inner(), 6);
        assert_eq!(Mutex::from(5).into_inner() + Mutex::<i32>::default().into_inner(), 5);
    });
}

#[test]
fn rwlock_does_what_tokios_does() {
    on_tokio(async {
        let mut lock = RwLock::new(1);
        send_sync(&lock);
        *lock.get_mut() += 1;
        let lock = Arc::new(lock);
        {
            let one = spawnable(lock.read()).await;
            let two = lock.try_read().unwrap();
            let three = spawnable(lock.clone().read_owned()).await;
            let four = lock.clone().try_read_owned().unwrap();
            send_sync(&(&one, &three));
            assert_eq!(*one + *two + *three + *four, 8);
            assert!(lock.try_write().is_err());
            assert!(lock.clone().try_write_owned().is_err());
            poll_and_drop(lock.clone().write_owned());
            let mut writer = pin!(lock.write());
            assert!(poll_once(writer.as_mut()).is_pending());
            poll_and_drop(lock.read());
            assert!(lock.try_read().is_err());
        }
        {
            let mut guard = spawnable(lock.write()).await;
            send_sync(&guard);
            *guard += 1;
            assert_eq!(format!("{guard} {guard:?}"), "3 3");
            assert!(lock.try_read().is_err());
            poll_and_drop(lock.clone().read_owned());
        }
        *lock.try_write().unwrap() += 1;
        *spawnable(lock.clone().write_owned()).await += 1;
        *lock.clone().try_write_owned().unwrap() += 1;
        assert_eq!(Arc::into_inner(lock).unwrap().into_inner(), 6);
        assert_eq!(RwLock::from(5).into_inner() + RwLock::<i32>::default().into_inner(), 5);
    });
}

#[test]
fn blocking_mutex_does_what_stds_does() {
    let mut mutex = blocking::Mutex::new(1);
    send_sync(&mutex);
    *mutex.get_mut().unwrap() += 1;
    *mutex.lock().unwrap() += 1;
    std::thread::scope(|scope| {
        let panics = scope.spawn(|| {
            let _guard = mutex.lock();
            panic!("while holding the lock");
        });
        assert!(panics.join().is_err());
    });
    let Err(poisoned) = mutex.lock() else { panic!("not poisoned") };
    assert_eq!(format!("{:?}", poisoned.into_inner()), "3");
    assert!(mutex.into_inner().is_err());
    assert_eq!(blocking::Mutex::from(5).into_inner().unwrap(), 5);
    assert_eq!(blocking::Mutex::<i32>::default().into_inner().unwrap(), 0);
}
