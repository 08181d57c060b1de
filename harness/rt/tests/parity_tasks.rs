//! Tasks, one body against both sides of the facade, on a real current-thread runtime and with no
//! engine: what holds of tokio holds of the wrappers that fall through to it.

use selvedge_rt::task::{
    AbortHandle, AbortOnDropHandle, JoinError, JoinHandle, JoinSet, TaskTracker, yield_now,
};
use selvedge_rt::{spawn, task};
use std::future::{Future, pending, ready};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Runs a body on a real current-thread runtime.
#[track_caller]
fn check<T>(body: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(body)
}

/// Lets every task that can run come to rest.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn is_send_and_sync<T: Send + Sync>() {}

mod join_handle {
    use super::*;

    #[test]
    fn a_task_gives_its_output_to_its_joiner() {
        assert_eq!(check(async { spawn(async { 1 }).await.unwrap() }), 1);
        assert_eq!(check(async { task::spawn(async { "a" }).await.unwrap() }), "a");
    }

    #[test]
    fn a_handle_that_aborts_on_drop_aborts_then_and_not_when_it_is_detached() {
        check(async {
            let dropped = Arc::new(AtomicUsize::new(0));
            let start = || {
                let counted = Counted(dropped.clone());
                AbortOnDropHandle::new(spawn(async move {
                    let _counted = counted;
                    pending::<()>().await;
                }))
            };
            let (one, other) = (start(), start());
            settle().await;
            drop(one);
            let handle = other.detach();
            settle().await;
            assert_eq!(dropped.load(Relaxed), 1);
            let other = AbortOnDropHandle::new(handle);
            assert!(!other.is_finished() && !other.as_ref().is_finished());
            other.abort_handle().abort();
            assert!(other.await.unwrap_err().is_cancelled());
            assert_eq!(dropped.load(Relaxed), 2);
            assert_eq!(AbortOnDropHandle::new(spawn(async { 3 })).await.unwrap(), 3);
        });
    }

    #[test]
    fn a_panic_is_an_error_that_keeps_its_payload() {
        // A message known to the compiler would be a `&str`.
        let number = std::hint::black_box(1);
        let error =
            check(async { spawn(async move { panic!("boom {number}") }).await }).unwrap_err();
        assert!(error.is_panic() && !error.is_cancelled());
        assert!(error.to_string().ends_with(r#"panicked with message "boom 1""#), "{error}");
        assert!(format!("{error:?}").starts_with("JoinError::Panic("), "{error:?}");
        let payload = error.into_panic();
        assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some("boom 1"));

        let error =
            check(async { spawn(async { std::panic::panic_any(7_u8) }).await }).unwrap_err();
        assert!(error.to_string().ends_with(" panicked"), "{error}");
        assert_eq!(*error.try_into_panic().unwrap().downcast::<u8>().unwrap(), 7);
    }

    #[test]
    fn an_aborted_task_is_cancelled_and_its_future_dropped() {
        let drops = Arc::new(AtomicUsize::new(0));
        let held = Counted(drops.clone());
        let error = check(async {
            let task = spawn(async move {
                let _held = held;
                pending::<()>().await
            });
            settle().await;
            task.abort();
            task.await.unwrap_err()
        });
        assert_eq!(drops.load(Relaxed), 1);
        assert!(error.is_cancelled() && !error.is_panic());
        assert!(error.to_string().ends_with(" was cancelled"), "{error}");
        assert!(format!("{error:?}").starts_with("JoinError::Cancelled("), "{error:?}");
        let error = error.try_into_panic().unwrap_err();
        let error = std::io::Error::from(error);
        assert_eq!(error.to_string(), "task was cancelled");
    }

    #[test]
    #[should_panic]
    fn the_panic_of_a_cancelled_task_is_a_panic() {
        let error = check(async {
            let task = spawn(pending::<()>());
            task.abort();
            task.await.unwrap_err()
        });
        let _ = error.into_panic();
    }

    #[test]
    fn a_task_that_has_ended_is_not_cancelled_by_an_abort() {
        check(async {
            let task = spawn(async { 5 });
            assert!(!task.is_finished());
            settle().await;
            assert!(task.is_finished());
            task.abort();
            assert_eq!(task.await.unwrap(), 5);
        });
    }

    #[test]
    fn a_dropped_handle_detaches_its_task() {
        let drops = Arc::new(AtomicUsize::new(0));
        check(async {
            let held = Counted(drops.clone());
            let ran = Arc::new(AtomicUsize::new(0));
            let done = ran.clone();
            drop(spawn(async move {
                yield_now().await;
                done.store(1, Relaxed);
                held
            }));
            settle().await;
            assert_eq!(ran.load(Relaxed), 1);
            assert_eq!(drops.load(Relaxed), 1, "nobody takes the output, so it is dropped");
        });
    }

    #[test]
    fn an_output_that_is_not_taken_is_dropped_with_the_handle() {
        let drops = Arc::new(AtomicUsize::new(0));
        check(async {
            let held = Counted(drops.clone());
            let task = spawn(async { held });
            settle().await;
            assert!(task.is_finished());
            assert_eq!(drops.load(Relaxed), 0);
            drop(task);
            assert_eq!(drops.load(Relaxed), 1);
        });
    }

    #[test]
    fn an_abort_handle_aborts_and_looks_without_owning() {
        check(async {
            let task = spawn(pending::<()>());
            let handle: AbortHandle = task.abort_handle();
            let other = handle.clone();
            assert!(!other.is_finished());
            assert!(!format!("{other:?}").is_empty());
            handle.abort();
            settle().await;
            assert!(other.is_finished());
            assert!(task.await.unwrap_err().is_cancelled());
        });
    }

    #[test]
    fn handles_and_errors_can_be_shared_between_threads() {
        is_send_and_sync::<JoinHandle<u8>>();
        is_send_and_sync::<JoinHandle<std::cell::Cell<u8>>>();
        is_send_and_sync::<AbortHandle>();
        is_send_and_sync::<JoinError>();
        is_send_and_sync::<JoinSet<u8>>();
        is_send_and_sync::<TaskTracker>();
        fn is_error<T: std::error::Error + 'static>() {}
        is_error::<JoinError>();
        fn is_unpin<T: Unpin>() {}
        is_unpin::<JoinHandle<std::marker::PhantomPinned>>();
    }

    #[test]
    fn a_task_a_handle_and_an_error_have_one_id() {
        check(async {
            assert_eq!(task::try_id(), None);
            let task = spawn(async { task::id() });
            let id = task.id();
            assert_eq!(task.abort_handle().id(), id);
            assert_eq!(task.await.unwrap(), id);
            let other: JoinHandle<()> = spawn(async { panic!("on purpose") });
            let of_other = other.id();
            assert_ne!(of_other, id);
            let error = other.await.unwrap_err();
            assert_eq!(error.id(), of_other);
            assert!(error.to_string().contains(&format!("task {of_other} ")), "{error}");
        });
    }

    #[test]
    fn a_handle_can_be_printed() {
        check(async {
            let task = spawn(async {});
            assert!(format!("{task:?}").starts_with("JoinHandle {"));
            task.await.unwrap();
        });
    }

    #[test]
    fn a_yield_lets_another_task_run() {
        let log = Arc::new(Mutex::new(Vec::new()));
        check(async {
            let note = |what| {
                let log = log.clone();
                move || log.lock().unwrap().push(what)
            };
            let (first, second, other) = (note("first"), note("second"), note("other"));
            let yields = spawn(async move {
                first();
                yield_now().await;
                second();
            });
            spawn(async move { other() }).await.unwrap();
            yields.await.unwrap();
        });
        assert_eq!(*log.lock().unwrap(), ["first", "other", "second"]);
    }
}

mod join_set {
    use super::*;

    #[test]
    fn tasks_are_joined_in_the_order_in_which_they_end() {
        let order = check(async {
            let mut set = JoinSet::new();
            for turns in [6, 2, 4] {
                set.spawn(async move {
                    for _ in 0..turns {
                        yield_now().await;
                    }
                    turns
                });
            }
            assert_eq!((set.len(), set.is_empty()), (3, false));
            let mut order = Vec::new();
            while let Some(next) = set.join_next().await {
                order.push(next.unwrap());
            }
            assert_eq!((set.len(), set.is_empty()), (0, true));
            assert!(set.join_next().await.is_none());
            order
        });
        assert_eq!(order, [2, 4, 6]);
    }

    #[test]
    fn a_task_is_taken_without_waiting_once_it_has_ended() {
        check(async {
            let mut set = JoinSet::default();
            assert!(set.try_join_next().is_none());
            set.spawn(async { 3 });
            assert!(set.try_join_next().is_none());
            settle().await;
            assert_eq!(set.try_join_next().unwrap().unwrap(), 3);
            assert!(set.try_join_next().is_none());
        });
    }

    #[test]
    fn a_task_is_taken_with_its_id() {
        check(async {
            let mut set = JoinSet::new();
            let ids = [1, 2, 3].map(|n| (set.spawn(async move { n }).id(), n));
            assert!(set.try_join_next_with_id().is_none());
            settle().await;
            let one = set.try_join_next_with_id().unwrap().unwrap();
            let next = set.poll_join_next_with_id(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Some(Ok(two))) = next else { panic!("it has ended") };
            let three = set.join_next_with_id().await.unwrap().unwrap();
            assert!(set.join_next_with_id().await.is_none());
            for ended in [one, two, three] {
                assert!(ids.contains(&ended), "{ended:?} of {ids:?}");
            }
        });
    }

    #[test]
    fn futures_are_collected_into_a_set_and_more_are_added() {
        check(async {
            let mut set: JoinSet<u32> = (1..4).map(async |n| n).collect();
            set.extend([ready(4)]);
            assert_eq!(set.len(), 4);
            assert_eq!(set.join_all().await.into_iter().sum::<u32>(), 10);
        });
    }

    #[test]
    fn a_poll_is_pending_until_a_task_ends() {
        check(async {
            let mut set = JoinSet::new();
            let cx = &mut Context::from_waker(Waker::noop());
            assert!(matches!(set.poll_join_next(cx), Poll::Ready(None)));
            set.spawn(async { 4 });
            assert!(set.poll_join_next(cx).is_pending());
            settle().await;
            assert!(matches!(set.poll_join_next(cx), Poll::Ready(Some(Ok(4)))));
        });
    }

    #[test]
    fn panics_and_aborts_are_errors_of_their_task_only() {
        let (mut panicked, mut cancelled, mut done) = (0, 0, 0);
        check(async {
            let mut set = JoinSet::new();
            set.spawn(async { panic!("boom") });
            set.spawn(async {});
            let abort = set.spawn(pending());
            abort.abort();
            while let Some(next) = set.join_next().await {
                match next {
                    Ok(()) => done += 1,
                    Err(e) if e.is_panic() => panicked += 1,
                    Err(e) if e.is_cancelled() => cancelled += 1,
                    Err(e) => panic!("{e}"),
                }
            }
            assert!(abort.is_finished());
        });
        assert_eq!((panicked, cancelled, done), (1, 1, 1));
    }

    #[test]
    fn abort_all_leaves_the_tasks_to_be_joined() {
        check(async {
            let mut set = JoinSet::new();
            set.spawn(pending::<()>());
            set.spawn(pending::<()>());
            set.abort_all();
            assert_eq!(set.len(), 2);
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
        });
    }

    #[test]
    fn shutdown_ends_when_every_task_is_gone() {
        let drops = Arc::new(AtomicUsize::new(0));
        check(async {
            let mut set = JoinSet::new();
            for _ in 0..3 {
                let held = Counted(drops.clone());
                set.spawn(async move {
                    let _held = held;
                    pending::<()>().await
                });
            }
            set.shutdown().await;
            assert_eq!((set.len(), drops.load(Relaxed)), (0, 3));
        });
    }

    #[test]
    fn a_dropped_set_aborts_its_tasks() {
        let drops = Arc::new(AtomicUsize::new(0));
        check(async {
            let mut set = JoinSet::new();
            let held = Counted(drops.clone());
            let task = set.spawn(async move {
                let _held = held;
                pending::<()>().await
            });
            settle().await;
            drop(set);
            settle().await;
            assert!(task.is_finished());
            assert_eq!(drops.load(Relaxed), 1);
        });
    }

    #[test]
    fn detached_tasks_outlive_the_set() {
        let ran = Arc::new(AtomicUsize::new(0));
        check(async {
            let mut set = JoinSet::new();
            let done = ran.clone();
            set.spawn(async move {
                yield_now().await;
                done.store(1, Relaxed);
            });
            set.detach_all();
            assert!(set.is_empty());
            drop(set);
            settle().await;
        });
        assert_eq!(ran.load(Relaxed), 1);
    }

    #[test]
    fn join_all_gives_every_output() {
        let mut outputs = check(async {
            let mut set = JoinSet::new();
            for n in 0..3 {
                set.spawn(async move { n });
            }
            set.join_all().await
        });
        outputs.sort();
        assert_eq!(outputs, [0, 1, 2]);
    }

    #[test]
    #[should_panic(expected = "boom")]
    fn join_all_goes_on_with_a_panic() {
        check(async {
            let mut set = JoinSet::new();
            set.spawn(async { panic!("boom") });
            let _: Vec<()> = set.join_all().await;
        });
    }

    #[test]
    fn a_set_can_be_printed_and_its_futures_sent() {
        fn is_send<T: Send>(value: T) -> T {
            value
        }
        let mut set = JoinSet::<u8>::new();
        assert!(format!("{set:?}").starts_with("JoinSet {"));
        drop(is_send(set.join_next()));
        drop(is_send(set.shutdown()));
        drop(is_send(yield_now()));
        drop(is_send(set.join_all()));
    }
}

mod tracker {
    use super::*;

    #[test]
    fn wait_ends_once_the_tracker_is_closed_and_empty() {
        check(async {
            let tracker = TaskTracker::new();
            assert!(tracker.is_empty() && !tracker.is_closed());
            let task = tracker.spawn(async {
                yield_now().await;
                1
            });
            assert_eq!((tracker.len(), tracker.is_empty()), (1, false));
            assert!(tracker.close());
            assert!(!tracker.close(), "it was closed already");
            assert!(tracker.is_closed());
            tracker.wait().await;
            assert_eq!((tracker.len(), tracker.is_empty()), (0, true));
            assert_eq!(task.await.unwrap(), 1);
            assert!(tracker.reopen());
            assert!(!tracker.reopen());
            assert!(!tracker.is_closed());
        });
    }

    #[test]
    fn wait_is_pending_while_the_tracker_is_open_or_not_empty() {
        check(async {
            let tracker = TaskTracker::default();
            let cx = &mut Context::from_waker(Waker::noop());
            let mut wait = Box::pin(tracker.wait());
            assert!(wait.as_mut().poll(cx).is_pending());
            let tracked = tracker.track_future(pending::<()>());
            tracker.close();
            assert!(Box::pin(tracker.wait()).as_mut().poll(cx).is_pending());
            drop(tracked);
            assert!(wait.as_mut().poll(cx).is_ready());
        });
    }

    #[test]
    fn a_wait_made_before_the_tracker_was_closed_and_reopened_ends() {
        check(async {
            let tracker = TaskTracker::new();
            let mut wait = Box::pin(tracker.wait());
            tracker.close();
            tracker.reopen();
            assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        });
    }

    #[test]
    fn a_tracked_future_counts_until_it_is_dropped() {
        check(async {
            let tracker = TaskTracker::new();
            let other = tracker.clone();
            assert!(TaskTracker::ptr_eq(&tracker, &other));
            assert!(!TaskTracker::ptr_eq(&tracker, &TaskTracker::new()));
            let mut tracked = Box::pin(tracker.track_future(async { 2 }));
            assert_eq!(tracked.as_mut().await, 2);
            assert_eq!(other.len(), 1);
            drop(tracked);
            assert_eq!(other.len(), 0);
        });
    }

    #[test]
    fn the_future_is_dropped_before_the_count_goes_down() {
        struct Look(TaskTracker, Arc<AtomicUsize>);
        impl Drop for Look {
            fn drop(&mut self) {
                self.1.store(self.0.len(), Relaxed);
            }
        }
        check(async {
            let (tracker, seen) = (TaskTracker::new(), Arc::new(AtomicUsize::new(9)));
            let look = Look(tracker.clone(), seen.clone());
            drop(tracker.track_future(async move {
                let _look = look;
                pending::<()>().await
            }));
            assert_eq!((seen.load(Relaxed), tracker.len()), (1, 0));
            assert!(format!("{tracker:?}").starts_with("TaskTracker"));
        });
    }
}

mod blocking {
    use super::*;
    use selvedge_rt::task::spawn_blocking;

    #[test]
    fn a_closure_gives_its_output_or_its_panic() {
        check(async {
            assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
            let error = spawn_blocking(|| std::panic::panic_any(7_u8)).await.unwrap_err();
            assert_eq!(*error.into_panic().downcast::<u8>().unwrap(), 7);
        });
    }

    #[test]
    fn a_closure_is_a_member_of_a_set_and_counts_in_a_tracker() {
        check(async {
            let mut set = JoinSet::new();
            let handle: AbortHandle = set.spawn_blocking(|| 5);
            assert_eq!(set.join_next().await.unwrap().unwrap(), 5);
            assert!(handle.is_finished());
            let tracker = TaskTracker::new();
            let task: JoinHandle<usize> = tracker.spawn_blocking({
                let tracker = tracker.clone();
                move || tracker.len()
            });
            tracker.close();
            tracker.wait().await;
            assert_eq!((task.await.unwrap(), tracker.len()), (1, 0));
        });
    }
}
