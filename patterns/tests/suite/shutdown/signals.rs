//! Real SIGINT and SIGTERM, once and twice, to a real process: `examples/graceful.rs`.
//!
//! No clock decides anything: a signal is sent when the process has said where it is, and what it says
//! next is waited for. A process that hangs is killed after a while, and that fails its test.

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// Longer than any process here lives.
const HANGS: Duration = Duration::from_secs(60);

/// The example as it was built for these tests; where only this test was built, it is built now.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).expect("target/profile/deps/test");
    let example = profile.join("examples").join("graceful");
    if !example.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--offline", "--example", "graceful", "--target-dir"]);
        cargo.arg(profile.parent().expect("the target directory"));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
        assert!(built.success(), "the example does not build");
    }
    example
}

/// A running example.
struct Process {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
    /// Dropped when the process has ended in time.
    _alive: Sender<()>,
}

impl Process {
    /// Starts it with `jobs` in flight: `quick` ones end with the drain, `stuck` ones never.
    fn start(jobs: &str) -> Self {
        let mut child =
            Command::new(example()).arg(jobs).stdout(Stdio::piped()).spawn().expect("it starts");
        let says = BufReader::new(child.stdout.take().unwrap()).lines();
        let (alive, watch) = channel::<()>();
        let pid = child.id();
        std::thread::spawn(move || {
            if watch.recv_timeout(HANGS) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                signal(pid, "KILL");
            }
        });
        let mut process = Process { child, says, _alive: alive };
        process.says("ready");
        process
    }

    /// Waits for its next line.
    #[track_caller]
    fn says(&mut self, line: &str) {
        let said = self.says.next().unwrap_or_else(|| panic!("it ended, and never said {line:?}"));
        assert_eq!(said.unwrap(), line);
    }

    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    fn ends(mut self) -> ExitStatus {
        let rest: Vec<_> = self.says.by_ref().map(|line| line.unwrap()).collect();
        assert!(rest.is_empty(), "it also said {rest:?}");
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After a failed assertion; else it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status();
    assert!(sent.expect("unix has `kill`").success(), "SIG{name} was not sent");
}

#[track_caller]
fn one_signal_drains(name: &str) {
    let mut process = Process::start("quick");
    process.signal(name);
    process.says("draining");
    process.says("drained 2, aborted 0, leaked 0");
    assert_eq!(process.ends().code(), Some(0), "a clean stop is a success");
}

#[track_caller]
fn the_second_signal_aborts(first: &str, second: &str) {
    let mut process = Process::start("stuck");
    process.signal(first);
    // The grace is an hour: nothing but the second signal can end it.
    process.says("draining");
    process.signal(second);
    process.says("drained 1, aborted 1, leaked 0");
    assert_eq!(process.ends().code(), Some(1), "what was cut short is a failure");
}

#[test]
fn one_sigint_drains_and_the_process_ends_with_success() {
    one_signal_drains("INT");
}

#[test]
fn one_sigterm_drains_and_the_process_ends_with_success() {
    one_signal_drains("TERM");
}

#[test]
fn a_second_sigint_aborts_what_is_stuck() {
    the_second_signal_aborts("INT", "INT");
}

#[test]
fn a_second_sigterm_aborts_what_is_stuck() {
    the_second_signal_aborts("TERM", "TERM");
}

#[test]
fn the_second_signal_need_not_be_the_same() {
    the_second_signal_aborts("TERM", "INT");
    the_second_signal_aborts("INT", "TERM");
}
