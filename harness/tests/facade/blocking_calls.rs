//! `blocking_send` and its kind: a closure waits as its async sibling does, and holds up nobody else.

use super::{Seen, check, check_at};
use rt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use rt::sync::{Mutex, RwLock, Semaphore, broadcast, mpsc, oneshot};
use rt::task::spawn_blocking;
use selvedge::{Check, Grain, Law};
use selvedge_rt as rt;
use std::sync::Arc;

/// At both grains, and under loom.
fn check_everywhere<F>(
    expected: &[u64],
    scenario: impl Fn(Seen) -> F + Send + Sync + Clone + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    check_at(Grain::Poll, expected, scenario.clone());
    check(expected, scenario);
}

#[test]
fn send_waits_for_room_and_its_order_is_that_of_the_queue() {
    check_everywhere(&[12, 21], |seen| async move {
        let (tx, mut rx) = mpsc::channel(1);
        let theirs = tx.clone();
        let closure = spawn_blocking(move || theirs.blocking_send(1).unwrap());
        let task = rt::spawn(async move { tx.send(2).await.unwrap() });
        let (first, second) = (rx.recv().await.unwrap(), rx.recv().await.unwrap());
        seen.note(first * 10 + second);
        closure.await.unwrap();
        task.await.unwrap();
    });
}

#[test]
fn send_to_a_receiver_that_closes_while_it_waits_gives_the_item_back() {
    check_everywhere(&[3], |seen| async move {
        let (tx, mut rx) = mpsc::channel(1);
        tx.try_send(1).unwrap();
        let closure = spawn_blocking(move || tx.blocking_send(3).unwrap_err().0);
        rx.close();
        seen.note(closure.await.unwrap());
        assert_eq!(rx.recv().await, Some(1));
    });
}

#[test]
fn receivers_wait_for_an_item_and_for_the_end() {
    check_everywhere(&[12], |seen| async move {
        let (tx, mut rx) = mpsc::channel(1);
        let closure = spawn_blocking(move || {
            let mut all = 0;
            while let Some(item) = rx.blocking_recv() {
                all = all * 10 + item;
            }
            all
        });
        for item in [1, 2] {
            tx.send(item).await.unwrap();
        }
        drop(tx);
        seen.note(closure.await.unwrap());
    });
    // One at a time, or both in one.
    check_everywhere(&[1, 2], |seen| async move {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let closure = spawn_blocking(move || {
            let (mut buffer, mut reads) = (Vec::new(), 0);
            while rx.blocking_recv_many(&mut buffer, 2) > 0 {
                reads += 1;
            }
            assert_eq!(buffer, [1, 2]);
            reads
        });
        for item in [1, 2] {
            tx.send(item).unwrap();
        }
        drop(tx);
        seen.note(closure.await.unwrap());
    });
}

#[test]
fn one_value_comes_or_its_sender_goes() {
    for sends in [true, false] {
        check_everywhere(&[u64::from(sends)], move |seen| async move {
            let (tx, rx) = oneshot::channel();
            let closure = spawn_blocking(move || rx.blocking_recv());
            if sends {
                tx.send(1).unwrap();
            } else {
                drop(tx);
            }
            seen.note(closure.await.unwrap().unwrap_or(0));
        });
    }
}

#[test]
fn broadcast_says_what_went_by() {
    // Read at once, or the first was overwritten by then.
    check_everywhere(&[12, 92], |seen| async move {
        let (tx, mut rx) = broadcast::channel(1);
        let closure = spawn_blocking(move || {
            let mut all = 0;
            loop {
                all = all * 10
                    + match rx.blocking_recv() {
                        Ok(item) => item,
                        Err(broadcast::error::RecvError::Lagged(n)) => 8 + n,
                        Err(broadcast::error::RecvError::Closed) => return all,
                    };
            }
        });
        for item in [1, 2] {
            tx.send(item).unwrap();
        }
        drop(tx);
        seen.note(closure.await.unwrap());
    });
}

#[test]
fn ends_of_a_shared_channel_wait_on_both_sides() {
    check_everywhere(&[12], |seen| async move {
        let (tx, rx) = rt::async_channel::bounded(1);
        let sends = spawn_blocking(move || {
            for item in [1, 2] {
                tx.send_blocking(item).unwrap();
            }
        });
        let receives = spawn_blocking(move || {
            let mut all = 0;
            while let Ok(item) = rx.recv_blocking() {
                all = all * 10 + item;
            }
            all
        });
        seen.note(receives.await.unwrap());
        sends.await.unwrap();
    });
}

#[test]
fn locks_exclude_closures_and_tasks_alike() {
    // Twice one and two more, or twice three: of an async lock there is no third.
    check_everywhere(&[4, 6], |seen| async move {
        let total = Arc::new(Mutex::new(1));
        let theirs = total.clone();
        let closure = spawn_blocking(move || {
            let mut total = theirs.blocking_lock();
            let was = *total;
            *total = was + 2;
        });
        {
            let mut total = total.lock().await;
            let was = *total;
            rt::task::yield_now().await;
            *total = was * 2;
        }
        closure.await.unwrap();
        seen.note(*spawn_blocking(move || total.blocking_lock_owned()).await.unwrap());
    });
    check_everywhere(&[4, 6], |seen| async move {
        let (permits, total) = (Arc::new(Semaphore::new(2)), Arc::new(AtomicU64::new(1)));
        let (theirs, number) = (permits.clone(), total.clone());
        let closure = spawn_blocking(move || {
            let _both = theirs.blocking_acquire_many(2).unwrap();
            number.store(number.load(SeqCst) + 2, SeqCst);
        });
        {
            let _one = permits.acquire().await.unwrap();
            total.store(total.load(SeqCst) * 2, SeqCst);
        }
        closure.await.unwrap();
        let owned = spawn_blocking(move || permits.blocking_acquire_owned()).await.unwrap();
        assert_eq!(owned.unwrap().num_permits(), 1);
        seen.note(total.load(SeqCst));
    });
    check_everywhere(&[4, 6], |seen| async move {
        let total = Arc::new(RwLock::new(1));
        let theirs = total.clone();
        let closure = spawn_blocking(move || *theirs.blocking_write() += 2);
        *total.write().await *= 2;
        closure.await.unwrap();
        seen.note(spawn_blocking(move || *total.blocking_read()).await.unwrap());
    });
}

#[test]
fn closure_that_waits_has_begun_and_is_not_aborted() {
    check_everywhere(&[0, 7], |seen| async move {
        let (tx, rx) = oneshot::channel::<u64>();
        let closure = spawn_blocking(move || rx.blocking_recv().unwrap());
        closure.abort();
        // Refused where it was aborted before it began.
        let _ = tx.send(7);
        seen.note(closure.await.unwrap_or(0));
    });
}

#[test]
fn closure_that_waits_for_ever_is_a_violation_and_no_hang() {
    let scenario = || async {
        let (tx, mut rx) = mpsc::channel::<()>(1);
        let closure = spawn_blocking(move || rx.blocking_recv());
        closure.await.unwrap();
        drop(tx);
    };
    let check = Check::new("nobody sends");
    check.explore(scenario).assert_violates(Law::NeverClosed);
    #[cfg(feature = "loom")]
    check.loom(scenario).assert_violates(Law::NeverClosed);
}

#[test]
fn closure_that_went_on_waits_for_what_it_came_to() {
    let report = Check::new("one of two").explore(|| async {
        let (tx, mut rx) = mpsc::channel(1);
        let closure = spawn_blocking(move || (rx.blocking_recv(), rx.blocking_recv()));
        // Time passes when everybody waits.
        rt::time::sleep(rt::time::Duration::from_millis(1)).await;
        tx.send(1).await.unwrap();
        closure.await.unwrap();
        drop(tx);
    });
    report.assert_violates(Law::NeverClosed);
    assert_eq!(report.to_string().matches("for an item or the end").count(), 1, "{report}");
}

#[test]
fn blocking_call_in_an_async_task_is_a_panic() {
    let scenario = || async {
        let (tx, _rx) = mpsc::channel(1);
        tx.blocking_send(1).unwrap();
    };
    let check = Check::new("blocks in a task");
    let report = check.explore(scenario);
    report.assert_violates(Law::Panic);
    assert!(report.to_string().contains("blocks its thread, in an async task"), "{report}");
    #[cfg(feature = "loom")]
    check.loom(scenario).assert_violates(Law::Panic);
}
