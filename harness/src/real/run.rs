//! One run, on a thread of its own, so that one that hangs can be left behind.

use super::heard::{Heard, hear};
use crate::scenario::Root;
use crate::verdict::Problem;
use crate::{Law, Violation, panics};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Builder;

/// How long a root may wait on the paused clock.
const PAUSED_MAX: Duration = Duration::from_secs(3600);
/// How long blocking work may hold up the end of a run.
const BLOCKING_MAX: Duration = Duration::from_secs(1);

/// Which runtime.
#[derive(Clone, Copy, Debug)]
pub(super) enum Runtime {
    Paused,
    Threads { workers: usize, jitter: u64 },
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Runtime::Paused => f.write_str("current-thread, paused clock"),
            Runtime::Threads { workers, .. } => write!(f, "multi-thread, {workers} workers"),
        }
    }
}

/// What came of a run.
#[derive(Default)]
pub(super) struct Ran {
    pub(super) violations: Vec<Violation>,
    pub(super) outcome: Option<u64>,
    pub(super) problem: Option<Problem>,
}

/// Runs the scenario once. `wall`: how long it may take.
pub(super) fn run(root: &Root, runtime: Runtime, joined: bool, wall: Duration) -> Ran {
    let (done, ran) = mpsc::channel();
    let root = root.clone();
    let thread = std::thread::Builder::new().name("selvedge run".into());
    let started = thread.spawn(move || {
        // The receiver is gone where the run took too long: nobody wants it any more.
        let _ = done.send(on_this_thread(&root, runtime, joined, wall));
    });
    started.expect("a thread for a run");
    // The runtime's own limit comes first, where it still can.
    ran.recv_timeout(wall + 2 * BLOCKING_MAX).unwrap_or_else(|_| Ran {
        problem: Some(Problem::NeverYields { task: "root".into(), seconds: wall.as_secs() }),
        ..Ran::default()
    })
}

/// How the root ended.
enum End {
    Returned,
    Panicked,
    /// Not within its time.
    Waits,
}

fn on_this_thread(root: &Root, runtime: Runtime, joined: bool, wall: Duration) -> Ran {
    let heard = Arc::new(Heard::default());
    hear(&heard);
    let _quiet = panics::quiet();
    let (mut builder, limit) = match runtime {
        Runtime::Paused => (paused(&heard), PAUSED_MAX),
        Runtime::Threads { workers, jitter } => (threads(workers, jitter, &heard), wall),
    };
    let tokio = builder.enable_all().build().expect("a runtime");
    let future = async { tokio::time::timeout(limit, Jitter::new(runtime, root.clone())).await };
    let end = match catch_unwind(AssertUnwindSafe(|| tokio.block_on(future))) {
        Ok(Ok(())) => End::Returned,
        Ok(Err(_)) => End::Waits,
        Err(_) => End::Panicked,
    };
    let violation = |law, what: String| Violation {
        law,
        what,
        task: Some(format!("`root`, started at {}", root.place())),
        object: None,
        at: None,
        helpers: Vec::new(),
    };
    let found = match end {
        End::Panicked => {
            let message = panics::last().unwrap_or_default();
            Some(violation(Law::Panic, format!("the root panicked: {message}")))
        }
        End::Waits => {
            let alive = tokio.metrics().num_alive_tasks();
            let what = format!("the root waits after {limit:?}, with {alive} other tasks alive");
            Some(violation(Law::Deadlock, what))
        }
        End::Returned if joined => {
            let left = heard.left_behind(tokio.handle(), 0);
            let what = format!("the root returned while {left} tasks were alive");
            (left > 0).then(|| violation(Law::Unjoined, what))
        }
        End::Returned => {
            let ended = async {
                while heard.left_behind(tokio.handle(), 0) > 0 {
                    tokio::time::sleep(limit / 1000).await;
                }
            };
            let ended = tokio.block_on(async { tokio::time::timeout(limit, ended).await });
            let what = format!("tasks were alive {limit:?} after the root returned");
            ended.is_err().then(|| violation(Law::TaskLeak, what))
        }
    };
    let outcome = Some(heard.outcome());
    let violations = found.into_iter().chain(heard.take_violations()).collect();
    tokio.shutdown_timeout(BLOCKING_MAX);
    Ran { violations, outcome, problem: None }
}

fn paused(heard: &Arc<Heard>) -> Builder {
    let mut builder = Builder::new_current_thread();
    builder.start_paused(true).on_thread_start(joins(heard));
    builder
}

/// What makes each further thread of a runtime, blocking ones too, part of its run.
fn joins(heard: &Arc<Heard>) -> impl Fn() + Send + Sync + 'static {
    let heard = heard.clone();
    move || {
        hear(&heard);
        // For the life of the thread.
        std::mem::forget(panics::quiet());
    }
}

/// A runtime that is a little different each time: what differs is when its workers look for new work,
/// and how late they wake.
fn threads(workers: usize, jitter: u64, heard: &Arc<Heard>) -> Builder {
    let mut builder = Builder::new_multi_thread();
    let spins = AtomicU64::new(jitter);
    builder
        .worker_threads(workers)
        .global_queue_interval(1 + (jitter % 7) as u32 * 5)
        .event_interval(1 + (jitter % 5) as u32 * 15)
        .on_thread_start(joins(heard))
        .on_thread_unpark(move || {
            let n = scatter(spins.fetch_add(1, Ordering::Relaxed));
            (0..n % 4_000).for_each(|_| std::hint::spin_loop());
        });
    builder
}

/// Spreads a counter over all numbers.
fn scatter(n: u64) -> u64 {
    crate::hash::fold(crate::hash::mix(1, n))
}

/// The root, which on several threads now and then lets others go first.
struct Jitter {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Polls so far, where there is jitter.
    polls: Option<u64>,
    yielded: bool,
}

impl Jitter {
    fn new(runtime: Runtime, root: Root) -> Self {
        let polls = match runtime {
            Runtime::Paused => None,
            Runtime::Threads { jitter, .. } => Some(jitter << 20),
        };
        // Called inside the runtime, so that what the closure itself makes belongs to it.
        Jitter { future: Box::pin(async move { root.future().await }), polls, yielded: false }
    }
}

impl Future for Jitter {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let yields = self.polls.as_mut().is_some_and(|polls| {
            *polls += 1;
            scatter(*polls).is_multiple_of(4)
        });
        self.yielded = yields && !self.yielded;
        if self.yielded {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.future.as_mut().poll(cx)
    }
}
