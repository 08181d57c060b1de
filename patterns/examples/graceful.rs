//! A process that stops gracefully: on SIGINT or SIGTERM it drains, on the second one it aborts.
//!
//! Usage: `graceful quick`, whose jobs end with the drain, or `graceful stuck`, one of whose jobs never
//! does. It says where it is on its standard output, and `tests/suite/shutdown/signals.rs` sends it
//! real signals.

use selvedge_patterns::shutdown::{Config, Shutdown, Unclean, signal};
use std::future::pending;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// An hour: too long for any test, so that nothing here happens by time.
const CONFIG: Config = Config { grace: Duration::from_secs(3600), abort_wait: Duration::MAX };

/// Prints a line, now: a pipe is buffered.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody listens");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let stuck = match std::env::args().nth(1).as_deref() {
        Some("stuck") => true,
        Some("quick") => false,
        _ => {
            eprintln!("usage: graceful quick|stuck");
            return ExitCode::from(2);
        }
    };
    // Before anything else: from here on the signals are ours.
    let (stop, stop_now) = match signal::stop_signals() {
        Ok(both) => both,
        Err(error) => {
            eprintln!("no signals: {error}");
            return ExitCode::from(2);
        }
    };
    let shutdown = Shutdown::new(CONFIG);
    for job in 0..2 {
        let draining = shutdown.handle().draining();
        let work = async move {
            draining.cancelled().await;
            if job == 0 {
                say("draining");
            } else if stuck {
                pending().await
            }
        };
        shutdown.handle().spawn(format!("job {job}"), work).expect("it has not begun");
    }
    say("ready");
    let report = shutdown.run(stop, stop_now).await;
    let (aborted, leaked) = (report.aborted.len(), report.leaked.len());
    say(&format!("drained {}, aborted {aborted}, leaked {leaked}", report.drained));
    match report.ok() {
        Ok(_) => ExitCode::SUCCESS,
        Err(unclean) => fail(&unclean),
    }
}

fn fail(unclean: &Unclean) -> ExitCode {
    eprintln!("{unclean}");
    ExitCode::FAILURE
}
