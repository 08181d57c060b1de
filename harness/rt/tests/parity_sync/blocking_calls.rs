//! `blocking_send` and its kind, with no engine running.

use super::on_tokio;
use selvedge_rt::sync::{Mutex, RwLock, Semaphore, broadcast, mpsc, oneshot};
use selvedge_rt::{async_channel, task::spawn_blocking};
use std::sync::Arc;

#[test]
fn channels_block_as_the_real_ones_do() {
    on_tokio(async {
        let (tx, mut rx) = mpsc::channel(1);
        let (unbounded, mut from_unbounded) = mpsc::unbounded_channel();
        let (broadcast, mut from_broadcast) = broadcast::channel(2);
        let (one, value) = oneshot::channel();
        let (to_any, from_any) = async_channel::bounded(1);
        let sends = spawn_blocking(move || {
            for item in 1..=3 {
                tx.blocking_send(item).unwrap();
                to_any.send_blocking(item).unwrap();
            }
        });
        let receives = spawn_blocking(move || {
            let (mut buffer, mut all) = (Vec::new(), 0);
            while rx.blocking_recv_many(&mut buffer, 2) > 0 {}
            while let Some(item) = from_unbounded.blocking_recv() {
                all += item;
            }
            while let Ok(item) = from_broadcast.blocking_recv() {
                all += item;
            }
            (buffer, all + value.blocking_recv().unwrap())
        });
        let shared = spawn_blocking(move || {
            let mut all = Vec::new();
            while let Ok(item) = from_any.recv_blocking() {
                all.push(item);
            }
            all
        });
        unbounded.send(10).unwrap();
        broadcast.send(100).unwrap();
        one.send(1000).unwrap();
        drop((unbounded, broadcast));
        sends.await.unwrap();
        assert_eq!(receives.await.unwrap(), (vec![1, 2, 3], 1110));
        assert_eq!(shared.await.unwrap(), [1, 2, 3]);
    });
}

#[test]
fn locks_block_as_the_real_ones_do() {
    on_tokio(async {
        let (mutex, lock) = (Arc::new(Mutex::new(1)), Arc::new(RwLock::new(1)));
        let (held, written) = (mutex.lock().await, lock.write().await);
        let (theirs, other) = (mutex.clone(), lock.clone());
        let closure = spawn_blocking(move || {
            *theirs.blocking_lock() += 1;
            *theirs.blocking_lock_owned() += 1;
            *other.blocking_write() += 1;
            *other.blocking_read()
        });
        drop((held, written));
        assert_eq!(closure.await.unwrap(), 2);
        assert_eq!(*mutex.try_lock().unwrap(), 3);

        let semaphore = Arc::new(Semaphore::new(0));
        let theirs = semaphore.clone();
        let closure = spawn_blocking(move || {
            drop((theirs.blocking_acquire().unwrap(), theirs.blocking_acquire_many(2).unwrap()));
            drop(theirs.clone().blocking_acquire_owned().unwrap());
            theirs.blocking_acquire_many_owned(3).unwrap()
        });
        semaphore.add_permits(3);
        let held = closure.await.unwrap();
        assert_eq!((semaphore.available_permits(), held.num_permits()), (0, 3));
    });
}

#[test]
fn blocking_call_in_an_async_task_panics() {
    on_tokio(async {
        let (tx, _rx) = mpsc::channel(1);
        let task = selvedge_rt::spawn(async move { tx.blocking_send(1) });
        assert!(task.await.unwrap_err().is_panic());
    });
}
