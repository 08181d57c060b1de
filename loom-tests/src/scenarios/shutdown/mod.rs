//! Graceful shutdown's contract. The numbers are those of `selvedge_patterns::shutdown`.
//!
//! `workers` of a shape is the number of tasks in the role that the scenario is about, `jobs` what each
//! brings, `buffer` the queue of a server. What has a server is in `server`, the rest in `tasks`.

mod server;
mod tasks;

use crate::scenario::{Scenario, shape};
use rt::task::JoinHandle;
use rt::time::Duration;
use selvedge::{Check, Clock};
use selvedge_patterns::shutdown::{Config, Report};
use selvedge_rt as rt;

const BASE: Scenario = Scenario {
    pattern: "shutdown",
    name: "",
    statements: &[],
    root: tasks::clean,
    check: bounded,
    operation: shape(2, 1, 1),
    poll: shape(4, 2, 1),
    loom: None,
    preemptions: None,
};

/// The scenarios, in the order of the contract.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "phases_only_go_forward",
        statements: &[1],
        root: tasks::phases,
        operation: shape(1, 2, 1),
        poll: shape(3, 2, 1),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "what_is_admitted_while_the_drain_begins_is_drained_and_counted",
        statements: &[2, 9],
        root: tasks::admission,
        poll: shape(4, 1, 1),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "guards_given_while_the_drain_begins_are_waited_for",
        statements: &[2],
        root: tasks::guards,
        poll: shape(4, 1, 1),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "clones_of_a_handle_are_of_one_shutdown",
        statements: &[1, 2],
        root: tasks::one_shutdown,
        poll: shape(4, 1, 1),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "whatever_the_signals_each_thing_is_listed_once",
        statements: &[2, 5, 9],
        root: tasks::signals_at_any_time,
        poll: shape(5, 1, 1),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_server_stops_at_an_idle_source",
        statements: &[3, 9],
        root: server::idle_source,
        operation: shape(2, 3, 1),
        poll: shape(4, 6, 1),
        ..BASE
    },
    Scenario {
        name: "a_server_stops_while_it_waits_for_room",
        statements: &[3, 9],
        root: server::no_room,
        operation: shape(2, 4, 1),
        poll: shape(4, 9, 2),
        ..BASE
    },
    Scenario {
        name: "an_aborted_server_gives_back_what_never_started",
        statements: &[3, 4, 9],
        root: server::aborted_server,
        operation: shape(2, 4, 1),
        poll: shape(4, 6, 2),
        ..BASE
    },
    Scenario {
        name: "a_server_whose_source_ends_runs_every_job",
        statements: &[3, 9],
        root: server::served_to_the_end,
        operation: shape(2, 3, 1),
        poll: shape(4, 5, 1),
        ..BASE
    },
    Scenario {
        name: "drain_then_abort_then_leak_each_within_its_time",
        statements: &[4],
        root: tasks::deadlines,
        operation: shape(2, 1, 1),
        poll: shape(4, 2, 1),
        ..BASE
    },
    Scenario {
        name: "deadlines_hold_when_time_races",
        statements: &[2, 4],
        root: tasks::racing_deadlines,
        check: racing,
        operation: shape(2, 1, 1),
        poll: shape(3, 1, 1),
        ..BASE
    },
    Scenario {
        name: "the_second_signal_skips_to_the_abort",
        statements: &[5],
        root: tasks::second_signal,
        operation: shape(2, 1, 1),
        poll: shape(5, 1, 1),
        loom: Some(shape(2, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "errors_of_a_source_are_paced",
        statements: &[6],
        root: server::failing_source,
        operation: shape(1, 3, 1),
        poll: shape(1, 5, 1),
        ..BASE
    },
    Scenario {
        name: "a_fatal_source_error_ends_accepting_and_drains",
        statements: &[3, 6],
        root: server::fatal_source,
        operation: shape(2, 3, 1),
        poll: shape(4, 5, 1),
        ..BASE
    },
    Scenario {
        name: "a_panic_stops_no_drain",
        statements: &[7],
        root: tasks::panicking_tasks,
        poll: shape(4, 1, 1),
        loom: Some(shape(1, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_panicking_job_or_source_stops_no_server",
        statements: &[7],
        root: server::panicking_server,
        operation: shape(2, 3, 1),
        poll: shape(4, 5, 1),
        ..BASE
    },
    Scenario {
        name: "a_destructor_that_panics_in_the_abort_is_listed",
        statements: &[7],
        root: tasks::panicking_destructor,
        poll: shape(4, 1, 1),
        ..BASE
    },
    Scenario {
        name: "a_clean_stop_is_ok",
        statements: &[8, 9],
        root: tasks::clean,
        operation: shape(3, 1, 1),
        poll: shape(6, 1, 1),
        loom: Some(shape(2, 1, 1)),
        preemptions: Some(2),
        ..BASE
    },
    Scenario {
        name: "a_failure_is_never_ok",
        statements: &[8],
        root: tasks::unclean,
        poll: shape(4, 1, 1),
        ..BASE
    },
    Scenario {
        name: "dropping_it_aborts",
        statements: &[2, 4],
        root: tasks::dropped,
        check: unjoined,
        operation: shape(2, 1, 1),
        poll: shape(5, 1, 1),
        ..BASE
    },
];

/// Each thing that was admitted tells its end through a queue, once; and a source holds its items from the
/// start: nine at most.
pub(super) fn bounded(check: Check) -> Check {
    check.high_water(9)
}

fn unjoined(check: Check) -> Check {
    bounded(check).unjoined()
}

fn racing(check: Check) -> Check {
    // What was let go ends soon, but the root may be faster.
    unjoined(check).clock(Clock::Racing)
}

/// No deadline: only what the scenario says happens, and no timer is needed.
pub(super) const FOR_EVER: Config = Config { grace: Duration::MAX, abort_wait: Duration::MAX };

/// A task whose only step is this, so that it may come at any time.
fn at_any_time(step: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    rt::spawn(async move { step() })
}

async fn joined<T>(task: JoinHandle<T>) -> T {
    task.await.expect("it does not panic")
}

/// What every report must meet: nothing is cut short in a drain that had its time.
#[track_caller]
fn drained(report: &Report, accepted: u64) {
    assert_eq!(report.accepted(), accepted, "{report:?}");
    assert_eq!(report.drained, accepted, "{report:?}");
}
