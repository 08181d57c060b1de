//! `select!` and `join!`, one body against both sides of the facade: tokio's own macros without
//! `check`, ours with it. No engine runs.

use selvedge_rt::{join, pin, select};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::{Future, pending, poll_fn, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Runs a body on a real current-thread runtime.
#[track_caller]
fn check<T>(body: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(body)
}

/// Ready at its n-th poll, counted from 1.
fn at_poll(n: usize) -> impl Future<Output = usize> {
    let mut polls = 0;
    poll_fn(move |cx| {
        polls += 1;
        if polls == n {
            return Poll::Ready(n);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Notes its name when it is dropped.
struct Noisy<'a>(&'static str, &'a RefCell<Vec<&'static str>>);

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

/// Pending for ever; notes its name when it is polled and when it is dropped.
struct Idle<'a>(Noisy<'a>);

impl Future for Idle<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0.1.borrow_mut().push("polled");
        Poll::Pending
    }
}

mod select_syntax {
    use super::*;

    #[test]
    fn every_form_of_a_branch_is_accepted() {
        let block = check(async {
            select! {
                n = ready(1) => { n }
                _ = pending::<()>() => { 0 },
            }
        });
        let expressions = check(async {
            select! { n = ready(2) => n, _ = pending::<()>() => 0 }
        });
        let conditions = check(async {
            let (on, off) = (true, false);
            select! {
                n = ready(3), if on && !off => n,
                _ = pending::<()>(), if off => { 0 }
                else => 0,
            }
        });
        let calls = check(async {
            select! {
                biased;
                n = async { 4 } => if n > 3 { n } else { 0 },
                n = { let m = 5; ready(m) } => match n { 5 => 5, _ => 0 },
            }
        });
        assert_eq!([block, expressions, conditions, calls], [1, 2, 3, 4]);
    }

    #[test]
    fn only_an_else_is_its_value() {
        let biased: i32 = check(async {
            select! { biased; else => 1 }
        });
        let fair: i32 = check(async {
            select! { else => 2, }
        });
        assert_eq!((biased, fair), (1, 2));
    }

    #[test]
    fn a_block_ends_a_branch_without_a_comma() {
        let seen = check(async {
            let mut seen = 0;
            select! {
                _ = ready(()) => { seen += 1 }
                _ = pending::<()>() => unreachable!(),
            }
            seen
        });
        assert_eq!(seen, 1);
    }

    #[test]
    fn patterns_bind_by_value_by_reference_and_mutably() {
        struct Point {
            x: Vec<i32>,
            y: i32,
        }
        let (by_mut, by_ref, nested) = check(async {
            let by_mut = select! { mut v = ready(vec![1]) => { v.push(2); v } };
            let by_ref = select! { ref v = ready(String::from("ab")) => v.len() };
            let nested = select! {
                Point { mut x, y } = ready(Point { x: vec![1], y: 2 }) => { x.push(y); x }
            };
            (by_mut, by_ref, nested)
        });
        assert_eq!((by_mut, by_ref, nested), (vec![1, 2], 2, vec![1, 2]));
        let more = check(async {
            let tuple = select! { (mut a, _, ref b) = ready((1, 2, 3)) => { a += *b; a } };
            let slice =
                select! { [first, .., mut last] = ready([5, 6, 7]) => { last += first; last } };
            let or = select! { Ok(n) | Err(n) = ready(Err::<i32, i32>(8)) => n };
            let at = select! { n @ 1..=9 = ready(9) => n, else => 0 };
            let reference = select! { &n = ready(&10) => n };
            [tuple, slice, or, at, reference]
        });
        assert_eq!(more, [4, 12, 8, 9, 10]);
    }

    #[test]
    fn more_than_eight_branches_are_accepted() {
        let winner = check(async {
            let never = pending::<usize>;
            select! {
                n = never() => n, n = never() => n, n = never() => n, n = never() => n,
                n = never() => n, n = never() => n, n = never() => n, n = never() => n,
                n = ready(8) => n, n = never() => n,
            }
        });
        assert_eq!(winner, 8);
    }

    #[test]
    fn anything_that_can_become_a_future_is_a_branch() {
        struct Later(i32);
        impl IntoFuture for Later {
            type Output = i32;
            type IntoFuture = std::future::Ready<i32>;
            fn into_future(self) -> Self::IntoFuture {
                ready(self.0)
            }
        }
        let (a, (b, c)) = check(async {
            (select! { n = Later(1) => n }, join!(Later(2), async { Later(3).await }))
        });
        assert_eq!((a, b, c), (1, 2, 3));
    }

    #[test]
    fn locals_of_the_caller_keep_their_names() {
        // Names that an expansion might use itself.
        let (branch, output, disabled, pending_, cx, given, branch0) = (1, 2, 3, 4, 5, 6, 7);
        let sum = check(async {
            select! {
                out = ready(branch + output), if disabled == 3 => out + pending_ + cx + given + branch0,
            }
        });
        assert_eq!(sum, 25);
        let out = 1;
        assert_eq!(check(async { join!(ready(out), ready(branch0)) }), (1, 7));
    }

    #[test]
    fn a_macro_of_the_caller_can_pass_its_parts_on() {
        macro_rules! first_of {
            ($pattern:pat, $future:expr, $condition:expr, $handler:expr) => {
                select! { $pattern = $future, if $condition => { $handler } else => 0 }
            };
        }
        let taken = check(async { first_of!(_, ready(1), true, 5) });
        let off = check(async { first_of!(_, ready(1), false, 5) });
        assert_eq!((taken, off), (5, 0));
    }
}

mod select_semantics {
    use super::*;

    #[test]
    fn handlers_reach_the_scope_of_the_caller() {
        async fn parse(text: &str) -> Result<i32, std::num::ParseIntError> {
            let n = select! { text = ready(text) => text.parse::<i32>()? };
            Ok(n + 1)
        }
        assert_eq!(check(parse("1")), Ok(2));
        assert!(check(parse("x")).is_err());

        let (turns, returned) = check(async {
            let mut turns = 0;
            let value = loop {
                select! {
                    _ = ready(()), if turns < 3 => { turns += 1; continue }
                    else => break turns * 10,
                }
            };
            let returned = async {
                select! { _ = ready(()) => return 1, else => {} }
                0
            };
            (value, returned.await)
        });
        assert_eq!((turns, returned), (30, 1));
    }

    #[test]
    fn a_handler_may_use_what_the_futures_borrowed() {
        let sum = check(async {
            let mut total = 1;
            let add = async {
                total += 1;
                pending::<()>().await;
            };
            select! {
                biased;
                _ = add => unreachable!(),
                n = at_poll(2) => { total += n; }
            }
            total
        });
        assert_eq!(sum, 4);
    }

    #[test]
    fn a_handler_may_await_and_select_again() {
        let value = check(async {
            select! {
                n = ready(1) => {
                    let m = select! { m = at_poll(2) => m };
                    n + m + at_poll(3).await
                }
            }
        });
        assert_eq!(value, 6);
    }

    #[test]
    fn a_refutable_pattern_disables_its_branch() {
        let later = check(async {
            select! {
                Some(n) = ready(None::<usize>) => n,
                n = at_poll(3) => n,
            }
        });
        let none = check(async {
            select! {
                Some(n) = ready(None::<usize>) => n,
                Ok(n) = ready(Err::<usize, ()>(())) => n,
                else => 7,
            }
        });
        assert_eq!((later, none), (3, 7));
    }

    #[test]
    fn a_disabled_branch_is_not_polled_but_its_future_is_made() {
        let (made, polled) = (Cell::new(0), Cell::new(0));
        let make = || {
            made.set(made.get() + 1);
            let polled = &polled;
            poll_fn(move |_| {
                polled.set(polled.get() + 1);
                Poll::Ready(())
            })
        };
        check(async {
            select! {
                _ = make(), if false => unreachable!(),
                _ = at_poll(2) => {}
            }
        });
        assert_eq!((made.get(), polled.get()), (1, 0));
    }

    #[test]
    fn a_branch_that_did_not_match_is_not_polled_again() {
        let polls = Cell::new(0);
        check(async {
            select! {
                Some(()) = poll_fn(|_| { polls.set(polls.get() + 1); Poll::Ready(None) }) => {}
                _ = at_poll(5) => {}
            }
        });
        assert_eq!(polls.get(), 1);
    }

    #[test]
    fn conditions_come_before_futures_in_order() {
        let order = RefCell::new(Vec::new());
        let note = |what| order.borrow_mut().push(what);
        check(async {
            select! {
                biased;
                _ = { note("future 0"); ready(()) }, if { note("condition 0"); true } => {}
                _ = { note("future 1"); ready(()) }, if { note("condition 1"); true } => {}
            }
        });
        assert_eq!(order.into_inner(), ["condition 0", "condition 1", "future 0", "future 1"]);
    }

    #[test]
    #[should_panic(expected = "all branches are disabled and there is no else branch")]
    fn no_branch_and_no_else_is_a_panic() {
        check(async {
            select! { Some(()) = ready(None) => {}, _ = pending::<()>(), if false => {} }
        });
    }

    #[test]
    fn biased_polls_in_order_every_time() {
        for _ in 0..50 {
            let log = RefCell::new(Vec::new());
            let note = |name| {
                let log = &log;
                poll_fn(move |_| {
                    log.borrow_mut().push(name);
                    Poll::<()>::Pending
                })
            };
            check(async {
                select! {
                    biased;
                    _ = note('a') => {}
                    _ = note('b') => {}
                    _ = at_poll(2) => {}
                }
            });
            assert_eq!(log.into_inner(), ['a', 'b', 'a', 'b']);
        }
    }

    #[test]
    fn every_branch_wins_sometimes_when_not_biased() {
        let winners: BTreeSet<_> = check(async {
            let mut winners = BTreeSet::new();
            for _ in 0..500 {
                winners.insert(select! {
                    _ = ready(()) => 0,
                    _ = ready(()), if false => 1,
                    _ = ready(()) => 2,
                    _ = ready(()) => 3,
                });
            }
            winners
        });
        assert_eq!(winners, BTreeSet::from([0, 2, 3]));
    }

    #[test]
    fn futures_are_dropped_in_order_before_the_handler_runs() {
        let log = RefCell::new(Vec::new());
        check(async {
            select! {
                biased;
                _ = Idle(Noisy("first", &log)) => {}
                _ = Idle(Noisy("second", &log)) => {}
                _ = ready(()) => log.borrow_mut().push("handler"),
                _ = Idle(Noisy("last", &log)) => {}
            }
        });
        let log = log.into_inner();
        assert_eq!(log, ["polled", "polled", "first", "second", "last", "handler"]);
    }

    #[test]
    fn futures_are_dropped_in_order_when_the_select_is_dropped() {
        let log = RefCell::new(Vec::new());
        check(async {
            let waiting = async {
                select! {
                    _ = Idle(Noisy("first", &log)) => {}
                    _ = Idle(Noisy("second", &log)) => {}
                }
            };
            select! { biased; _ = waiting => {} _ = ready(()) => {} }
        });
        assert_eq!(log.into_inner(), ["polled", "polled", "first", "second"]);
    }

    #[test]
    fn a_borrowed_future_goes_on_in_the_next_select() {
        let polls = check(async {
            let slow = at_poll(4);
            pin!(slow);
            let mut turns = 0;
            loop {
                select! {
                    biased;
                    n = &mut slow => break (n, turns),
                    _ = ready(()) => turns += 1,
                }
            }
        });
        assert_eq!(polls, (4, 3));
    }

    #[test]
    fn a_select_is_pending_while_the_budget_of_its_task_is_spent() {
        use tokio::task::coop;
        let polls = check(async {
            let chosen = async {
                select! { n = ready(1) => n }
            };
            pin!(chosen);
            poll_fn(|cx| {
                while coop::has_budget_remaining() {
                    let spent = std::pin::pin!(coop::consume_budget()).poll(cx);
                    assert!(spent.is_ready());
                }
                Poll::Ready(())
            })
            .await;
            let mut polls = 0;
            poll_fn(|cx| {
                polls += 1;
                chosen.as_mut().poll(cx)
            })
            .await;
            polls
        });
        assert_eq!(polls, 2);
    }

    #[test]
    fn a_select_of_send_futures_is_send() {
        fn is_send<T: Send>(value: T) -> T {
            value
        }
        let n = check(is_send(async {
            select! { n = async { 1 } => n, n = async { 2 } => n }
        }));
        assert!(n == 1 || n == 2);
        assert_eq!(check(is_send(async { join!(async { 1 }, async { 2 }) })), (1, 2));
    }
}

mod join_macro {
    use super::*;

    #[test]
    fn every_form_is_accepted_and_outputs_keep_their_places() {
        let (one, two, three) = check(async {
            let one = join!(at_poll(1));
            let two = join!(at_poll(3), at_poll(2),);
            let three = join!(biased; at_poll(2), async { "b" }, ready('c'));
            (one, two, three)
        });
        assert_eq!((one, two, three), ((1,), (3, 2), (2, "b", 'c')));
        #[allow(clippy::let_unit_value)]
        let nothing: ((), ()) = check(async { (join!(), join!(biased;)) });
        assert_eq!(nothing, ((), ()));
    }

    #[test]
    fn futures_run_together() {
        let log = RefCell::new(Vec::new());
        let step = |name| {
            let log = &log;
            async move {
                for turn in 0..2 {
                    log.borrow_mut().push((turn, name));
                    at_poll(2).await;
                }
            }
        };
        check(async { join!(biased; step('a'), step('b')) });
        assert_eq!(log.into_inner(), [(0, 'a'), (0, 'b'), (1, 'a'), (1, 'b')]);
    }

    #[test]
    fn the_first_poll_starts_at_the_first_branch() {
        for _ in 0..50 {
            let log = RefCell::new(Vec::new());
            check(async {
                join!(async { log.borrow_mut().push(1) }, async { log.borrow_mut().push(2) })
            });
            assert_eq!(log.into_inner(), [1, 2]);
        }
    }

    #[test]
    fn later_polls_start_at_any_branch() {
        let mut firsts = BTreeSet::new();
        for _ in 0..100 {
            let log = Rc::new(RefCell::new(Vec::new()));
            let step = |name| {
                let (log, mut polls) = (log.clone(), 0);
                poll_fn(move |cx: &mut Context<'_>| {
                    polls += 1;
                    log.borrow_mut().push(name);
                    cx.waker().wake_by_ref();
                    if polls == 4 { Poll::Ready(()) } else { Poll::Pending }
                })
            };
            check(async { join!(step('a'), step('b'), step('c')) });
            let log = log.borrow();
            assert_eq!(log.len(), 12);
            firsts.extend(log.chunks(3).skip(1).map(|poll| poll[0]));
        }
        assert_eq!(firsts, BTreeSet::from(['a', 'b', 'c']));
    }

    #[test]
    fn a_ready_future_is_dropped_at_once_and_not_polled_again() {
        let log = RefCell::new(Vec::new());
        let out = check(async {
            let early = Noisy("early", &log);
            let early = async move {
                let _early = early;
                1
            };
            join!(early, async {
                log.borrow_mut().push("late starts");
                at_poll(3).await
            })
        });
        assert_eq!((out, log.into_inner()), ((1, 3), vec!["early", "late starts"]));
    }

    #[test]
    fn futures_are_dropped_in_order_when_the_join_is_dropped() {
        let log = RefCell::new(Vec::new());
        check(async {
            let joined = async { join!(Idle(Noisy("first", &log)), Idle(Noisy("second", &log))) };
            select! { biased; _ = joined => {} _ = ready(()) => {} }
        });
        assert_eq!(log.into_inner(), ["polled", "polled", "first", "second"]);
    }
}
