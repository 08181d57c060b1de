//! A rate limiter: the wrong variants.
//!
//! See `clock.rs` for what time is here.

use super::clock::Clock;
use super::crew::{crew, each, join};
use super::monitor::Monitor;
use super::peer::sync::Mutex;
use super::peer::thread;
use super::queue::{Queue, Sender, queue};
use super::token::Token;
use super::tracker::{Inside, Tracker};
use selvedge_loom_tests::gallery::rate_limit::{INTERVAL, assert_limited, due};
use std::sync::Arc;
use std::sync::mpsc::TrySendError;
use std::time::Duration;

const WORKERS: u64 = 2;

/// Workers take so many permits each; returns when they were granted, sorted.
fn grants<L: Clone + Send + 'static>(
    permits: u64,
    limit: L,
    acquire: impl Fn(&mut L) -> Duration + Clone + Send + 'static,
) -> Vec<Duration> {
    let workers = crew(WORKERS, limit, move |_, mut limit| {
        Vec::from_iter((0..permits).map(|_| acquire(&mut limit)))
    });
    sorted(join(workers))
}

fn sorted(grants: Vec<Vec<Duration>>) -> Vec<Duration> {
    let mut grants = grants.concat();
    grants.sort();
    grants
}

/// The permits so far use up the rate until some time, and none may be saved up.
#[derive(Clone)]
struct Limiter {
    clock: Arc<Clock>,
    used_up: Arc<Mutex<Duration>>,
}

impl Limiter {
    fn new(clock: Arc<Clock>) -> Limiter {
        Limiter { clock, used_up: Arc::new(Mutex::new(Duration::ZERO)) }
    }
}

/// Each worker sleeps between its own jobs, which limits the worker and not the whole.
pub fn sleep_per_worker() {
    let limit = Limiter::new(Arc::new(Clock::new()));
    let grants = grants(3, limit, |limit| {
        let now = limit.clock.now();
        // BUG: nobody shares this pause. (Right: hold a lock from the look to here.)
        limit.clock.sleep_until(now + INTERVAL);
        now
    });
    assert_limited(&grants, 1);
}

/// The limiter's state is a plain field, so each clone counts for itself.
pub fn clone_copies_state() {
    #[derive(Clone)]
    struct Limiter {
        clock: Arc<Clock>,
        // BUG: a clone takes a copy along. (Right: `Arc<Mutex<Duration>>`.)
        used_up: Duration,
    }
    let limit = Limiter { clock: Arc::new(Clock::new()), used_up: Duration::ZERO };
    let grants = grants(3, limit, |limit| {
        let now = limit.clock.sleep_until(limit.used_up);
        limit.used_up = now + INTERVAL;
        now
    });
    assert_limited(&grants, 1);
}

/// A ticker paces the work, and makes up for every tick that nobody took.
pub fn burst_after_idle() {
    let limit = Limiter::new(Arc::new(Clock::new()));
    limit.clock.sleep_until(INTERVAL * 10);
    let grants = grants(3, limit, |limit| {
        let mut next = limit.used_up.lock().unwrap();
        let now = limit.clock.sleep_until(*next);
        // BUG: idle time is credit without a bound. (Right: `now + INTERVAL`.)
        *next += INTERVAL;
        now
    });
    assert_limited(&grants, 1);
}

/// So many permits in each window of a fixed grid: around the edge of two, twice as many.
pub fn fixed_window() {
    const BURST: u32 = 2;
    const LENGTH: Duration = INTERVAL.saturating_mul(BURST);
    let clock = Arc::new(Clock::new());
    clock.sleep_until(LENGTH - Duration::from_millis(1));
    // When the window began, and how much of it is used.
    let window = Arc::new(Mutex::new((Duration::ZERO, 0)));
    let grants = grants(2, (clock, window), |(clock, window)| {
        let (begin, used) = &mut *window.lock().unwrap();
        let due = if *used == BURST { *begin + LENGTH } else { Duration::ZERO };
        let now = clock.sleep_until(due);
        if now >= *begin + LENGTH {
            // BUG: the new window knows nothing of what was granted right before. (Right: a window begins
            // with the last grant.)
            let windows = now.as_nanos() / LENGTH.as_nanos();
            (*begin, *used) = (LENGTH * windows as u32, 0);
        }
        *used += 1;
        now
    });
    assert_limited(&grants, BURST as usize);
}

/// Look, sleep, take: the lock is held for the look and for the take, but not in between.
pub fn check_then_wait() {
    let grants = grants(3, Limiter::new(Arc::new(Clock::new())), |limit| {
        // BUG: the guard is gone at the end of this line. (Right: one guard to the end.)
        let due = *limit.used_up.lock().unwrap();
        let now = limit.clock.sleep_until(due);
        let mut used_up = limit.used_up.lock().unwrap();
        *used_up = now.max(*used_up) + INTERVAL;
        now
    });
    assert_limited(&grants, 1);
}

/// The permit is taken first and waited for then; a waiter that is cancelled has burnt it.
pub fn commit_before_sleep() {
    let acquire = |limit: &Limiter, asleep: &dyn Fn(Duration) -> Option<Duration>| {
        let mut used_up = limit.used_up.lock().unwrap();
        let due = limit.clock.now().max(*used_up);
        // BUG: it is used from here on, though the sleep may be cancelled. (Right: after the sleep.)
        *used_up = due + INTERVAL;
        asleep(due)
    };
    let token = Token::new();
    let limit = Limiter::new(token.over(Clock::new()));
    let victim = (limit.clone(), token.clone());
    let workers = crew(WORKERS, limit, move |_, limit| {
        let mut own = Vec::new();
        for _ in 0..2 {
            own.extend(acquire(&limit, &|due| Some(limit.clock.sleep_until(due))));
        }
        own
    });
    let victim = thread::spawn(move || {
        let (limit, token) = victim;
        if token.is_cancelled() {
            return Vec::new();
        }
        Vec::from_iter(acquire(&limit, &|due| limit.clock.sleep_or_cancel(due)))
    });
    let canceller = thread::spawn(move || token.cancel());
    let mut all = join(workers);
    all.push(victim.join().unwrap());
    canceller.join().unwrap();
    // No hole where the victim would have been.
    let grants = sorted(all);
    assert_eq!(grants, due(grants.len(), 1), "a permit was burnt");
}

/// The limited loop hears the cancel while it waits for its input and for a permit, but not while it
/// delivers.
pub fn bare_result_send() {
    let token = Token::new();
    let clock = token.over(Clock::new());
    let (submit, from) = token.queue(1);
    let (deliver, results) = token.queue(1);
    let time = clock.clone();
    let limited = thread::spawn(move || {
        while let Some(item) = from.recv_or_cancel() {
            // BUG: with the output full and nobody reading, it waits through the cancel. (Right:
            // `send_or_cancel`.)
            if deliver.send(item).is_err() {
                break;
            }
            if time.sleep_or_cancel(time.now() + INTERVAL).is_none() {
                break;
            }
        }
        from.close();
    });
    let producer = thread::spawn(move || (0..3u64).all(|item| submit.send(item).is_ok()));
    results.recv();
    // Meanwhile it fills its output: its own sleeps move the clock.
    clock.wait_or_cancel(INTERVAL * 2);
    token.cancel();
    limited.join().unwrap();
    producer.join().unwrap();
}

/// Who waits for a turn has a place in the line, and is told to hurry beside.
#[derive(Default)]
struct Line {
    handed_out: u64,
    turn: u64,
    hurry: bool,
}

impl Line {
    fn place(&mut self) -> u64 {
        self.handed_out += 1;
        self.handed_out - 1
    }
}

/// A worker waits for its turn beside something else, and asks again while its first place is in the line.
pub fn parked_acquire() {
    let line = Arc::new(Monitor::new(Line::default()));
    let served = |line: &Monitor<Line>, place| {
        line.wait(|line| (line.turn == place).then_some(()));
        line.change(|line| line.turn += 1);
    };
    // The first turn is the caller's.
    line.change(Line::place);
    let waits = line.clone();
    let worker = thread::spawn(move || {
        let mut place = waits.change(Line::place);
        let hurry = waits.wait(|line| match line.turn == place {
            true => Some(false),
            false => line.hurry.then_some(true),
        });
        if hurry {
            // BUG: the first place comes before this one, and nobody is there. (Right: keep it.)
            place = waits.change(Line::place);
        }
        served(&waits, place);
    });
    line.change(|line| line.hurry = true);
    line.change(|line| line.turn += 1);
    worker.join().unwrap();
}

/// Time is counted in floating point, and the errors add up.
pub fn float_refill() {
    let limit = (Arc::new(Clock::new()), Arc::new(Mutex::new(0.0_f32)));
    let grants = grants(3, limit, |(clock, used_up)| {
        let mut used_up = used_up.lock().unwrap();
        let now = clock.sleep_until(Duration::from_secs_f32(*used_up));
        // BUG: a hundredth of a second is no binary fraction. (Right: `Duration`, which counts nanoseconds.)
        *used_up = now.as_secs_f32().max(*used_up) + INTERVAL.as_secs_f32();
        now
    });
    assert_eq!(grants, due(grants.len(), 1), "the rate drifts");
}

/// A bucket of permits, which all who have it keep open.
#[derive(Clone)]
struct Bucket {
    fill: Sender<()>,
    permits: Arc<Queue<()>>,
}

/// The wait for a permit knows nothing of the cancel, which has stopped the ticker that would end it.
pub fn acquire_ignores_cancel() {
    let token = Token::new();
    let clock = token.over(Clock::new());
    let (fill, permits) = token.queue(1);
    let (report, granted) = queue(usize::MAX);
    let bucket = Bucket { fill, permits };
    let (refilled, time) = (bucket.clone(), clock.clone());
    let with = (bucket, report, token.clone());
    let workers = crew(WORKERS, with, |_, (bucket, report, token)| {
        while !token.is_cancelled() {
            // BUG: cancelled here, it waits for a permit that nobody makes. (Right: `recv_or_cancel`.)
            let Some(()) = bucket.permits.recv() else { return };
            report.send(()).unwrap();
        }
    });
    let ticker = thread::spawn(move || {
        let mut tick = Duration::ZERO;
        while time.wait_or_cancel(tick) {
            // A full bucket stays as it is.
            let _ = refilled.fill.try_send(());
            tick += INTERVAL;
        }
    });
    // The time of a permit passes when it is taken.
    for _ in 0..2 {
        granted.recv().unwrap();
        clock.advance(INTERVAL);
    }
    token.cancel();
    join(workers);
    ticker.join().unwrap();
}

/// The ticker that fills the bucket is nobody's, and goes on when the work is over.
pub fn timer_not_stopped() {
    let clock = Arc::new(Clock::new());
    let (fill, permits) = queue(1);
    let (report, granted) = queue(4);
    let time = clock.clone();
    let workers = crew(WORKERS, (permits.clone(), report), |_, (permits, report)| {
        for _ in 0..2 {
            permits.recv().unwrap();
            report.send(()).unwrap();
        }
    });
    drop(thread::spawn(move || {
        let mut tick = Duration::ZERO;
        while time.wait_or_cancel(tick) {
            tick += INTERVAL;
            match fill.try_send(()) {
                // BUG: a bucket that is gone is no full one. (Right: return where it is `Disconnected`.)
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    }));
    // The time of a permit passes when it is taken, so the bucket never overflows.
    while granted.recv().is_some() {
        clock.advance(INTERVAL);
    }
    join(workers);
    permits.close();
    clock.advance(INTERVAL);
}

/// Keeps what is not needed any more for another time.
#[derive(Default)]
struct Spares(Mutex<Vec<Spare>>);

/// A timer, which is armed as long as it lives.
struct Spare {
    _timer: Inside,
    _of: Arc<Spares>,
}

/// A waiter that is told to stop leaves its timer with the limiter, and with it a handle of the limiter.
pub fn timer_kept() {
    let (armed, token) = (Tracker::new(), Token::new());
    let clock = token.over(Clock::new());
    let with = (Arc::new(Spares::default()), clock, armed.clone());
    let workers = crew(WORKERS, with, |_, (spares, clock, armed)| {
        let timer = armed.enter();
        if clock.wait_or_cancel(INTERVAL) {
            return;
        }
        // BUG: the two keep each other. (Right: drop the timer.)
        let spare = Spare { _timer: timer, _of: spares.clone() };
        spares.0.lock().unwrap().push(spare);
    });
    token.cancel();
    join(workers);
    assert_eq!(armed.count(), 0, "timers that nobody can stop");
}

/// Limited sources share an output, and each of them closes it when it is through.
pub fn every_source_closes() {
    let clock = Arc::new(Clock::new());
    let (deliver, output) = queue(1);
    let (feeds, inputs): (Vec<_>, Vec<_>) = (0..2).map(|_| queue(1)).unzip();
    for feed in &feeds {
        feed.send(0).unwrap();
    }
    let with = (clock, deliver, output.clone());
    let with = inputs.into_iter().zip(vec![with; 2]).collect();
    let sources = each(with, |_, (from, (clock, deliver, output))| {
        while let Some(item) = from.recv() {
            if deliver.send(item).is_err() {
                return;
            }
            clock.sleep_until(clock.now() + INTERVAL);
        }
        // BUG: the end of its input looks like the end of the output. (Right: nobody: the senders end it.)
        output.close();
    });
    for _ in 0..2 {
        assert_eq!(output.recv(), Some(0));
    }
    drop(feeds);
    assert_eq!(output.recv(), None);
    join(sources);
}

/// Two limits are locked in one order to take a permit, and in the other to give it back, when all is over.
pub fn two_limits_crossed() {
    const PERMITS: u64 = 2;
    let (own, all) = (Arc::new(Mutex::new(PERMITS)), Arc::new(Mutex::new(PERMITS)));
    let (report, unused) = queue(1);
    let limits = (own.clone(), all.clone());
    let tenant = thread::spawn(move || {
        let (own, all) = limits;
        loop {
            let (mut own, mut all) = (own.lock().unwrap(), all.lock().unwrap());
            if *own == 0 || *all == 0 {
                return;
            }
            (*own, *all) = (*own - 1, *all - 1);
            drop((own, all));
            report.send(()).unwrap();
        }
    });
    let settled = all.clone();
    let settler = thread::spawn(move || {
        let due = std::iter::from_fn(|| unused.recv()).count();
        for _ in 0..due {
            // BUG: the tenant takes its own first. (Right: the same order.)
            let (mut all, mut own) = (settled.lock().unwrap(), own.lock().unwrap());
            (*own, *all) = (*own + 1, *all + 1);
        }
    });
    tenant.join().unwrap();
    settler.join().unwrap();
    assert_eq!(*all.lock().unwrap(), PERMITS);
}
