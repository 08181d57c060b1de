//! What tasks, timers, `select!` and `join!` announce, under an engine that does each operation at once
//! and polls woken tasks in order.
//!
//! Checked on every operation, whatever the test: its site is a line of this file.

#![cfg(feature = "check")]

use selvedge_rt::check::engine::*;
use selvedge_rt::check::task::root_body;
use selvedge_rt::task::{JoinError, JoinSet, TaskTracker, yield_now};
use selvedge_rt::time::{Duration, Instant, MissedTickBehavior, interval, sleep, timeout};
use selvedge_rt::{join, select, spawn};
use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, pending, poll_fn, ready};
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Steps {
    log: RefCell<Vec<String>>,
    objects: Cell<u32>,
    current: Cell<u32>,
    tasks: RefCell<Vec<Option<Box<dyn Body>>>>,
    /// Woken tasks; and those to cancel.
    ready: Arc<Mutex<VecDeque<u32>>>,
    aborted: RefCell<Vec<u32>>,
    now: Cell<Duration>,
    timers: RefCell<Vec<(ObjectId, Duration, Waker)>>,
    /// What to answer to the next choices; then 0.
    choices: RefCell<VecDeque<usize>>,
    /// Whether the execution wants no more operations.
    stopped: Cell<bool>,
    /// Whether the next operation that is no poll is not wanted.
    skip_one: Cell<bool>,
    /// Tasks that have ended. Kept, so that what a body still owns is dropped by nobody.
    ended: RefCell<Vec<Box<dyn Body>>>,
}

struct Ready(u32, Arc<Mutex<VecDeque<u32>>>);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        let mut ready = self.1.lock().unwrap();
        if !ready.contains(&self.0) {
            ready.push_back(self.0);
        }
    }
}

/// Runs a root future to its end, and what it left behind until nothing moves. Gives its output and what
/// was announced: `task kind(arg) outcome`.
#[track_caller]
fn run<F>(root: F) -> (F::Output, Vec<String>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    run_choosing(&[], root)
}

#[track_caller]
fn run_choosing<F>(choices: &[usize], root: F) -> (F::Output, Vec<String>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let steps = Rc::new(Steps::default());
    steps.choices.borrow_mut().extend(choices);
    let output = steps.clone().run(root, Location::caller()).expect("the root ends").unwrap();
    (output, steps.log.take())
}

impl Steps {
    fn run<F>(self: Rc<Self>, root: F, site: Site) -> Option<Result<F::Output, JoinError>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let entered = enter(self.clone());
        let (task, output) = root_body(root, site);
        assert_eq!(self.spawn(task), TaskId(0));
        loop {
            let next = self.ready.lock().unwrap().pop_front();
            match next {
                Some(task) => self.poll(task),
                None if self.fire() => {}
                None => break,
            }
        }
        drop(entered);
        for mut body in self.tasks.take().into_iter().flatten() {
            body.discard();
        }
        output.take()
    }

    fn poll(&self, task: u32) {
        self.current.set(task);
        let Some(mut body) = self.tasks.borrow_mut()[task as usize].take() else { return };
        let waker = Waker::from(Arc::new(Ready(task, self.ready.clone())));
        if self.aborted.borrow().contains(&task) {
            body.cancel();
        } else if body.poll(&mut Context::from_waker(&waker)).is_pending() {
            self.tasks.borrow_mut()[task as usize] = Some(body);
            return;
        }
        self.ended.borrow_mut().push(body);
    }

    /// Moves the clock to the earliest deadline.
    fn fire(&self) -> bool {
        let mut timers = self.timers.borrow_mut();
        let Some(first) = timers.iter().map(|t| t.1).min() else { return false };
        self.now.set(first.max(self.now.get()));
        let at = timers.iter().position(|t| t.1 == first).expect("the minimum");
        timers.remove(at).2.wake();
        true
    }

    fn note(&self, what: String) {
        self.log.borrow_mut().push(format!("{} {what}", self.current.get()));
    }
}

impl Engine for Steps {
    fn create(&self, _: ObjectKind, site: Site) -> ObjectId {
        assert!(site.file().ends_with("announced.rs"), "made at {site}");
        let index = self.objects.replace(self.objects.get() + 1);
        ObjectId { index, execution: 0 }
    }

    fn perform(&self, op: Op, run: &mut dyn FnMut() -> Outcome) {
        assert!(op.site.file().ends_with("announced.rs"), "{:?} at {}", op.kind, op.site);
        if self.stopped.get() {
            match op.kind.is_poll() {
                true => {}
                // A destructor cannot unwind while another unwinding is under way.
                false if std::thread::panicking() => _ = run(),
                false => std::panic::resume_unwind(Box::new(Stopped)),
            }
            return;
        }
        if !op.kind.is_poll() && self.skip_one.take() {
            std::panic::resume_unwind(Box::new(Stopped));
        }
        if op.kind == OpKind::DropTimer {
            assert!(self.timers.borrow().iter().all(|t| t.0 != op.object), "disarmed first");
        }
        let outcome = run();
        assert!(op.kind.is_poll() || outcome != Outcome::Pending, "{:?} is no poll", op.kind);
        let arg = match op.arg {
            0 => String::new(),
            u64::MAX => "(any)".to_owned(),
            arg => format!("({arg})"),
        };
        let outcome = match outcome {
            Outcome::DONE => String::new(),
            Outcome::Pending => " pending".to_owned(),
            Outcome::Done(seen) => format!(" = {seen}"),
            Outcome::CLOSED => " closed".to_owned(),
            Outcome::BUSY => " busy".to_owned(),
            Outcome::PANICKED => " panicked".to_owned(),
            Outcome::ABORTED => " aborted".to_owned(),
            Outcome::ERRED => " erred".to_owned(),
            other => format!(" {other:?}"),
        };
        self.note(format!("{:?}{arg}{outcome}", op.kind));
        if op.kind == OpKind::Abort {
            self.aborted.borrow_mut().push(op.arg as u32);
            self.ready.lock().unwrap().push_back(op.arg as u32);
        }
    }

    fn choose(&self, n: usize) -> usize {
        self.note(format!("choose {n}"));
        self.choices.borrow_mut().pop_front().unwrap_or(0)
    }

    fn spawn(&self, task: NewTask) -> TaskId {
        assert!(task.name.contains("announced::"), "{}", task.name);
        let mut tasks = self.tasks.borrow_mut();
        let id = tasks.len() as u32;
        tasks.push(Some(task.body));
        self.ready.lock().unwrap().push_back(id);
        TaskId(id)
    }

    fn wrap_waker(&self, _: &Waker) -> Option<Waker> {
        None
    }

    fn inspect(&self, ty: TypeId, _: usize, value: *const ()) -> Inspected {
        if ty == TypeId::of::<u32>() {
            // SAFETY: `value` points to a live value of type `ty`, which is `u32`.
            let identity = unsafe { *value.cast::<u32>() }.into();
            return Inspected { identity, is_err: false };
        }
        Inspected { identity: 0, is_err: ty == TypeId::of::<Result<(), u8>>() }
    }

    fn now(&self) -> Duration {
        self.now.get()
    }

    fn arm(&self, timer: ObjectId, deadline: Option<Duration>, waker: Option<&Waker>) {
        let mut timers = self.timers.borrow_mut();
        timers.retain(|t| t.0 != timer);
        if let (Some(deadline), Some(waker)) = (deadline, waker) {
            timers.push((timer, deadline, waker.clone()));
        }
    }

    fn elapsed(&self) -> Duration {
        self.now.get()
    }

    fn weak_cell(&self, _: u64) -> Option<Box<dyn WeakCell>> {
        None
    }

    fn name_task(&self, _: &str) {}
}

/// Something whose destructor is an operation, `Untrack`. Making it is another, `Track`.
fn announced_drop(tracker: &TaskTracker) -> impl Future<Output = ()> + Send + use<> {
    tracker.track_future(async {})
}

const MS: Duration = Duration::from_millis(1);

mod tasks {
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
            spawn(async move { panic!("boom {number}") }).await.unwrap_err()
        });
        assert_eq!(log[1..3], ["1 Finish(1) erred", "0 Join(1) erred"]);
        assert_eq!(log[4..6], ["2 Finish(2) panicked", "0 Join(2) panicked"]);
        assert_eq!(error.to_string(), r#"task 2 panicked with message "boom 3""#);
        assert_eq!(format!("{error:?}"), r#"JoinError::Panic(task 2, "boom 3", ...)"#);
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
            task.await.unwrap_err()
        });
        assert!(error.is_cancelled());
        assert_eq!(error.to_string(), "task 2 was cancelled");
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
}

mod sets {
    use super::*;

    #[test]
    fn members_are_taken_in_the_order_in_which_they_finish() {
        let (order, log) = run(async {
            let mut set = JoinSet::new();
            set.spawn(async {
                yield_now().await;
                1_u32
            });
            set.spawn(async { 2_u32 });
            assert!(set.try_join_next().is_none());
            let first = set.join_next().await.unwrap().unwrap();
            let second = set.join_next().await.unwrap().unwrap();
            assert!(set.join_next().await.is_none());
            assert!(set.try_join_next().is_none());
            [first, second]
        });
        assert_eq!(order, [2, 1]);
        #[rustfmt::skip]
        assert_eq!(log, [
            "0 TryJoin(any) busy", "0 Join(any) pending", "1 Yield pending", "2 Finish(2) = 2",
            "1 Yield", "1 Finish(1) = 1", "0 Join(any)", "0 Join(any)", "0 Join(any) closed",
            "0 TryJoin(any) closed", "0 Finish",
        ]);
    }

    #[test]
    fn a_shutdown_aborts_and_joins_every_member() {
        let (left, log) = run(async {
            let mut set = JoinSet::new();
            set.spawn(pending_of_this_file());
            set.spawn(pending_of_this_file());
            set.shutdown().await;
            set.len()
        });
        assert_eq!(left, 0);
        #[rustfmt::skip]
        assert_eq!(log, [
            "0 Abort(1)", "0 Abort(2)", "0 Join(any) pending", "1 Finish(1) aborted",
            "2 Finish(2) aborted", "0 Join(any) aborted", "0 Join(any) aborted", "0 Join(any) closed",
            "0 Finish",
        ]);
    }

    #[test]
    fn a_dropped_set_aborts_and_detaches_whom_it_did_not_take() {
        let ((), log) = run(async {
            let tracker = TaskTracker::new();
            let output = announced_drop(&tracker);
            let mut set = JoinSet::new();
            set.spawn(async { Some(output) });
            set.spawn(async { None });
            set.spawn(async {
                pending_of_this_file().await;
                None
            });
            // Whichever was first.
            assert!(set.join_next().await.unwrap().unwrap().is_some());
        });
        // Member 2 has finished but was not taken: whether it has is not for its owner to look at.
        #[rustfmt::skip]
        assert_eq!(log, [
            "0 Track", "0 Join(any) pending", "1 Finish(1)", "2 Finish(2)", "0 Join(any)", "0 Untrack",
            "0 Abort(2)", "0 Abort(3)", "0 Detach(2)", "0 Detach(3)", "0 Finish",
            "3 Finish(3) aborted",
        ]);
    }

    #[test]
    fn outputs_left_in_a_set_are_dropped_by_its_owner() {
        let ((), log) = run(async {
            let tracker = TaskTracker::new();
            let output = announced_drop(&tracker);
            let mut set = JoinSet::new();
            set.spawn(async { Some(output) });
            yield_now().await;
            set.detach_all();
            assert!(set.is_empty());
        });
        let expected = ["1 Finish(1)", "0 Yield", "0 Detach(1)", "0 Untrack", "0 Finish"];
        assert_eq!(log[2..], expected);
    }

    async fn pending_of_this_file() {
        pending().await
    }
}

mod trackers {
    use super::*;

    #[test]
    fn a_tracker_announces_each_change_and_look() {
        let ((), log) = run(async {
            let tracker = TaskTracker::new();
            let task = tracker.spawn(async {});
            assert!(!tracker.is_empty());
            assert_eq!(tracker.len(), 1);
            assert!(tracker.close());
            assert!(tracker.is_closed());
            tracker.wait().await;
            task.await.unwrap();
            assert!(tracker.reopen());
        });
        #[rustfmt::skip]
        assert_eq!(log, [
            "0 Track", "0 Len", "0 Len = 1", "0 CloseTracker = 1", "0 IsClosed = 1",
            "0 Listen", "0 WaitTracked pending", "1 Untrack", "1 Finish(1)", "0 WaitTracked", "0 Join(1)",
            "0 ReopenTracker = 1", "0 Finish",
        ]);
    }
}

mod macros {
    use super::*;

    /// Notes its name at each poll and is ready at the last of `polls`.
    fn noted(
        name: char,
        polls: usize,
        log: &Arc<Mutex<String>>,
    ) -> impl Future<Output = char> + Send + use<> {
        let (log, mut left) = (log.clone(), polls);
        poll_fn(move |cx| {
            log.lock().unwrap().push(name);
            left -= 1;
            if left == 0 {
                return Poll::Ready(name);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    #[test]
    fn a_select_starts_where_the_engine_chooses_among_the_enabled() {
        for (choice, expected) in [(0, "ac"), (1, "ca")] {
            let polled = Arc::new(Mutex::new(String::new()));
            let log = polled.clone();
            let (winner, announced) = run_choosing(&[choice, choice], async move {
                select! {
                    n = noted('a', 2, &log) => n,
                    n = noted('b', 1, &log), if false => n,
                    n = noted('c', 2, &log) => n,
                }
            });
            assert_eq!(winner, expected.chars().next().unwrap());
            assert_eq!(*polled.lock().unwrap(), format!("{expected}{winner}"));
            assert_eq!(announced, ["0 choose 2", "0 choose 2", "0 Finish"]);
        }
    }

    #[test]
    fn a_select_does_not_ask_when_biased_or_with_one_branch_left() {
        let (sum, announced) = run(async {
            let one = select! { biased; n = ready(1) => n, n = ready(2) => n };
            let two = select! { Some(n) = ready(Some(2)) => n, n = ready(0), if one == 0 => n };
            one + two
        });
        assert_eq!((sum, announced), (3, vec!["0 Finish".to_owned()]));
    }

    #[test]
    fn a_join_starts_first_to_last_and_then_where_the_engine_chooses() {
        let polled = Arc::new(Mutex::new(String::new()));
        let log = polled.clone();
        let (_, announced) = run_choosing(&[1, 1], async move {
            join!(noted('a', 3, &log), noted('b', 1, &log), noted('c', 3, &log));
            join!(biased; noted('x', 2, &log), noted('y', 2, &log));
        });
        assert_eq!(*polled.lock().unwrap(), "abccacaxyxy");
        assert_eq!(announced, ["0 choose 2", "0 choose 2", "0 Finish"]);
    }
}

mod time {
    use super::*;

    #[test]
    fn a_sleep_is_armed_and_fires_at_its_deadline() {
        let (now, log) = run(async {
            sleep(3 * MS).await;
            sleep(Duration::ZERO).await;
            format!("{:?}", Instant::now())
        });
        assert_eq!(now, "Instant(3ms)");
        let expected = ["0 Timer(3000000) pending", "0 Timer(3000000)", "0 Timer(3000000)"];
        assert_eq!(log[..3], expected);
        assert_eq!(log[3..], ["0 Finish"]);
    }

    #[test]
    fn a_timer_dropped_while_armed_is_disarmed() {
        let ((), log) = run(async {
            assert!(timeout(9 * MS, yield_now()).await.is_ok());
            drop(sleep(MS));
            assert_eq!(Instant::now().elapsed(), Duration::ZERO);
        });
        #[rustfmt::skip]
        assert_eq!(log, [
            "0 Yield pending", "0 Timer(9000000) pending", "0 Yield", "0 DropTimer", "0 Finish",
        ]);
    }

    #[test]
    fn a_timeout_ends_at_its_deadline() {
        let (took, log) = run(async {
            let start = Instant::now();
            assert!(timeout(9 * MS, pending::<()>()).await.is_err());
            assert_eq!(timeout(Duration::MAX, sleep(MS)).await, Ok(()));
            start.elapsed()
        });
        assert_eq!(took, 10 * MS);
        assert_eq!(log[..2], ["0 Timer(9000000) pending", "0 Timer(9000000)"]);
    }

    #[test]
    fn a_reset_moves_an_armed_timer_and_rearms_one_that_fired() {
        let (times, log) = run(async {
            let start = Instant::now();
            let mut timer = Box::pin(sleep(50 * MS));
            assert!(!timer.is_elapsed());
            select! { biased; _ = timer.as_mut() => unreachable!(), _ = ready(()) => {} }
            // The waker of that poll is still due, earlier now.
            timer.as_mut().reset(start + 2 * MS);
            let woken = Arc::new(Mutex::new(None));
            let seen = woken.clone();
            let mut polls = 0;
            poll_fn(move |_| {
                polls += 1;
                if polls == 1 {
                    return Poll::Pending;
                }
                *seen.lock().unwrap() = Some(start.elapsed());
                Poll::Ready(())
            })
            .await;
            assert!(timer.is_elapsed());
            timer.as_mut().await;
            timer.as_mut().reset(start + 5 * MS);
            assert!(!timer.is_elapsed());
            assert_eq!(timer.deadline(), start + 5 * MS);
            timer.await;
            let woken = woken.lock().unwrap().take();
            (woken, start.elapsed())
        });
        assert_eq!(times, (Some(2 * MS), 5 * MS));
        #[rustfmt::skip]
        assert_eq!(log, [
            "0 Timer(50000000) pending", "0 Timer(2000000)", "0 Timer(5000000) pending",
            "0 Timer(5000000)", "0 Finish",
        ]);
    }

    #[test]
    fn the_longest_sleep_saturates() {
        let (far, _) = run(async {
            let start = Instant::now();
            sleep(Duration::MAX).await;
            let long = start.elapsed();
            // Past what 64 bits of nanoseconds hold: no overflow, only a sleep cut short.
            sleep(Duration::from_secs(u64::from(u32::MAX) * 8)).await;
            (long, start.elapsed())
        });
        assert_eq!(far.0, Duration::from_secs(30 * 365 * 86_400));
        assert_eq!(far.1, Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn intervals_keep_tokios_ways_with_missed_ticks() {
        use MissedTickBehavior::*;
        #[track_caller]
        fn check(behavior: MissedTickBehavior, pause_ms: u32, expected: &[(u128, u128)]) {
            let ticks = expected.len();
            let (seen, _) = run(async move {
                let start = Instant::now();
                let mut every = interval(10 * MS);
                every.set_missed_tick_behavior(behavior);
                let mut seen = Vec::new();
                for tick in 0..ticks {
                    let due = every.tick().await;
                    seen.push(((due - start).as_millis(), start.elapsed().as_millis()));
                    sleep(if tick == 0 { pause_ms * MS } else { Duration::ZERO }).await;
                }
                seen
            });
            assert_eq!(seen, expected);
        }
        check(Burst, 35, &[(0, 0), (10, 35), (20, 35), (30, 35), (40, 40), (50, 50)]);
        check(Delay, 35, &[(0, 0), (10, 35), (45, 45), (55, 55)]);
        // A little late is not missed.
        check(Delay, 15, &[(0, 0), (10, 15), (20, 20)]);
        check(Skip, 35, &[(0, 0), (10, 35), (40, 40), (50, 50)]);
    }

    #[test]
    fn the_longest_period_is_cut_to_thirty_years() {
        let (took, _) = run(async {
            let mut every = interval(Duration::MAX);
            every.tick().await;
            every.tick().await;
            Instant::now() - every.tick().await + every.period()
        });
        assert_eq!(took, Duration::from_secs(30 * 365 * 86_400));
    }

    #[test]
    fn an_interval_is_one_timer_that_is_set_again() {
        let (took, log) = run(async {
            let start = Instant::now();
            let mut every = interval(10 * MS);
            every.tick().await;
            every.tick().await;
            every.reset_after(MS);
            every.tick().await;
            start.elapsed()
        });
        assert_eq!(took, 11 * MS);
        #[rustfmt::skip]
        assert_eq!(log, [
            "0 Timer", "0 Timer(10000000) pending", "0 Timer(10000000)", "0 Timer(11000000) pending",
            "0 Timer(11000000)", "0 Finish",
        ]);
    }

    #[test]
    fn an_instant_shows_and_hashes_its_offset_only() {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let ((shown, hashes), _) = run(async {
            let hash = |instant| BuildHasherDefault::<DefaultHasher>::new().hash_one(instant);
            let now = Instant::now();
            let offsets: [(bool, Duration); 2] = [(false, 2 * MS), (true, 3 * MS)];
            let instants = [now + 2 * MS, now - 3 * MS];
            let same = (0..2).all(|i| {
                hash(instants[i]) == BuildHasherDefault::<DefaultHasher>::new().hash_one(offsets[i])
            });
            (format!("{instants:?}"), same)
        });
        assert_eq!(shown, "[Instant(2ms), Instant(-3ms)]");
        assert!(hashes, "the hash is that of the offset from the base");
    }
}
