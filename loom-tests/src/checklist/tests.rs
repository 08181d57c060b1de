//! A small made-up run: what a line of the checklist counts, and what it does not.

use super::*;
use crate::exhibit::By;
use crate::gallery::{VARIANTS, Variant};
use crate::matrix::{Cell, Run};
use crate::scenario::{Scenario, shape};
use selvedge::{Check, Report};
use std::convert::identity;

const SCENARIO: Scenario = Scenario {
    pattern: "made_up",
    name: "it_ends",
    statements: &[1],
    root: |_| Box::pin(async {}),
    check: identity,
    operation: shape(1, 1, 1),
    poll: shape(1, 1, 1),
    loom: None,
    preemptions: None,
};

/// Found by `Deadlock`, a law of the exit paths; and what it fails is how locks are ordered.
fn variant() -> Variant {
    let fails = &[Row::LockOrdering];
    Variant { pattern: "made_up", name: "wrong", law: Law::Deadlock, fails, ..VARIANTS[0] }
}

fn report() -> Report {
    Check::new("made up").explore(|| async {})
}

/// One execution of each engine but loom, with what is `off` in all of them.
fn row(off: &[&str]) -> matrix::Row {
    let cell = |column: &Column| match column {
        Column::Loom => Cell::NotBuilt,
        _ => Cell::Ran(Run {
            shape: shape(1, 1, 1),
            reports: vec![report()],
            off: off.iter().map(|o| o.to_string()).collect(),
        }),
    };
    let cells = Column::ALL.iter().map(cell).collect();
    matrix::Row { pattern: "made_up", name: "it_ends", statements: &[1], cells }
}

fn exhibit(off: &[&str]) -> Exhibit {
    let mut finds: Vec<_> = By::ALL.iter().map(|_| Find::NotBuilt).collect();
    finds[0] = Find::Report(Box::new(report()));
    let off = off.iter().map(|o| o.to_string()).collect();
    Exhibit { id: variant().id(), expected: Some(Law::Deadlock), finds, off }
}

/// The line of `row` in a run of one scenario and one variant.
fn line(row: Row, scenario: Scenario, ran: matrix::Row, exhibit: Exhibit) -> Line {
    let catalogue =
        Catalogue { scenarios: vec![scenario], variants: vec![variant()], ..Catalogue::default() };
    let mut lines = lines(&catalogue, &[ran], &[exhibit]);
    assert_eq!(lines.len(), Row::ALL.len(), "one pattern");
    lines.swap_remove(Row::ALL.iter().position(|r| *r == row).expect("one of all"))
}

#[track_caller]
fn check(line: &Line, laws: &[Law], executions: [u64; 4], caught: &[&str]) {
    assert_eq!(line.laws, laws);
    assert_eq!(line.scenarios, usize::from(!laws.is_empty()));
    assert_eq!(line.executions.each().map(|(_, n)| n), executions);
    assert_eq!(line.caught, caught);
}

#[test]
fn a_row_has_its_own_laws_and_those_that_catch_its_variants() {
    // Real tokio sees no order of locks, and sees a deadlock.
    let line = line(Row::LockOrdering, SCENARIO, row(&[]), exhibit(&[]));
    check(&line, &[Law::Deadlock, Law::LockOrder], [2, 0, 1, 2], &["wrong"]);
}

#[test]
fn an_engine_that_sees_no_law_of_the_row_counts_nothing() {
    let line = line(Row::Cancellation, SCENARIO, row(&[]), exhibit(&[]));
    check(&line, &[Law::IgnoredCancellation], [2, 0, 1, 0], &[]);
}

#[test]
fn a_law_that_no_scenario_asks_for_is_not_behind_the_row() {
    // A clone is compared with its original where a scenario says so, and this one does not.
    let line = line(Row::CopySafety, SCENARIO, row(&[]), exhibit(&[]));
    check(&line, &[Law::ResultRace], [2, 0, 1, 0], &[]);
}

/// The scenario without the only law of the cancellation.
fn waiving() -> Scenario {
    Scenario { check: |check| check.waive(Law::IgnoredCancellation, "made up"), ..SCENARIO }
}

#[test]
fn a_waived_law_is_not_behind_the_row() {
    let line = line(Row::Cancellation, waiving(), row(&[]), exhibit(&[]));
    check(&line, &[], [0; 4], &[]);
}

#[test]
fn a_scenario_that_does_not_hold_is_no_evidence() {
    let line = line(Row::Cancellation, SCENARIO, row(&["broken"]), exhibit(&[]));
    check(&line, &[Law::IgnoredCancellation], [0; 4], &[]);
}

#[test]
fn a_variant_that_is_not_caught_is_no_evidence() {
    let line = line(Row::LockOrdering, SCENARIO, row(&[]), exhibit(&["not found"]));
    check(&line, &[Law::Deadlock, Law::LockOrder], [2, 0, 1, 2], &[]);
}

#[test]
fn a_row_without_an_execution_or_without_a_variant_is_a_problem() {
    let catalogue =
        Catalogue { scenarios: vec![waiving()], variants: vec![variant()], ..Catalogue::default() };
    let problems = problems(&lines(&catalogue, &[row(&[])], &[exhibit(&[])]));
    let no_execution: Vec<_> = problems.iter().filter(|p| p.contains("no execution")).collect();
    assert_eq!(no_execution.len(), 1, "{problems:?}");
    assert!(no_execution[0].starts_with("checklist, cancellation:"), "{problems:?}");
    let no_variant: Vec<_> = problems.iter().filter(|p| p.contains("no wrong variant")).collect();
    assert_eq!(no_variant.len(), 7, "all but lock ordering: {problems:?}");
}
