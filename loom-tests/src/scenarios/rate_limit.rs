//! The rate limiter's contract. The numbers are those of `selvedge_patterns::rate_limit`.
//!
//! A shape is so many tasks, that take so many permits each, from a burst as large as the buffer.
//!
//! What is said of times: the law of windows holds on every engine. That a grant comes at the very
//! nanosecond is only asked of an engine whose clock stands still while a task runs.

use crate::scenario::{Root, Scenario, Shape, shape};
use futures_util::{StreamExt, poll, stream};
use rt::check::engine;
use rt::sync::{CancellationToken, mpsc, oneshot};
use rt::task::{JoinHandle, JoinSet};
use rt::time::{Duration, Instant, sleep};
use selvedge::{Check, Clock, shares, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::rate_limit::{
    AcquireError, Quota, RateLimiter, TryAcquireError, rate_limited,
};
use selvedge_rt as rt;
use std::num::NonZeroU32;
use std::pin::pin;

const ONE: NonZeroU32 = NonZeroU32::MIN;
/// Three permits in two milliseconds: no whole number of nanoseconds.
const PERMITS: u32 = 3;
const PER: Duration = Duration::from_millis(2);
/// Rounded up.
const INTERVAL: u64 = 666_667;
/// So long that no test waits for it.
const NEVER: Duration = Duration::from_secs(3600);

const BASE: Scenario = Scenario {
    pattern: "rate_limit",
    name: "",
    statements: &[],
    root: idle,
    check: equal_workers,
    operation: shape(3, 2, 2),
    poll: shape(5, 3, 2),
    loom: None,
    preemptions: None,
};

/// The scenarios, in the order of the contract.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "grants_in_any_window_are_at_most_the_burst_and_the_rate_and_no_later_than_due",
        statements: &[1, 6, 8],
        root: |s| demand(s, Time::Still),
        ..BASE
    },
    Scenario {
        name: "the_law_of_windows_holds_when_time_races",
        statements: &[1],
        root: |s| demand(s, Time::Races),
        check: equal_workers_racing,
        operation: shape(2, 3, 2),
        poll: shape(4, 2, 2),
        ..BASE
    },
    Scenario { name: "idle_time_earns_a_burst_and_no_more", statements: &[2], root: idle, ..BASE },
    Scenario {
        name: "credit_is_never_refused_while_nobody_waits",
        statements: &[3, 8],
        root: credit,
        operation: shape(3, 2, 3),
        poll: shape(5, 2, 6),
        loom: Some(shape(2, 2, 3)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "clones_of_a_limiter_share_one_burst",
        statements: &[1],
        root: one_burst,
        operation: shape(2, 1, 3),
        poll: shape(4, 1, 6),
        loom: Some(shape(1, 1, 2)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "first_come_first_served_and_try_acquire_never_barges",
        statements: &[3],
        root: |s| in_order(s, Time::Still),
        check: known_values,
        operation: shape(3, 1, 1),
        poll: shape(5, 1, 2),
        ..BASE
    },
    Scenario {
        name: "first_come_first_served_when_time_races",
        statements: &[3],
        root: |s| in_order(s, Time::Races),
        check: racing,
        operation: shape(3, 1, 1),
        poll: shape(4, 1, 2),
        ..BASE
    },
    Scenario {
        name: "a_cancelled_waiter_consumes_nothing",
        statements: &[4],
        root: |s| cancelled_waiter(s, Time::Still),
        operation: shape(3, 1, 1),
        poll: shape(4, 2, 1),
        ..BASE
    },
    Scenario {
        name: "a_cancelled_waiter_consumes_nothing_when_time_races",
        statements: &[1, 4],
        root: |s| cancelled_waiter(s, Time::Races),
        check: equal_workers_racing,
        operation: shape(1, 2, 1),
        poll: shape(3, 2, 1),
        ..BASE
    },
    Scenario {
        name: "more_than_a_burst_is_an_error_at_once_and_consumes_nothing",
        statements: &[5],
        root: too_many,
        operation: shape(3, 1, 3),
        poll: shape(6, 1, 6),
        loom: Some(shape(2, 1, 2)),
        ..BASE
    },
    Scenario {
        name: "cancel_frees_every_waiter_without_waiting_for_a_permit",
        statements: &[4, 7],
        root: freed,
        operation: shape(3, 1, 1),
        poll: shape(5, 1, 1),
        ..BASE
    },
    Scenario {
        name: "a_limited_stream_ends_with_its_input",
        statements: &[7, 9],
        root: whole_stream,
        check: known_values,
        operation: shape(2, 3, 1),
        poll: shape(4, 3, 2),
        ..BASE
    },
    Scenario {
        name: "a_cancelled_stream_ends_at_once_and_hands_back_what_it_holds",
        statements: &[7, 9],
        root: |s| cut_stream(s, Time::Still),
        check: known_values,
        operation: shape(2, 3, 1),
        poll: shape(4, 3, 2),
        ..BASE
    },
    Scenario {
        name: "a_cancelled_stream_loses_nothing_when_time_races",
        statements: &[9],
        root: |s| cut_stream(s, Time::Races),
        check: racing,
        operation: shape(2, 2, 1),
        poll: shape(3, 2, 2),
        ..BASE
    },
    Scenario {
        name: "a_stream_that_nobody_polls_keeps_nobody_waiting",
        statements: &[4, 8],
        root: left_stream,
        operation: shape(2, 1, 1),
        poll: shape(4, 1, 1),
        ..BASE
    },
    Scenario {
        name: "what_starts_may_overlap",
        statements: &[8],
        root: overlap,
        operation: shape(3, 1, 1),
        poll: shape(6, 1, 2),
        ..BASE
    },
];

fn known_values(check: Check) -> Check {
    check.identify::<(u64, u64)>().identify::<Vec<u64>>()
}

fn racing(check: Check) -> Check {
    known_values(check).clock(Clock::Racing)
}

fn equal_workers(check: Check) -> Check {
    known_values(check).equal_tasks()
}

fn equal_workers_racing(check: Check) -> Check {
    racing(check).equal_tasks()
}

fn burst(s: Shape) -> NonZeroU32 {
    NonZeroU32::new(s.buffer as u32).expect("a burst of at least one")
}

fn limiter(s: Shape) -> RateLimiter {
    let quota =
        Quota { permits: NonZeroU32::new(PERMITS).expect("three"), per: PER, burst: burst(s) };
    RateLimiter::new(quota).expect("a quota that can be kept to")
}

/// A full burst, and then nothing.
fn burst_only(s: Shape) -> RateLimiter {
    let quota = Quota { permits: ONE, per: NEVER, burst: burst(s) };
    RateLimiter::new(quota).expect("a quota that can be kept to")
}

/// The time since `start`, in nanoseconds.
fn nanos(start: Instant, at: Instant) -> u64 {
    (at - start).as_nanos() as u64
}

/// How an engine lets time pass in a scenario.
#[derive(Clone, Copy, PartialEq)]
enum Time {
    /// Only while every task waits.
    Still,
    /// At any step.
    Races,
}

impl Time {
    /// Whether a grant can be asked to come at the very nanosecond. Real timers are late.
    fn exact(self) -> bool {
        self == Time::Still && engine::current().is_some()
    }
}

/// The law of windows, for grants of one permit each, sorted.
fn check_windows(grants: &[u64], s: Shape) {
    for (i, from) in grants.iter().enumerate() {
        for (j, to) in grants.iter().enumerate().skip(i) {
            let most = s.buffer as u64 + (to - from) / INTERVAL;
            let granted = (j - i + 1) as u64;
            assert!(granted <= most, "{granted} > {most} from {from} to {to} in {grants:?}");
        }
    }
}

/// When permits are granted that are all asked for at once, at time 0, of a full burst.
fn due(s: Shape, permits: u64) -> Vec<u64> {
    (0..permits).map(|k| (k + 1).saturating_sub(s.buffer as u64) * INTERVAL).collect()
}

/// The grants of all tasks, sorted.
async fn all(mut tasks: JoinSet<Vec<u64>>) -> Vec<u64> {
    let mut grants = Vec::new();
    while let Some(own) = tasks.join_next().await {
        grants.extend(own.expect("no task panics"));
    }
    shutdown_complete();
    grants.sort();
    grants
}

fn demand(s: Shape, time: Time) -> Root {
    Box::pin(async move {
        let (limit, start) = (limiter(s), Instant::now());
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let limit = limit.clone();
            tasks.spawn(async move {
                let mut own = Vec::new();
                for _ in 0..s.jobs {
                    let at = limit.acquire(ONE).await.expect("one is no more than a burst");
                    own.push(nanos(start, at));
                }
                own
            });
        }
        let grants = all(tasks).await;
        check_windows(&grants, s);
        assert_eq!(grants.len() as u64, s.workers as u64 * s.jobs);
        if time.exact() {
            assert_eq!(grants, due(s, grants.len() as u64), "none is later than it could be");
        }
    })
}

fn idle(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, start) = (limiter(s), Instant::now());
        limit.try_acquire(burst(s)).expect("a new limiter has a full burst");
        let pause = limit.interval() * (s.buffer as u32 + 3);
        sleep(pause).await;
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let limit = limit.clone();
            tasks.spawn(async move {
                let tries = (0..s.jobs).filter_map(|_| limit.try_acquire(ONE).ok());
                tries.map(|at| nanos(start, at)).collect()
            });
        }
        let grants = all(tasks).await;
        check_windows(&grants, s);
        if Time::Still.exact() {
            let full = (s.buffer as u64).min(s.workers as u64 * s.jobs);
            assert_eq!(grants, vec![pause.as_nanos() as u64; full as usize]);
        }
    })
}

fn credit(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, start) = (burst_only(s), Instant::now());
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let limit = limit.clone();
            tasks.spawn(async move {
                let tries = (0..s.jobs).map(|_| limit.try_acquire(ONE));
                let queued = |t: &Result<Instant, _>| *t == Err(TryAcquireError::Queued);
                let granted = tries.inspect(|t| assert!(!queued(t), "nobody waits"));
                granted.flatten().map(|at| nanos(start, at)).collect()
            });
        }
        let grants = all(tasks).await;
        let there = (s.buffer as u64).min(s.workers as u64 * s.jobs);
        assert_eq!(grants.len() as u64, there, "all the credit there is, and no more");
    })
}

fn one_burst(s: Shape) -> Root {
    Box::pin(async move {
        let limit = burst_only(s);
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let (limit, other) = (limit.clone(), limit.clone());
            tasks.spawn(async move {
                let one = async { limit.try_acquire(ONE).is_ok() };
                let another = async { other.try_acquire(ONE).is_ok() };
                let (one, another) = shares("RateLimiter", one, another).await;
                u64::from(one) + u64::from(another)
            });
        }
        let mut granted = 0;
        while let Some(own) = tasks.join_next().await {
            granted += own.expect("no task panics");
        }
        shutdown_complete();
        let asked = 2 * s.workers as u64;
        assert_eq!(granted, asked.min(s.buffer as u64), "over all clones, one burst");
    })
}

fn in_order(s: Shape, time: Time) -> Root {
    Box::pin(async move {
        let (limit, start) = (limiter(s), Instant::now());
        limit.try_acquire(burst(s)).expect("a new limiter has a full burst");
        // Each task queues when the one before it has, and then tells the next.
        let (first, mut before) = oneshot::channel::<()>();
        let mut tasks = Vec::new();
        for _ in 0..s.workers {
            let (tell, next) = oneshot::channel();
            let before = std::mem::replace(&mut before, next);
            let limit = limit.clone();
            tasks.push(rt::spawn(async move {
                before.await.expect("the task before tells");
                let mut acquire = pin!(limit.acquire(burst_of(&limit)));
                // Served at once, where time races.
                let early = poll!(&mut acquire);
                tell.send(()).expect("the task after listens");
                let granted = match early {
                    std::task::Poll::Ready(granted) => granted,
                    std::task::Poll::Pending => acquire.await,
                };
                nanos(start, granted.expect("a burst is no more than a burst"))
            }));
        }
        first.send(()).expect("the first task listens");
        before.await.expect("the last task tells");
        let barge = limit.try_acquire(ONE);
        let mut grants = Vec::new();
        for task in tasks {
            grants.push(task.await.expect("no task panics"));
        }
        shutdown_complete();
        assert!(grants.is_sorted(), "in the order in which they queued: {grants:?}");
        let last = grants.last().expect("a shape has at least one task");
        match barge {
            Ok(at) => assert!(nanos(start, at) >= *last, "it came last"),
            Err(refused) => {
                assert!(!time.exact() || refused == TryAcquireError::Queued, "{refused:?}");
            }
        }
        if time.exact() {
            assert!(barge.is_err(), "the others wait");
            let each = s.buffer as u64 * INTERVAL;
            assert_eq!(grants, (1..=s.workers as u64).map(|k| k * each).collect::<Vec<_>>());
        }
    })
}

fn burst_of(limit: &RateLimiter) -> NonZeroU32 {
    limit.quota().burst
}

fn cancelled_waiter(s: Shape, time: Time) -> Root {
    Box::pin(async move {
        let (limit, start) = (limiter(s), Instant::now());
        limit.try_acquire(burst(s)).expect("a new limiter has a full burst");
        let token = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let limit = limit.clone();
            tasks.spawn(async move {
                let mut own = Vec::new();
                for _ in 0..s.jobs {
                    let at = limit.acquire(ONE).await.expect("one is no more than a burst");
                    own.push(nanos(start, at));
                }
                own
            });
        }
        let victim: JoinHandle<Vec<u64>> = rt::spawn({
            let (limit, token) = (limit.clone(), token.clone());
            async move {
                let granted = limit.acquire_or(&token, ONE).await;
                granted.iter().map(|at| nanos(start, *at)).collect()
            }
        });
        // At the very time at which the first in the queue is served; whoever that is.
        let canceller = rt::spawn(async move {
            sleep(limit.interval()).await;
            token.cancel();
        });
        let own = victim.await.expect("the victim does not panic");
        canceller.await.expect("the canceller does not panic");
        let mut grants = all(tasks).await;
        assert_eq!(grants.len() as u64, s.workers as u64 * s.jobs);
        grants.extend(own);
        grants.sort();
        check_windows(&grants, s);
        if time.exact() {
            // No hole, where the victim would have been.
            let slots = (1..=grants.len() as u64).map(|k| k * INTERVAL);
            assert_eq!(grants, slots.collect::<Vec<_>>());
        }
    })
}

fn too_many(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, token) = (burst_only(s), CancellationToken::new());
        let more = burst(s).checked_add(1).expect("a small burst");
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let (limit, token) = (limit.clone(), token.clone());
            tasks.spawn(async move {
                limit.acquire(more).await.expect_err("more than a burst");
                let refused = limit.acquire_or(&token, more).await;
                assert!(matches!(refused, Err(AcquireError::ExceedsBurst(_))), "{refused:?}");
                let refused = limit.try_acquire(more);
                assert!(matches!(refused, Err(TryAcquireError::ExceedsBurst(_))), "{refused:?}");
                // As many tasks as permits: each finds its own at once.
                limit.acquire(ONE).await.expect("one is no more than a burst");
                Vec::new()
            });
        }
        let start = Instant::now();
        all(tasks).await;
        assert!(start.elapsed() < NEVER);
        limit.try_acquire(ONE).expect_err("all are taken");
    })
}

fn freed(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, start) = (burst_only(s), Instant::now());
        limit.try_acquire(burst(s)).expect("a new limiter has a full burst");
        let token = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let (limit, token) = (limit.clone(), token.clone());
            tasks.spawn(async move {
                let refused = limit.acquire_or(&token, ONE).await;
                assert_eq!(refused, Err(AcquireError::Cancelled));
                Vec::new()
            });
        }
        let canceller = rt::spawn(async move { token.cancel() });
        canceller.await.expect("the canceller does not panic");
        all(tasks).await;
        assert!(start.elapsed() < NEVER, "nobody waited for a permit");
        let refused = limit.try_acquire(ONE);
        assert!(matches!(refused, Err(TryAcquireError::TooEarly { .. })), "the turn is free again");
    })
}

/// Producers with a channel between them and the stream, which sends the source to its end.
fn producers(s: Shape) -> (Vec<JoinHandle<()>>, mpsc::Receiver<(u64, u64)>) {
    let (tx, rx) = mpsc::channel(s.buffer);
    let producer = |worker: u64| {
        let tx = tx.clone();
        rt::spawn(async move {
            for job in 0..s.jobs {
                tx.send((worker, job)).await.expect("the source is read to its end");
            }
        })
    };
    ((0..s.workers as u64).map(producer).collect(), rx)
}

/// Every item was seen once, and those of one producer in order.
fn check_items(items: &[(u64, u64)], s: Shape) {
    for worker in 0..s.workers as u64 {
        let own: Vec<u64> = items.iter().filter(|i| i.0 == worker).map(|i| i.1).collect();
        assert_eq!(own, (0..s.jobs).collect::<Vec<_>>(), "of producer {worker} in {items:?}");
    }
}

fn whole_stream(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, start, token) = (limiter(s), Instant::now(), CancellationToken::new());
        let (producers, mut rx) = producers(s);
        let source = stream::poll_fn(move |cx| rx.poll_recv(cx));
        let mut limited = rate_limited(&token, source, limit);
        let (mut items, mut times) = (Vec::new(), Vec::new());
        while let Some(item) = limited.next().await {
            items.push(item);
            times.push(nanos(start, Instant::now()));
        }
        let ended = nanos(start, Instant::now());
        let rest = limited.into_rest();
        for producer in producers {
            producer.await.expect("no producer panics");
        }
        shutdown_complete();
        check_items(&items, s);
        assert_eq!((rest.end, rest.held), (End::Complete, None));
        if Time::Still.exact() {
            assert_eq!(times, due(s, times.len() as u64));
            assert_eq!(times.last(), Some(&ended), "the end waits for no permit");
        }
    })
}

fn cut_stream(s: Shape, time: Time) -> Root {
    Box::pin(async move {
        let (limit, start, token) = (limiter(s), Instant::now(), CancellationToken::new());
        let interval = limit.interval();
        let (producers, mut rx) = producers(s);
        let source = stream::poll_fn(move |cx| rx.poll_recv(cx));
        let mut limited = rate_limited(&token, source, limit);
        // When the first item after the burst is due.
        let canceller = rt::spawn(async move {
            sleep(interval).await;
            token.cancel();
        });
        let mut items = Vec::new();
        while let Some(item) = limited.next().await {
            items.push(item);
        }
        let ended = nanos(start, Instant::now());
        let rest = limited.into_rest();
        assert!(rest.end == End::Cancelled || rest.held.is_none());
        items.extend(rest.held);
        items.extend(rest.source.collect::<Vec<_>>().await);
        for producer in producers {
            producer.await.expect("no producer panics");
        }
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        check_items(&items, s);
        if time.exact() {
            assert_eq!((rest.end, ended), (End::Cancelled, INTERVAL), "at once");
        }
    })
}

fn left_stream(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, start, token) = (limiter(s), Instant::now(), CancellationToken::new());
        limit.try_acquire(burst(s)).expect("a new limiter has a full burst");
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let (limit, token) = (limit.clone(), token.clone());
            tasks.spawn(async move {
                let never = CancellationToken::new();
                let mut limited = rate_limited(&never, stream::iter([0]), limit.clone());
                let next = rt::select! {
                    biased;
                    () = token.cancelled() => None,
                    next = limited.next() => next,
                };
                // Here the stream waits for its permit, or has had it, and is not polled any more.
                let at = limit.acquire(ONE).await.expect("one is no more than a burst");
                let rest = limited.into_rest();
                let places = next.iter().chain(&rest.held).count() + rest.source.count().await;
                assert_eq!(places, 1, "the item is yielded, held or not taken yet");
                vec![nanos(start, at)]
            });
        }
        let canceller = rt::spawn(async move { token.cancel() });
        let grants = all(tasks).await;
        canceller.await.expect("the canceller does not panic");
        check_windows(&grants, s);
        if Time::Still.exact() {
            let slots = (1..=s.workers as u64).map(|k| k * INTERVAL);
            assert_eq!(grants, slots.collect::<Vec<_>>(), "no stream took a permit");
        }
    })
}

fn overlap(s: Shape) -> Root {
    Box::pin(async move {
        let (limit, start) = (limiter(s), Instant::now());
        let work = limit.interval() * 5;
        let mut tasks = JoinSet::new();
        for _ in 0..s.workers {
            let limit = limit.clone();
            tasks.spawn(async move {
                let at = limit.acquire(ONE).await.expect("one is no more than a burst");
                sleep(work).await;
                vec![nanos(start, at)]
            });
        }
        let grants = all(tasks).await;
        check_windows(&grants, s);
        if Time::Still.exact() {
            let last = due(s, s.workers as u64).last().copied().expect("a task");
            assert_eq!(grants.last(), Some(&last), "no start waits for the work before it");
            assert_eq!(nanos(start, Instant::now()), last + work.as_nanos() as u64);
        }
    })
}
