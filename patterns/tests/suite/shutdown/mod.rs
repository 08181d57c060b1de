//! Graceful shutdown: shared helpers; the claims are in the modules.

mod admission;
mod panics;
mod phases;
mod serve;
mod serve_ends;
#[cfg(unix)]
mod signals;

use selvedge_patterns::shutdown::{Config, Name, Report, Shutdown};
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinHandle;

/// No deadline but the test's own.
const FOR_EVER: Config = Config { grace: Duration::MAX, abort_wait: Duration::MAX };

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn within(grace: u64, abort_wait: u64) -> Config {
    Config { grace: ms(grace), abort_wait: ms(abort_wait) }
}

/// Runs a shutdown in a task of its own, with no trigger but its handles.
fn running(shutdown: Shutdown) -> JoinHandle<Report> {
    tokio::spawn(shutdown.run(std::future::pending(), std::future::pending()))
}

/// Notes in `$log` that it was dropped.
struct Dropped<F: FnMut()>(F);

impl<F: FnMut()> Drop for Dropped<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn sorted(mut names: Vec<Name>) -> Vec<Name> {
    names.sort();
    names
}

/// A future that is ready when the sender is used or dropped.
fn signal() -> (tokio::sync::oneshot::Sender<()>, impl Future<Output = ()> + Send) {
    let (sent, heard) = tokio::sync::oneshot::channel();
    (sent, async { drop(heard.await) })
}
