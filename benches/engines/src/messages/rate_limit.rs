//! A rate limiter: one permit an interval, to several workers, and a burst.

use crate::messages::crew::join;
use crate::messages::queue::{Queue, Sender, bounded, first_of, permits};
use crate::messages::token::Token;
use selvedge_loom_tests::gallery::rate_limit::{INTERVAL, assert_limited, due};
use std::sync::Arc;
use std::time::Duration;
use traceforge::channel::{Builder, Receiver};
use traceforge::sync::Mutex;
use traceforge::thread;

const WORKERS: u32 = 2;

/// The time, which stands still but for those who sleep.
#[derive(Clone)]
struct Clock(Arc<Mutex<Duration>>);

impl Clock {
    fn start() -> Clock {
        Clock(Arc::new(Mutex::new(Duration::ZERO)))
    }

    fn now(&self) -> Duration {
        *self.0.blocking_lock()
    }

    /// Until then, or later where somebody else has slept meanwhile.
    fn sleep_until(&self, due: Duration) {
        let mut now = self.0.blocking_lock();
        *now = due.max(*now);
    }

    fn sleep(&self, time: Duration) {
        self.sleep_until(self.now() + time);
    }
}

/// When the workers were granted so many permits each, sorted.
fn grants(jobs: u32, acquire: impl FnMut() -> Duration + Clone + Send + 'static) -> Vec<Duration> {
    let worker = |_| {
        let mut acquire = acquire.clone();
        thread::spawn(move || (0..jobs).map(|_| acquire()).collect::<Vec<_>>())
    };
    let workers: Vec<_> = (0..WORKERS).map(worker).collect();
    let grants = workers.into_iter().map(|worker| worker.join().unwrap());
    let mut grants: Vec<_> = grants.flatten().collect();
    grants.sort();
    grants
}

/// Each worker sleeps between its own jobs. That limits the worker, and not the whole.
pub fn sleep_per_worker() {
    let clock = Clock::start();
    let _shared = Arc::new(Mutex::new(()));
    let grants = grants(3, move || {
        let now = clock.now();
        // BUG: nobody shares this pause. (Right: all the time with `_shared` locked.)
        clock.sleep_until(now + INTERVAL);
        now
    });
    assert_limited(&grants, 1);
}

/// The limiter can be cloned, and its state is a plain field: each clone counts for itself.
pub fn clone_copies_state() {
    #[derive(Clone)]
    struct Limiter {
        clock: Clock,
        // BUG: a clone takes a copy along. (Right: an `Arc<Mutex<_>>`.)
        used_up: Duration,
    }
    impl Limiter {
        fn acquire(&mut self) -> Duration {
            let used_up = &mut self.used_up;
            self.clock.sleep_until(*used_up);
            let now = self.clock.now();
            *used_up = now + INTERVAL;
            now
        }
    }
    let mut limit = Limiter { clock: Clock::start(), used_up: Duration::ZERO };
    assert_limited(&grants(3, move || limit.acquire()), 1);
}

/// A ticker paces the work, and makes up for every tick that nobody took.
pub fn burst_after_idle() {
    let (clock, next) = (Clock::start(), Arc::new(Mutex::new(Duration::ZERO)));
    let time = clock.clone();
    let tick = move || {
        let mut next = next.blocking_lock();
        time.sleep_until(*next);
        let now = time.now();
        // BUG: missed ticks come all at once. (Right: `now + INTERVAL`.)
        *next += INTERVAL;
        now
    };
    tick();
    clock.sleep(INTERVAL * 10);
    assert_limited(&grants(3, tick), 1);
}

/// So many permits in each window of a fixed grid; around the edge of two, twice as many.
pub fn fixed_window() {
    const BURST: usize = 2;
    const LENGTH: Duration = Duration::from_millis(20);
    #[derive(Default)]
    struct Window {
        begin: Duration,
        used: usize,
    }
    let (clock, window) = (Clock::start(), Arc::new(Mutex::new(Window::default())));
    // Shortly before the end of a window.
    clock.sleep(LENGTH - Duration::from_millis(1));
    let acquire = move || {
        let mut window = window.blocking_lock();
        if window.used == BURST {
            clock.sleep_until(window.begin + LENGTH);
        }
        let now = clock.now();
        if window.used == 0 || now >= window.begin + LENGTH {
            window.used = 0;
            // BUG: it knows nothing of what was granted right before it began. (Right: it begins `now`.)
            window.begin = LENGTH * (now.as_millis() / LENGTH.as_millis()) as u32;
        }
        window.used += 1;
        now
    };
    assert_limited(&grants(2, acquire), BURST);
}

/// Look, wait, take, and the lock is held for the look and for the take, but not in between.
pub fn check_then_wait() {
    let (clock, used_up) = (Clock::start(), Arc::new(Mutex::new(Duration::ZERO)));
    let acquire = move || {
        // BUG: all who look before the first one takes are promised the same permit. (Right: one guard, from
        // here to the end.)
        let due = *used_up.blocking_lock();
        clock.sleep_until(due);
        let mut used_up = used_up.blocking_lock();
        let now = clock.now();
        *used_up = now.max(*used_up) + INTERVAL;
        now
    };
    assert_limited(&grants(3, acquire), 1);
}

/// The permit is taken first and waited for then; a waiter that is cancelled has burnt it.
pub fn commit_before_sleep() {
    #[derive(Clone)]
    struct Limiter {
        clock: Clock,
        used_up: Arc<Mutex<Duration>>,
    }
    impl Limiter {
        /// When it was granted; `None` where it was cancelled while it slept.
        fn acquire(&self, cancelled: impl Fn() -> bool) -> Option<Duration> {
            let mut used_up = self.used_up.blocking_lock();
            let (now, due) = (self.clock.now(), *used_up);
            // BUG: from here on the permit is used, whatever comes. (Right: after the sleep.)
            *used_up = now.max(due) + INTERVAL;
            if due > now && cancelled() {
                return None;
            }
            self.clock.sleep_until(due);
            Some(now.max(due))
        }
    }
    let limit = Limiter { clock: Clock::start(), used_up: Arc::new(Mutex::new(Duration::ZERO)) };
    let mut token = Token::default();
    let (own, told) = (limit.clone(), token.listen());
    // Which of the two comes first, the cancel or the time, is anybody's guess.
    let victim = thread::spawn(move || own.acquire(|| told.recv_msg().is_some()));
    let canceller = thread::spawn(move || token.cancel());
    let never = || false;
    let mut granted = grants(2, move || limit.acquire(never).expect("nobody cancels a worker"));
    granted.extend(victim.join().unwrap());
    join([canceller]);
    granted.sort();
    assert_eq!(granted, due(granted.len(), 1), "a permit was burnt");
}

/// The limited loop hears the cancel while it waits for its input, but not while it delivers.
pub fn bare_result_send() {
    let (submit, from) = bounded(1);
    let (to, results) = bounded(1);
    let (clock, token) = (Clock::start(), Token::over([&from, &results]));
    let time = clock.clone();
    let limited = thread::spawn(move || {
        while let Ok(item) = from.recv_or_cancel() {
            // BUG: with the output full and nobody reading, it waits here through the cancel for ever. (Right:
            // `send_or_cancel`.)
            if to.send(item).is_err() {
                break;
            }
            time.sleep(INTERVAL);
        }
        from.close();
        from.drain();
    });
    let producer = thread::spawn(move || {
        let _ = (0..3).try_for_each(|item| submit.send(item).map(drop));
    });
    results.recv().expect("the first item comes");
    clock.sleep(INTERVAL * 3);
    token.cancel();
    join([limited, producer]);
    results.drain();
}

/// Waits for a permit beside something else, and asks again while the first wait is still in the queue.
pub fn parked_acquire() {
    let limit = permits(1, 1);
    let (hurry, told) = bounded(1);
    let turn = limit.recv().expect("it is there");
    let waiting = limit.clone();
    let worker = thread::spawn(move || {
        let acquire = waiting.ask_item();
        while let (Ok(_), 1) = first_of(&acquire, &told.ask_item()) {
            // BUG: `acquire` keeps its place in the queue, and is not looked at until this one is done. (Right:
            // nothing; it waits already.)
            waiting.recv().expect("it is never closed");
            waiting.give_back(turn);
        }
    });
    // The worker may be gone: it has its permit.
    let _ = hurry.send(0);
    limit.give_back(turn);
    drop(hurry);
    join([worker]);
}

/// Time is counted in floating point: each refill is rounded, and the errors add up.
pub fn float_refill() {
    let (clock, used_up) = (Clock::start(), Arc::new(Mutex::new(0.0_f32)));
    let acquire = move || {
        let mut used_up = used_up.blocking_lock();
        clock.sleep_until(Duration::from_secs_f32(*used_up));
        let now = clock.now();
        // BUG: a hundredth of a second is no binary fraction. (Right: a `Duration`, or a number of them.)
        *used_up = now.as_secs_f32().max(*used_up) + INTERVAL.as_secs_f32();
        now
    };
    let grants = grants(3, acquire);
    assert_eq!(grants, due(grants.len(), 1), "the rate drifts");
}

/// The wait for a permit knows nothing of the cancel, which has stopped the ticker that would end it.
pub fn acquire_ignores_cancel() {
    #[derive(Clone, Debug, PartialEq)]
    enum Tick {
        Interval,
        Cancel,
    }
    let bucket = permits(1, 0);
    let token = Token::over([&bucket]);
    let (tell, told) = Builder::new().build();
    let fill = bucket.clone();
    let ticker = thread::spawn(move || {
        while told.recv_msg_block() == Tick::Interval {
            // A full bucket stays as it is.
            let _ = fill.try_send(0);
        }
    });
    let worker = |_| {
        let bucket = bucket.clone();
        thread::spawn(move || {
            while !bucket.is_cancelled() {
                // BUG: cancelled here, it waits for a permit that nobody makes. (Right: `recv_or_cancel`.)
                let _ = bucket.recv();
            }
        })
    };
    let workers: Vec<_> = (0..WORKERS).map(worker).collect();
    for _ in 0..2 {
        tell.send_msg(Tick::Interval);
    }
    token.cancel();
    tell.send_msg(Tick::Cancel);
    join(workers);
    join([ticker]);
}

/// The ticker that fills the bucket is nobody's, and goes on when the work is long over.
pub fn timer_not_stopped() {
    let bucket = permits(1, 0);
    let fill = bucket.clone();
    let ticker = thread::spawn(move || {
        for tick in 0.. {
            assert!(tick < 10, "ticks for ever");
            // A tick that finds the bucket full changes nothing, so it may as well wait for room.
            if fill.send(0).is_err() {
                // BUG: taken for a full bucket, where it is closed. (Right: `return`.)
                continue;
            }
        }
    });
    let worker = |_| {
        let bucket = bucket.clone();
        thread::spawn(move || {
            for _ in 0..2 {
                bucket.recv().expect("the ticker goes on");
            }
        })
    };
    let workers: Vec<_> = (0..WORKERS).map(worker).collect();
    join(workers);
    bucket.close();
    join([ticker]);
}

/// A waiter that is told to stop leaves its timer with the limiter, and with it a handle of the limiter.
pub fn timer_kept() {
    /// How many are armed; less one when it is dropped.
    struct Timer(Arc<Mutex<u32>>);
    impl Drop for Timer {
        fn drop(&mut self) {
            // Not where TraceForge takes an execution down.
            if !std::thread::panicking() {
                *self.0.blocking_lock() -= 1;
            }
        }
    }
    struct Spare {
        _timer: Timer,
        _limit: Arc<Limiter>,
    }
    struct Limiter {
        spare: Mutex<Vec<Spare>>,
    }
    fn acquire_or(limit: Arc<Limiter>, armed: Arc<Mutex<u32>>, told: &Receiver<()>) {
        *armed.blocking_lock() += 1;
        let timer = Timer(armed);
        // Which of the two comes first, the time or the cancel, is anybody's guess.
        if told.recv_msg().is_some() {
            // BUG: nobody drops the limiter as long as it has this, and the other way round. (Right:
            // `drop(timer)`.)
            limit.spare.blocking_lock().push(Spare { _timer: timer, _limit: limit.clone() });
        }
    }
    let (armed, mut token) = (Arc::new(Mutex::new(0)), Token::default());
    let limit = Arc::new(Limiter { spare: Mutex::new(Vec::new()) });
    let worker = |_| {
        let (limit, armed, told) = (limit.clone(), armed.clone(), token.listen());
        thread::spawn(move || acquire_or(limit, armed, &told))
    };
    let workers: Vec<_> = (0..WORKERS).map(worker).collect();
    drop(limit);
    token.cancel();
    join(workers);
    assert_eq!(*armed.blocking_lock(), 0, "a timer that nobody can drop");
}

/// Limited sources share an output, and each of them closes it when it is through.
pub fn every_source_closes() {
    let (clock, (deliver, output)) = (Clock::start(), bounded(1));
    let (mut inputs, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..WORKERS {
        let (feed, from) = bounded(1);
        feed.try_send(0).expect("there is room for all");
        inputs.push(feed);
        let (to, clock) = (deliver.clone(), clock.clone());
        tasks.push(thread::spawn(move || {
            while let Ok(item) = from.recv() {
                to.send(item).expect("the caller reads to the end");
                clock.sleep(INTERVAL);
            }
            // BUG: the end of one input looks like the end of the output. (Right: nothing; the output ends
            // with its last sender.)
            assert!(to.close(), "closed twice");
        }));
    }
    drop(deliver);
    for _ in 0..WORKERS {
        output.recv().expect("every item comes");
    }
    drop(inputs);
    output.recv().expect_err("the output ends with the inputs");
    join(tasks);
}

/// Two limits are locked in one order to take a permit, and in the other to give it back; all in good time.
pub fn two_limits_crossed() {
    const JOBS: u32 = 2;
    #[derive(Clone)]
    struct Limits {
        tenant: Arc<Mutex<u32>>,
        all: Arc<Mutex<u32>>,
    }
    impl Limits {
        fn try_acquire(&self) -> bool {
            let mut tenant = self.tenant.blocking_lock();
            let mut all = self.all.blocking_lock();
            let granted = *tenant > 0 && *all > 0;
            if granted {
                *tenant -= 1;
                *all -= 1;
            }
            granted
        }

        fn refund(&self) {
            // BUG: who acquires holds `tenant` and waits for `all`. (Right: the same order.)
            let mut all = self.all.blocking_lock();
            let mut tenant = self.tenant.blocking_lock();
            *all += 1;
            *tenant += 1;
        }
    }
    fn settle(unused: &Queue, limits: &Limits) {
        for _ in 0..unused.drain() {
            limits.refund();
        }
    }
    let (report, unused) = bounded(1);
    let all = Arc::new(Mutex::new(JOBS));
    let limits = Limits { tenant: Arc::new(Mutex::new(JOBS)), all: all.clone() };
    let refunds = limits.clone();
    let settler = thread::spawn(move || settle(&unused, &refunds));
    let tenant = move |report: Sender| {
        while limits.try_acquire() {
            report.send(0).expect("the settler reads to the end");
        }
    };
    let tenant = thread::spawn(move || tenant(report));
    join([tenant, settler]);
    assert_eq!(*all.blocking_lock(), JOBS);
}
