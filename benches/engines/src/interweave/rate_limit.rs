//! The wrong variants of the rate limiter: one permit an interval, for two workers that take three each.
//!
//! There is no clock. Here it is a cell, which whoever sleeps sets forward: how long another one takes
//! meanwhile is open, as it is under a scheduler.

use super::lock::{Lock, lock};
use super::queue::{Port, Refusal, bounded};
use super::task::{Task, all, crew, producer, spawn};
use super::token::Token;
use super::{check, judge};
use interweave::{Atomic, World};
use selvedge_loom_tests::gallery::rate_limit::{INTERVAL, due, limited};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// How often a ticker may find that its bucket is gone.
const ROUNDS: u32 = 10;

/// The time since the start.
#[derive(Clone)]
struct Clock(Atomic<Duration>);

impl Clock {
    fn new(world: &mut World<'_>, now: Duration) -> Self {
        Clock(world.atomic("clock", now))
    }

    async fn now(&self) -> Duration {
        self.0.load().await
    }

    /// Waits until then; returns what time it is.
    async fn sleep_until(&self, then: Duration) -> Duration {
        let mut now = self.now().await;
        while now < then {
            match self.0.compare_exchange(now, then).await {
                Ok(_) => now = then,
                Err(later) => now = later,
            }
        }
        now
    }

    async fn sleep(&self, time: Duration) {
        self.sleep_until(self.now().await + time).await;
    }
}

/// A clock, and for each of `N` a lock on one state, which they take so many times together.
fn limits<T: std::fmt::Debug + 'static, const N: usize>(
    world: &mut World<'_>,
    now: Duration,
    state: T,
    times: usize,
) -> [(Clock, Lock<T>); N] {
    let clock = Clock::new(world, now);
    lock(world, state, times).map(|state| (clock.clone(), state))
}

/// Spawns workers that take so many permits each; they return when they were granted.
fn takers<'a, L: 'a>(
    world: &mut World<'a>,
    limits: [L; 2],
    permits: usize,
    acquire: impl AsyncFn(&L) -> Duration + Clone + 'a,
) -> [Task<Vec<Duration>>; 2] {
    limits.map(|limit| {
        let acquire = acquire.clone();
        spawn(world, "worker", async move {
            let mut own = Vec::new();
            for _ in 0..permits {
                own.push(acquire(&limit).await);
            }
            own
        })
    })
}

/// When all were granted their permits, sorted.
async fn grants(workers: &[Task<Vec<Duration>>; 2]) -> Vec<Duration> {
    let mut grants = all(workers).await.concat();
    grants.sort();
    grants
}

/// Spawns the process that judges the workers' grants by the rate and a burst.
fn judge_rate(world: &mut World<'_>, workers: [Task<Vec<Duration>>; 2], burst: u32) {
    judge(world, async move { Ok(limited(&grants(&workers).await, burst as usize)?) });
}

/// Each worker sleeps between its own jobs: that limits the worker, and not the whole.
pub fn sleep_per_worker(world: &mut World<'_>) {
    let clock = Clock::new(world, Duration::ZERO);
    let workers = takers(world, [clock.clone(), clock], 3, async |clock| {
        let now = clock.now().await;
        // BUG: nobody shares this pause. (Right: with a lock that is held through it.)
        clock.sleep(INTERVAL).await;
        now
    });
    judge_rate(world, workers, 1);
}

/// Each clone of the limiter counts for itself.
pub fn clone_copies_state(world: &mut World<'_>) {
    let clock = Clock::new(world, Duration::ZERO);
    // BUG: a copy of the state for each. (Right: one for both, `lock(world, Duration::ZERO, 6)`.)
    let [one, other] = [(); 2].map(|()| lock::<_, 1>(world, Duration::ZERO, 3)).map(|[lock]| lock);
    let workers =
        takers(world, [(clock.clone(), one), (clock, other)], 3, async |(clock, used_up)| {
            let now = clock.sleep_until(used_up.lock().await).await;
            used_up.unlock(now + INTERVAL).await;
            now
        });
    judge_rate(world, workers, 1);
}

/// A ticker paces the work, and makes up for every tick that nobody took.
pub fn burst_after_idle(world: &mut World<'_>) {
    // One tick was taken at the start, and the next is due after an interval; but ten have passed.
    let ticks = limits(world, INTERVAL * 10, INTERVAL, 6);
    let workers = takers(world, ticks, 3, async |(clock, next)| {
        let due = next.lock().await;
        let now = clock.sleep_until(due).await;
        // BUG: missed ticks come all at once. (Right: `now + INTERVAL`.)
        next.unlock(due + INTERVAL).await;
        now
    });
    judge_rate(world, workers, 1);
}

/// So many permits in each window of a fixed grid; around the edge of two, twice as many.
pub fn fixed_window(world: &mut World<'_>) {
    const BURST: u32 = 2;
    let length = INTERVAL * BURST;
    // When the window begins, and how many permits are used in it. Shortly before its end they come.
    let window = limits(world, length - Duration::from_millis(1), (Duration::ZERO, 0), 4);
    let workers = takers(world, window, 2, async move |(clock, window)| {
        let (mut begin, mut used) = window.lock().await;
        if used == BURST {
            clock.sleep_until(begin + length).await;
        }
        let now = clock.now().await;
        if used == 0 || now >= begin + length {
            // BUG: the new window knows nothing of what was granted right before it began. (Right: it begins
            // with its first permit, `begin = now`.)
            begin = length * (now.as_nanos() / length.as_nanos()) as u32;
            used = 0;
        }
        window.unlock((begin, used + 1)).await;
        now
    });
    judge_rate(world, workers, BURST);
}

/// Look, wait, take; the lock is held for the look and for the take, but not in between.
pub fn check_then_wait(world: &mut World<'_>) {
    let limits = limits(world, Duration::ZERO, Duration::ZERO, 12);
    let workers = takers(world, limits, 3, async |(clock, used_up)| {
        let due = used_up.lock().await;
        // BUG: all who look before the first one takes are promised the same permit. (Right: neither
        // unlocked here nor locked again.)
        used_up.unlock(due).await;
        clock.sleep_until(due).await;
        let latest = used_up.lock().await;
        let now = clock.now().await;
        used_up.unlock(now.max(latest) + INTERVAL).await;
        now
    });
    judge_rate(world, workers, 1);
}

/// The permit is taken first and waited for then; a waiter that is cancelled has burnt it.
pub fn commit_before_sleep(world: &mut World<'_>) {
    let acquire = async |clock: &Clock, limit: &Lock<Duration>, cancelled: &Atomic<bool>| {
        let used_up = limit.lock().await;
        let now = clock.now().await;
        let due = now.max(used_up);
        // BUG: from here on the permit is used, though the caller may be cancelled in the sleep. (Right:
        // below the sleep, and where it is cancelled, given back as it was.)
        limit.unlock(due + INTERVAL).await;
        if due > now && cancelled.load().await {
            return None;
        }
        clock.sleep_until(due).await;
        Some(due)
    };
    let [a, b, (clock, limit)] = limits(world, Duration::ZERO, Duration::ZERO, 5);
    let cancelled = world.atomic("cancelled", false);
    let never = world.atomic("never", false);
    let workers = takers(world, [a, b], 2, async move |(clock, limit)| {
        acquire(clock, limit, &never).await.expect("it is never cancelled")
    });
    let heard = cancelled.clone();
    let victim = spawn(world, "victim", async move { acquire(&clock, &limit, &heard).await });
    let canceller = spawn(world, "canceller", async move { cancelled.store(true).await });
    judge(world, async move {
        let mut grants = grants(&workers).await;
        grants.extend(victim.join().await);
        grants.sort();
        canceller.join().await;
        check(grants == due(grants.len(), 1), "a permit was burnt")
    });
}

/// The limited loop hears the cancel while it waits for its input, but not while it delivers.
pub fn bare_result_send(world: &mut World<'_>) {
    let ([submit], [from]) = bounded(1).open(world);
    let ([to], [results]) = bounded(1).open(world);
    let token = Token::new(world, [&from, &to]);
    let clock = Clock::new(world, Duration::ZERO);
    let pace = clock.clone();
    let producer = producer(world, submit, 3);
    let limited = crew(world, [(from, to)], async move |from: &Port, to: &Port| {
        while let Ok(item) = from.recv_or_cancel().await {
            // BUG: with the output full and nobody reading, it waits here through the cancel for ever. (Right:
            // `send_or_cancel`.)
            if to.send(item).await.is_err() {
                break;
            }
            pace.sleep(INTERVAL).await;
        }
        from.close().await;
        from.rest().await;
    });
    judge(world, async move {
        let _ = results.recv().await;
        // Meanwhile it fills its output.
        clock.sleep(INTERVAL * 3).await;
        token.cancel().await;
        all(&limited).await;
        producer.join().await;
        results.rest().await;
        Ok(())
    });
}

/// What a worker waits for.
#[derive(Debug, PartialEq)]
enum Event {
    Turn,
    Hurry,
}

/// A worker waits for its turn beside something else, and asks again while it is still in the queue.
pub fn parked_acquire(world: &mut World<'_>) {
    let [turn, waiting, again] = lock(world, Event::Turn, 2);
    let hurry = waiting.inbox();
    let worker = spawn(world, "worker", async move {
        waiting.ask().await;
        while waiting.answer().await == Event::Hurry {
            // BUG: the turn goes to who asked first, and nobody looks there until this one is done.
            // (Right: it goes on waiting.)
            let turn = again.lock().await;
            again.unlock(turn).await;
        }
        waiting.unlock(Event::Turn).await;
    });
    judge(world, async move {
        let held = turn.lock().await;
        hurry.send(Event::Hurry).await;
        turn.unlock(held).await;
        worker.join().await;
        Ok(())
    });
}

/// Time is counted in floating point: each refill is rounded, and the errors add up.
pub fn float_refill(world: &mut World<'_>) {
    let limits = limits(world, Duration::ZERO, 0.0, 6);
    let workers = takers(world, limits, 3, async |(clock, limit)| {
        let used_up: f32 = limit.lock().await;
        let now = clock.sleep_until(Duration::from_secs_f32(used_up)).await;
        // BUG: a hundredth of a second is no binary fraction. (Right: a `Duration`, which counts nanoseconds.)
        limit.unlock(now.as_secs_f32().max(used_up) + INTERVAL.as_secs_f32()).await;
        now
    });
    judge(world, async move {
        let grants = grants(&workers).await;
        check(grants == due(grants.len(), 1), "the rate drifts")
    });
}

/// The wait for a permit knows nothing of the cancel, which has stopped the ticker that would end it.
pub fn acquire_ignores_cancel(world: &mut World<'_>) {
    let ([fill], [bucket, a, b]) = bounded(1).open(world);
    let token = Token::new(world, [&bucket]);
    // An interval is over, or the ticker is cancelled.
    let (tick, ticks) = world.channel("ticks");
    let ticker = spawn(world, "ticker", async move {
        while ticks.recv().await {
            // A full bucket stays as it is.
            let _ = fill.try_send(0).await;
        }
        fill
    });
    let workers = [a, b].map(|permits| {
        let token = token.clone();
        spawn(world, "worker", async move {
            while !token.is_cancelled().await {
                // BUG: cancelled here, it waits for a permit that nobody makes any more. (Right:
                // `recv_or_cancel`.)
                let _ = permits.recv().await;
            }
            permits.leave().await;
        })
    });
    judge(world, async move {
        for _ in 0..2 {
            tick.send(true).await;
        }
        token.cancel().await;
        tick.send(false).await;
        let fill = ticker.join().await;
        all(&workers).await;
        fill.leave().await;
        bucket.rest().await;
        Ok(())
    });
}

/// The ticker that fills the bucket is nobody's, and goes on when the work is long over.
pub fn timer_not_stopped(world: &mut World<'_>) {
    let ([fill], [bucket, a, b]) = bounded(1).open(world);
    // Time stands still while the bucket is full.
    let ticker = spawn(world, "ticker", async move {
        let mut rounds = 0;
        while rounds < ROUNDS {
            if fill.send(0).await.is_err() {
                // BUG: the bucket is gone, and it ticks for ever. (Right: `break`.)
                rounds += 1;
            }
        }
        rounds
    });
    let workers = [a, b].map(|permits| {
        spawn(world, "worker", async move {
            for _ in 0..2 {
                let _ = permits.recv().await;
            }
            permits.leave().await;
        })
    });
    judge(world, async move {
        all(&workers).await;
        bucket.close().await;
        bucket.rest().await;
        check(ticker.join().await < ROUNDS, "the ticker outlives the bucket")
    });
}

/// A limiter, and the timers that are left with it to be used again.
#[derive(Default)]
struct Limiter {
    spare: RefCell<Vec<Timer>>,
}

/// What wakes a waiter, and gets its permit from the limiter then.
struct Timer {
    _limit: Rc<Limiter>,
}

/// A waiter that is told to stop leaves its timer with the limiter: the two keep each other alive.
pub fn timer_kept(world: &mut World<'_>) {
    let (limit, mut token) = (Rc::new(Limiter::default()), Token::new(world, []));
    let workers = [(); 2].map(|()| {
        let (limit, cancelled) = (limit.clone(), token.listener(world));
        spawn(world, "worker", async move {
            let timer = Timer { _limit: limit.clone() };
            cancelled.recv().await;
            // BUG: nobody drops the limiter as long as it has this, and the other way round. (Right: dropped.)
            limit.spare.borrow_mut().push(timer);
        })
    });
    let limit = Rc::downgrade(&limit);
    judge(world, async move {
        token.cancel().await;
        all(&workers).await;
        check(limit.strong_count() == 0, "a timer is kept")
    });
}

/// Each limited source closes the shared output when it is through, though only the last one may.
pub fn every_source_closes(world: &mut World<'_>) {
    let [(x, a), (y, b)] = [0, 1].map(|item| {
        let ([feed], [from]) = bounded(1).holding([item]).open(world);
        (feed, from)
    });
    let ([c, d], [output]) = bounded(1).open(world);
    let clock = Clock::new(world, Duration::ZERO);
    let sources = crew(world, [(a, c), (b, d)], async move |from: &Port, to: &Port| {
        while let Ok(item) = from.recv().await {
            let _ = to.send(item).await;
            clock.sleep(INTERVAL).await;
        }
        // BUG: the end of its own input looks like the end of the output. (Right: `leave`.)
        to.close().await;
    });
    judge(world, async move {
        for _ in 0..2 {
            check(output.recv().await.is_ok(), "every item comes")?;
        }
        x.leave().await;
        y.leave().await;
        check(output.recv().await == Err(Refusal::Over), "the output ends with the inputs")?;
        all(&sources).await;
        Ok(())
    });
}

/// Two limits are locked in opposite orders; but what is not used goes back when nobody takes any more.
pub fn two_limits_crossed(world: &mut World<'_>) {
    let ([report], [unused]) = bounded(1).open(world);
    let [tenant, tenant_later] = lock(world, 2, 5);
    let [all, all_later, end] = lock(world, 2, 6);
    let settler = spawn(world, "settler", async move {
        for _ in unused.rest().await {
            let shared = all_later.lock().await;
            // BUG: who acquires holds `tenant` here and waits for `all`. (Right: the same order everywhere.)
            let own = tenant_later.lock().await;
            tenant_later.unlock(own + 1).await;
            all_later.unlock(shared + 1).await;
        }
    });
    let tenant = spawn(world, "tenant", async move {
        loop {
            let own = tenant.lock().await;
            let shared = all.lock().await;
            let granted = u32::from(own > 0 && shared > 0);
            all.unlock(shared - granted).await;
            tenant.unlock(own - granted).await;
            if granted == 0 {
                break;
            }
            let _ = report.send(granted).await;
        }
        report.leave().await;
    });
    judge(world, async move {
        tenant.join().await;
        settler.join().await;
        let left = end.lock().await;
        end.unlock(left).await;
        check(left == 2, "all permits are back")
    });
}
