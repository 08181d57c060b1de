//! Real SIGINT and SIGTERM, once and twice, to a real process: `examples/graceful.rs`.
//!
//! No clock decides anything: a signal is sent when the process has said where it is, and what it says
//! next is waited for. A process that hangs is killed after a while, and that fails its test.

use crate::process::Process;

/// With `jobs` in flight: `quick` ones end with the drain, `stuck` ones never.
fn start(jobs: &str) -> Process {
    let mut process = Process::start("graceful", &[jobs]);
    process.says("ready");
    process
}

#[track_caller]
fn one_signal_drains(name: &str) {
    let mut process = start("quick");
    process.signal(name);
    process.says("draining");
    process.says("drained 2, aborted 0, leaked 0");
    assert_eq!(process.ends().code(), Some(0), "a clean stop is a success");
}

#[track_caller]
fn the_second_signal_aborts(first: &str, second: &str) {
    let mut process = start("stuck");
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
