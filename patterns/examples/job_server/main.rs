//! A job server over TCP: one job a line, one result a line. SIGINT or SIGTERM stops it gracefully, the
//! second one at once.
//!
//! Usage: `cargo run -p selvedge-patterns --example job_server -- [address]`, and then, elsewhere,
//! `nc 127.0.0.1 7070`. A job is a list of numbers, and its result their sum; `wait` is done when the
//! server stops.
//!
//! All logic is in `server.rs`, which is also [run on every schedule](../../../harness/GUIDE.md). Here is
//! what no model needs: sockets, signals, the command line. `tests/suite/job_server.rs` tests it with
//! real clients and real signals.

mod server;

use futures_util::StreamExt;
use futures_util::stream::unfold;
use selvedge_patterns::shutdown::signal;
use selvedge_rt::sync::CancellationToken;
use server::{Config, Report, serve};
use std::error::Error;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::codec::{Framed, LinesCodec};

/// Longer lines end their connection: memory is bounded by clients, too.
const LINE_BYTES_MAX: usize = 8 << 10;

const CONFIG: Config = Config {
    workers: NonZeroUsize::new(4).unwrap(),
    queue: NonZeroUsize::new(4).unwrap(),
    pace: Duration::from_millis(1),
    grace: Duration::from_secs(20),
};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Before anything else: from here on the signals are ours.
    let (first, second) = signal::stop_signals()?;
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7070".into());
    let listener = TcpListener::bind(address).await?;
    say(&format!("listening on {}", listener.local_addr()?))?;

    let connections = unfold(listener, |listener| async {
        let accepted = listener.accept().await;
        let lines = accepted.map(|(client, _)| {
            let codec = LinesCodec::new_with_max_length(LINE_BYTES_MAX);
            let (replies, requests) = Framed::new(client, codec).split();
            (requests, replies)
        });
        Some((lines, listener))
    });
    let stop = CancellationToken::new();
    let stops = stop.clone();
    tokio::spawn(async move {
        first.await;
        stops.cancel();
    });
    let stopping = stop.clone();
    let job = move |line: String| run(line, stopping.clone());
    let report = tokio::select! {
        report = serve(connections, &stop, CONFIG, job) => report,
        () = second => return Ok(ExitCode::FAILURE),
    };
    let Report { answered, cut_off, unstarted } = report;
    say(&format!("answered {answered}, cut off {cut_off}, unstarted {unstarted}"))?;
    Ok(if cut_off == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One job.
async fn run(line: String, stopping: CancellationToken) -> String {
    if line.trim() == "wait" {
        if say("waiting").is_err() {
            return "error: nobody listens".into();
        }
        stopping.cancelled().await;
        return "waited".into();
    }
    let numbers: Result<Vec<i64>, _> = line.split_whitespace().map(str::parse).collect();
    match numbers {
        Ok(numbers) => match numbers.iter().try_fold(0_i64, |sum, n| sum.checked_add(*n)) {
            Some(sum) => sum.to_string(),
            None => "error: too large".into(),
        },
        Err(error) => format!("error: {error}"),
    }
}

/// Prints a line, now: a pipe is buffered.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
