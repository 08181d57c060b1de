//! An example of this crate as a process: what it says, the signals that it gets, how it ends.

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// Longer than any process here lives.
const HANGS: Duration = Duration::from_secs(60);

/// The example as it was built for these tests; where only this test was built, it is built now.
fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).expect("target/profile/deps/test");
    let example = profile.join("examples").join(name);
    if !example.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--offline", "--example", name, "--target-dir"]);
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
pub(crate) struct Process {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
    /// Dropped when the process has ended in time.
    _alive: Sender<()>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(name: &str, args: &[&str]) -> Self {
        let mut process = Command::new(example(name));
        let mut child = process.args(args).stdout(Stdio::piped()).spawn().expect("it starts");
        let says = BufReader::new(child.stdout.take().unwrap()).lines();
        let (alive, watch) = channel::<()>();
        let pid = child.id();
        std::thread::spawn(move || {
            if watch.recv_timeout(HANGS) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                signal(pid, "KILL");
            }
        });
        Process { child, says, _alive: alive }
    }

    /// Waits for its next line.
    #[track_caller]
    pub(crate) fn says(&mut self, line: &str) {
        assert_eq!(self.next_line(), line);
    }

    /// Gives its next line.
    #[track_caller]
    pub(crate) fn next_line(&mut self) -> String {
        self.says.next().expect("it ended, and should say something").unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    pub(crate) fn ends(mut self) -> ExitStatus {
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
