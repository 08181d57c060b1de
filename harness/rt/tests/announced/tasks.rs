//! What tasks and their handles announce.

use super::*;

#[test]
fn a_join_waits_for_the_finish_and_both_name_the_task() {
    let (output, log) = run(async { spawn(async { 7_u32 }).await.unwrap() });
    assert_eq!(output, 7);
    assert_eq!(log, ["0 Join(1) pending", "1 Finish(1) = 7", "0 Join(1)", "0 Finish = 7"]);
}

#[test]
fn an_error_and_a_panic_are_seen_by_both() {
    let (error, log) = run(async {
        assert_eq!(spawn(async { Err::<(), u8>(1) }).await.unwrap(), Err(1));
        let number = std::hint::black_box(3);
        let task: JoinHandle<()> = spawn(async move { panic!("boom {number}") });
        let error = task.await.unwrap_err();
        assert_eq!(error.to_string(), r#"task 2 panicked with message "boom 3""#);
        assert_eq!(format!("{error:?}"), r#"JoinError::Panic(task 2, "boom 3", ...)"#);
        error
    });
    assert_eq!(log[1..3], ["1 Finish(1) erred", "0 Join(1) erred"]);
    assert_eq!(log[4..6], ["2 Finish(2) panicked", "0 Join(2) panicked"]);
    // The number is the engine's to tell, and it runs no more.
    assert_eq!(error.to_string(), r#"task panicked with message "boom 3""#);
    assert_eq!(*error.into_panic().downcast::<String>().unwrap(), "boom 3");
}

#[test]
fn destructors_come_before_the_finish() {
    let (error, log) = run(async {
        let tracker = TaskTracker::new();
        let (a, b) = (announced_drop(&tracker), announced_drop(&tracker));
        spawn(async move { drop((yield_now().await, a)) }).await.unwrap();
        let task = spawn(async move {
            let _b = b;
            pending::<()>().await
        });
        yield_now().await;
        task.abort();
        let error = task.await.unwrap_err();
        assert_eq!(error.to_string(), "task 2 was cancelled");
        error
    });
    assert!(error.is_cancelled());
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Track", "0 Track",
        "0 Join(1) pending", "1 Yield pending", "1 Yield", "1 Untrack", "1 Finish(1)", "0 Join(1)",
        "0 Yield pending", "0 Yield", "0 Abort(2)", "0 Join(2) pending",
        "2 Untrack", "2 Finish(2) aborted", "0 Join(2) aborted", "0 Finish",
    ]);
}

#[test]
fn a_panic_in_a_destructor_is_the_end_of_a_cancelled_task_only() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }
    let ((cancelled, done), log) = run(async {
        let bomb = Bomb;
        let task = spawn(async move {
            let _bomb = bomb;
            pending::<()>().await
        });
        yield_now().await;
        task.abort();
        let cancelled = task.await.unwrap_err();
        // The output is there before the future, with what it captured, is dropped.
        let bomb = Bomb;
        let mut held = Some(bomb);
        let done = spawn(poll_fn(move |_| Poll::Ready(held.as_mut().map(|_| 5_u32)))).await;
        (cancelled.is_panic(), done)
    });
    assert!(cancelled);
    assert_eq!(done.unwrap(), Some(5));
    assert!(log.contains(&"1 Finish(1) panicked".to_owned()), "{log:?}");
    assert!(log.contains(&"2 Finish(2)".to_owned()), "{log:?}");
}

#[test]
fn an_output_that_nobody_takes_is_dropped_after_the_finish() {
    let ((), log) = run(async {
        let tracker = TaskTracker::new();
        let output = announced_drop(&tracker);
        drop(spawn(async move { Some(output) }));
    });
    let expected = ["0 Track", "0 Detach(1)", "0 Finish", "1 Finish(1)", "1 Untrack"];
    assert_eq!(log, expected);
}

#[test]
fn an_output_that_was_not_taken_is_dropped_with_the_handle() {
    let (finished, log) = run(async {
        let tracker = TaskTracker::new();
        let output = announced_drop(&tracker);
        let task = spawn(async move { Some(output) });
        let before = task.is_finished();
        yield_now().await;
        (before, task.abort_handle().is_finished())
    });
    assert_eq!(finished, (false, true));
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Track", "0 IsFinished(1)", "0 Yield pending", "1 Finish(1)", "0 Yield",
        "0 IsFinished(1) = 1", "0 Detach(1)", "0 Untrack", "0 Finish",
    ]);
}

#[test]
fn a_body_never_unwinds_when_its_execution_is_stopped() {
    /// Polls a root once, stops the execution, then goes on with it.
    fn stopped(go_on: fn(&mut dyn Body, &mut Context<'_>)) -> Option<Result<(), JoinError>> {
        let steps = Rc::new(Steps::default());
        let _entered = enter(steps.clone());
        let root = async {
            let other = spawn(async {});
            let mut first = true;
            poll_fn(|_| match std::mem::take(&mut first) {
                true => Poll::Pending,
                false => Poll::Ready(()),
            })
            .await;
            other.abort();
            unreachable!("the execution is stopped");
        };
        let (task, output) = root_body(root, Location::caller());
        let (mut body, cx) = (task.body, &mut Context::from_waker(Waker::noop()));
        assert!(body.poll(cx).is_pending());
        steps.stopped.set(true);
        go_on(&mut *body, cx);
        assert_eq!(steps.log.take(), [""; 0]);
        output.take()
    }
    // The end is no operation any more, so there is no output either.
    assert!(stopped(|body, cx| assert!(body.poll(cx).is_ready())).is_none());
    assert!(stopped(|body, _| body.cancel()).is_none());
    assert!(stopped(|body, _| body.discard()).is_none());
}

#[test]
fn a_task_cut_short_at_an_operation_counts_as_aborted() {
    let steps = Rc::new(Steps::default());
    steps.skip_one.set(true);
    let root = async { spawn(async {}).abort() };
    let output = steps.clone().run(root, Location::caller());
    assert!(output.expect("the root ends").unwrap_err().is_cancelled());
    assert_eq!(steps.log.take(), ["0 Detach(1)", "0 Finish aborted", "1 Finish(1)"]);
}

#[test]
fn a_yield_is_pending_once() {
    let ((), log) = run(async { yield_now().await });
    assert_eq!(log, ["0 Yield pending", "0 Yield", "0 Finish"]);
}

#[test]
fn a_closure_that_blocks_is_one_poll_and_is_dropped_before_the_finish_where_it_never_ran() {
    let (error, log) = run(async {
        let tracker = TaskTracker::new();
        let task = tracker.spawn_blocking(|| 7_u32);
        assert_eq!(task.await.unwrap(), 7);
        let never = tracker.spawn_blocking(|| 8_u32);
        never.abort();
        never.await.unwrap_err()
    });
    assert!(error.is_cancelled());
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Track", "0 Join(1) pending", "1 Untrack(1)", "1 Finish(1) = 7", "0 Join(1)",
        "0 Track", "0 Abort(2)", "0 Join(2) pending",
        "2 Untrack(1)", "2 Finish(2) aborted", "0 Join(2) aborted", "0 Finish",
    ]);
}
