//! Near-misses: right code that looks like a bug. Each must raise nothing.

use rt::sync::{CancellationToken, Mutex, mpsc};
use rt::time::{Duration, sleep};
use selvedge::{Check, Law, Record, daemon};
use selvedge_rt as rt;
use std::sync::Arc;

/// A near-miss: its name, and the check that must pass.
#[derive(Clone, Copy)]
pub struct NearMiss {
    /// What it does, right.
    pub name: &'static str,
    /// What the check is told besides.
    pub check: fn(Check) -> Check,
    /// The program.
    pub root: fn() -> crate::scenario::Root,
}

impl NearMiss {
    /// `near_miss/name`.
    pub fn id(&self) -> String {
        format!("near_miss/{}", self.name)
    }

    /// The check, before an engine is chosen.
    pub fn check(&self) -> Check {
        (self.check)(Check::new(&self.id()))
    }
}

macro_rules! near_misses {
    ($($name:ident $(with $check:expr)? => $body:block)+) => {
        /// All near-misses.
        pub const NEAR_MISSES: &[NearMiss] = &[$(NearMiss {
            name: stringify!($name),
            check: {
                #[allow(unused_mut, unused_assignments)]
                let mut told: fn(Check) -> Check = |check| check;
                $(told = $check;)?
                told
            },
            root: || Box::pin(async move $body),
        },)+];
    };
}

near_misses! {
    a_daemon_declared_as_such_outlives_the_root => {
        let (tx, mut rx) = mpsc::unbounded_channel::<u64>();
        let (ready, is_ready) = rt::sync::oneshot::channel();
        let service = rt::spawn(async move {
            daemon();
            ready.send(()).expect("the root waits");
            while rx.recv().await.is_some() {}
        });
        // A daemon is one once it says so: not when it is spawned.
        is_ready.await.expect("the daemon is ready");
        tx.send(1).expect("the daemon listens");
        rt::spawn(async move { tx.send(2) }).await.expect("no panic").expect("the daemon listens");
        drop(service);
    }
    a_bounded_queue_fills_and_drains => {
        let (tx, mut rx) = mpsc::channel(1);
        let producer = rt::spawn(async move {
            for n in 0..3 {
                tx.send(n).await.expect("the receiver reads to the end");
            }
        });
        let mut all = Vec::new();
        while let Some(n) = rx.recv().await {
            all.push(n);
        }
        assert_eq!(all, [0, 1, 2]);
        producer.await.expect("no panic");
    }
    a_cancelled_send_gives_its_value_back => {
        let token = CancellationToken::new();
        let (tx, mut rx) = mpsc::channel(1);
        tx.send(0).await.expect("the receiver is there");
        let cancelled = token.clone();
        let sender = rt::spawn(async move {
            rt::select! {
                biased;
                () = cancelled.cancelled() => Some(1),
                room = tx.reserve() => {
                    room.expect("the receiver is there").send(1);
                    None
                }
            }
        });
        let canceller = rt::spawn(async move { token.cancel() });
        let mut seen = Vec::from_iter(rx.recv().await);
        seen.extend(sender.await.expect("no panic"));
        seen.extend(rx.recv().await);
        assert_eq!(seen, [0, 1]);
        canceller.await.expect("no panic");
    }
    a_consumer_stops_early_through_close => {
        let (tx, mut rx) = mpsc::channel(2);
        let producer = rt::spawn(async move {
            let mut sent = 0;
            while sent < 4 && tx.send(sent).await.is_ok() {
                sent += 1;
            }
            sent
        });
        let mut got = Vec::from_iter(rx.recv().await);
        rx.close();
        while let Some(n) = rx.recv().await {
            got.push(n);
        }
        let sent = producer.await.expect("no panic");
        assert_eq!(got, (0..sent).collect::<Vec<_>>());
    }
    two_locks_are_always_taken_in_one_order => {
        let (a, b) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let task = |by: u64| {
            let (a, b) = (a.clone(), b.clone());
            rt::spawn(async move {
                let mut first = a.lock().await;
                let mut second = b.lock().await;
                *first += by;
                *second += by;
            })
        };
        let (one, two) = (task(1), task(2));
        one.await.expect("no panic");
        two.await.expect("no panic");
        assert_eq!((*a.lock().await, *b.lock().await), (3, 3));
    }
    opposite_orders_behind_a_common_gate => {
        let gate = Arc::new(Mutex::new(()));
        let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let task = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
            let (gate, first, second) = (gate.clone(), first.clone(), second.clone());
            rt::spawn(async move {
                let _gate = gate.lock().await;
                let _first = first.lock().await;
                let _second = second.lock().await;
            })
        };
        let (one, two) = (task(&a, &b), task(&b, &a));
        one.await.expect("no panic");
        two.await.expect("no panic");
    }
    a_timer_is_reset_in_a_loop_and_dropped => {
        let ticks = Record::new("ticks");
        let mine = ticks.clone();
        let task = rt::spawn(async move {
            let timer = sleep(Duration::from_secs(60));
            rt::pin!(timer);
            for n in 0..3 {
                rt::select! {
                    () = &mut timer => panic!("it is always reset before"),
                    () = sleep(Duration::from_secs(1)) => mine.note(n),
                }
                timer.as_mut().reset(rt::time::Instant::now() + Duration::from_secs(60));
            }
        });
        task.await.expect("no panic");
        assert_eq!(ticks.sorted(), [0, 1, 2]);
    }
    a_task_is_aborted_and_joined => {
        let (tx, mut rx) = mpsc::channel::<u64>(1);
        let task = rt::spawn(async move {
            rx.recv().await
        });
        task.abort();
        match task.await {
            Ok(item) => assert_eq!(item, None),
            Err(error) => assert!(error.is_cancelled()),
        }
        drop(tx);
    }
    a_channel_closes_with_the_last_of_several_senders => {
        let (tx, mut rx) = mpsc::channel(2);
        let send = |n: u64| {
            let tx = tx.clone();
            rt::spawn(async move { tx.send(n).await })
        };
        let (one, two) = (send(1), send(2));
        drop(tx);
        let mut all = Vec::new();
        while let Some(n) = rx.recv().await {
            all.push(n);
        }
        all.sort();
        assert_eq!(all, [1, 2]);
        one.await.expect("no panic").expect("received");
        two.await.expect("no panic").expect("received");
    }
    an_error_is_ignored_on_purpose_through_a_named_waiver with |check| {
        check.watch_errors::<(), u64>().unjoined().waive(Law::SwallowedError, "best effort: the next run tries again")
    } => {
        let (tx, mut rx) = mpsc::channel::<()>(1);
        let task = rt::spawn(async move {
            let _done = tx;
            Err::<(), u64>(1)
        });
        rx.recv().await;
        drop(task);
        rt::task::yield_now().await;
    }
}
