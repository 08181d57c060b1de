//! The scenarios on threads, locks and condition variables, under raw loom and shuttle.
//!
//! Their modules look alike, so that each scenario is written once, for both.

use crate::cell::{Ended, execution, executions, say};
use crate::{CASES, SEED};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};

/// Runs a scenario under loom.
pub fn loom(scenario: &str) {
    let scenario = on_loom::named(scenario);
    let mut builder = loom::model::Builder::new();
    // No bound: a complete search, or the limit of the cell.
    builder.preemption_bound = None;
    builder.max_branches = 1_000_000;
    builder.check(move || {
        execution();
        scenario();
    });
    say(Ended::Complete, executions());
}

/// Runs a scenario under one of shuttle's schedulers.
pub fn shuttle(scheduler: &str, scenario: &str) {
    let scenario = on_shuttle::named(scenario);
    let cases = CASES as usize;
    match scheduler {
        "random" => under(RandomScheduler::new_from_seed(SEED, cases), scenario, Ended::Passed),
        "pct" => under(PctScheduler::new_from_seed(SEED, 3, cases), scenario, Ended::Passed),
        "dfs" => under(DfsScheduler::new(None, false), scenario, Ended::Complete),
        other => panic!("no scheduler `{other}`"),
    }
}

fn under(scheduler: impl Scheduler + 'static, scenario: fn(), ended: Ended) {
    let mut config = shuttle::Config::new();
    config.failure_persistence = shuttle::FailurePersistence::None;
    shuttle::Runner::new(scheduler, config).run(move || {
        execution();
        scenario();
    });
    say(ended, executions());
}

/// The scenarios on the modules of one of the two.
macro_rules! scenarios {
    ($module:ident, $peer:ident) => {
        mod $module {
            use std::collections::VecDeque;
            use $peer::sync::{Condvar, Mutex};
            use $peer::thread;
            // Loom's own `Arc` would multiply its executions.
            use std::sync::Arc;

            pub fn named(scenario: &str) -> fn() {
                match scenario {
                    "lost_update" => lost_update,
                    "ab_ba" => ab_ba,
                    "lost_wakeup" => lost_wakeup,
                    "pool_2x2" => pool,
                    other => panic!("no scenario `{other}`"),
                }
            }

            /// Two threads read under one lock and write under another.
            fn lost_update() {
                let counter = Arc::new(Mutex::new(0));
                let threads = [(); 2].map(|()| {
                    let counter = counter.clone();
                    thread::spawn(move || {
                        let seen = *counter.lock().unwrap();
                        *counter.lock().unwrap() = seen + 1;
                    })
                });
                for thread in threads {
                    thread.join().unwrap();
                }
                assert_eq!(*counter.lock().unwrap(), 2);
            }

            /// Two threads take two locks in opposite orders.
            fn ab_ba() {
                let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
                let threads = [(a.clone(), b.clone()), (b, a)].map(|(first, second)| {
                    thread::spawn(move || {
                        let _first = first.lock().unwrap();
                        let _second = second.lock().unwrap();
                    })
                });
                for thread in threads {
                    thread.join().unwrap();
                }
            }

            /// One looks and then waits; the other may tell it in between.
            fn lost_wakeup() {
                let shared = Arc::new((Mutex::new(false), Condvar::new()));
                let seen = shared.clone();
                let waiter = thread::spawn(move || {
                    let ready = *seen.0.lock().unwrap();
                    if !ready {
                        let guard = seen.0.lock().unwrap();
                        drop(seen.1.wait(guard).unwrap());
                    }
                });
                *shared.0.lock().unwrap() = true;
                shared.1.notify_all();
                waiter.join().unwrap();
            }

            /// A queue that can be closed.
            struct Queue {
                items: Mutex<(VecDeque<u32>, usize)>,
                changed: Condvar,
            }

            impl Queue {
                fn new(senders: usize) -> Arc<Queue> {
                    let items = Mutex::new((VecDeque::new(), senders));
                    Arc::new(Queue { items, changed: Condvar::new() })
                }

                fn send(&self, item: u32) {
                    self.items.lock().unwrap().0.push_back(item);
                    self.changed.notify_one();
                }

                fn close(&self) {
                    self.items.lock().unwrap().1 -= 1;
                    self.changed.notify_all();
                }

                fn recv(&self) -> Option<u32> {
                    let mut items = self.items.lock().unwrap();
                    loop {
                        match items.0.pop_front() {
                            None if items.1 > 0 => items = self.changed.wait(items).unwrap(),
                            item => return item,
                        }
                    }
                }
            }

            /// Two workers, two jobs: correct.
            fn pool() {
                let (jobs, results) = (Queue::new(1), Queue::new(2));
                let workers = [(); 2].map(|()| {
                    let (jobs, results) = (jobs.clone(), results.clone());
                    thread::spawn(move || {
                        while let Some(job) = jobs.recv() {
                            results.send(job * 10);
                        }
                        results.close();
                    })
                });
                for job in 1..=2 {
                    jobs.send(job);
                }
                jobs.close();
                let mut sum = 0;
                while let Some(result) = results.recv() {
                    sum += result;
                }
                for worker in workers {
                    worker.join().unwrap();
                }
                assert_eq!(sum, 30);
            }
        }
    };
}

scenarios!(on_loom, loom);
scenarios!(on_shuttle, shuttle);
