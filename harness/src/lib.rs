//! A deterministic concurrency test harness for async Rust on tokio.
//!
//! Code under test imports [`selvedge_rt`] in place of tokio. Under a running engine every operation
//! on a task, channel, lock or timer is announced before the real one runs, so the engine decides
//! when it does; nothing is re-implemented.
//!
//! Start with [`macro@test`] for a test, or with [`Check`], which it calls: a scenario, how to search it, and
//! the engines that do. A check gives a [`Report`]; a [`Law`] says what is forbidden. `GUIDE.md` beside
//! this crate takes a program from plain tokio to verified.
//!
//! ```
//! use selvedge_rt as rt;
//!
//! let report = selvedge::Check::new("one worker").explore(|| async {
//!     let (tx, mut rx) = rt::sync::mpsc::channel(1);
//!     let worker = rt::spawn(async move { tx.send(1).await });
//!     assert_eq!(rx.recv().await, Some(1));
//!     worker.await.unwrap().unwrap();
//! });
//! report.assert_proved();
//! ```
//!
//! The house, for whoever changes it; arrows point down only:
//!
//! | module | what |
//! |---|---|
//! | `check` | the builder; `scenario`: the program; `record`: what it writes down; `cancel`: what it drops |
//! | `capacities` | one check for each size of a channel |
//! | `explore`, `sample`, `loom`, `real` | the engines: search, random schedules, loom threads, real tokio |
//! | `replay`, `story` | one schedule again, with a log; that log told to a person |
//! | `exec` | one execution under one schedule: fibers, wakes, the state as a number |
//! | `laws` | where the laws are judged; `law`: their list |
//! | `model` | what is known of each object: fingerprint, commutation |
//! | `ledger`, `overall`, `verdict`, `config` | events; what all executions show; results; settings |
//! | `watchdog`, `panics`, `hash` | code that never comes back; panics as data; hashing |
//!
//! An engine never reads the wall clock, but for the limit of time and the watchdog.

mod cancel;
mod capacities;
mod check;
mod config;
mod exec;
mod explore;
mod hash;
mod law;
mod laws;
mod ledger;
#[cfg(feature = "loom")]
mod loom;
mod model;
mod overall;
mod panics;
mod real;
mod record;
mod replay;
mod sample;
mod scenario;
mod story;
mod verdict;
mod watchdog;

pub use cancel::cancel_everywhere;
pub use capacities::{Capacities, Resized};
pub use check::Check;
pub use config::{Clock, Grain, Limits, Reductions};
pub use law::{Law, Place, Row, Violation};
pub use overall::{Depth, Observed};
pub use record::{Record, daemon, shares, shutdown_complete};
pub use sample::{Preemption, Sampling, Schedule, prop as proptest};
#[doc = include_str!("../macros/TEST.md")]
pub use selvedge_macros::test;
pub use verdict::{Bound, Coverage, Engine, Problem, Report, Verdict};

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So are the guide's.
#[cfg(doctest)]
#[doc = include_str!("../GUIDE.md")]
struct Guide;
