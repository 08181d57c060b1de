//! Scenario by engine, and law by engine: everything that is claimed of the patterns.

use crate::catalogue::Catalogue;
use crate::column::{Budget, Column};
use crate::progress::Progress;
use crate::scenario::{Scenario, Shape};
use selvedge::{Check, Law, Report, Verdict};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One scenario under every engine.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The pattern.
    pub pattern: &'static str,
    /// The claim.
    pub name: &'static str,
    /// The statements of the pattern's contract that it stands for.
    pub statements: &'static [u8],
    /// In the order of [`Column::ALL`].
    pub cells: Vec<Cell>,
}

impl Row {
    /// What ran, by engine.
    pub fn runs(&self) -> impl Iterator<Item = (Column, &Run)> {
        let columns = Column::ALL.iter().copied().zip(&self.cells);
        columns.filter_map(|(column, cell)| Some((column, cell.run()?)))
    }
}

/// What one engine says of one scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// It ran.
    Ran(Run),
    /// The scenario is not made for the engine.
    NotMeant,
    /// The engine is not in this build.
    NotBuilt,
}

/// The reports of one engine on one scenario.
#[derive(Debug, Serialize)]
pub struct Run {
    /// At which shape.
    pub shape: Shape,
    /// One, or one a strategy.
    pub reports: Vec<Report>,
    /// What is not as it must be.
    pub off: Vec<String>,
}

impl Run {
    /// All executions.
    pub fn executions(&self) -> u64 {
        self.reports.iter().map(|r| r.coverage.executions).sum()
    }

    /// Executions on which `law` was judged, where `check` has it on. Clones are only compared where a
    /// scenario asks for it.
    pub fn judged(&self, column: Column, check: &Check, law: Law) -> u64 {
        if !column.sees(law) || !check.judges(law) {
            return 0;
        }
        let asked = |r: &&Report| law != Law::SplitState || !r.observed.compared.is_empty();
        self.reports.iter().filter(asked).map(|r| r.coverage.executions).sum()
    }

    /// All seconds.
    pub fn seconds(&self) -> f64 {
        self.reports.iter().map(|r| r.coverage.seconds).sum()
    }
}

impl Cell {
    /// What ran, if anything did.
    pub fn run(&self) -> Option<&Run> {
        match self {
            Cell::Ran(run) => Some(run),
            _ => None,
        }
    }
}

/// How many steps [`run`] will take.
pub fn steps(catalogue: &Catalogue) -> usize {
    catalogue.scenarios.len() * Column::ALL.iter().filter(|c| c.built()).count()
}

/// Runs every scenario under every engine that is built.
pub fn run(catalogue: &Catalogue, budget: &Budget, progress: &mut Progress) -> Vec<Row> {
    catalogue.scenarios.iter().map(|s| row(s, budget, progress)).collect()
}

fn row(scenario: &Scenario, budget: &Budget, progress: &mut Progress) -> Row {
    let mut cells = Vec::new();
    for column in Column::ALL.iter().copied() {
        if !column.built() {
            cells.push(Cell::NotBuilt);
            continue;
        }
        let Some(shape) = column.shape(scenario) else {
            progress.step(&format!("{} does not fit {column}", scenario.id()));
            cells.push(Cell::NotMeant);
            continue;
        };
        progress.step(&format!("{} at {shape}, {column}", scenario.id()));
        cells.push(Cell::Ran(cell(column, scenario, shape, budget)));
    }
    Row { pattern: scenario.pattern, name: scenario.name, statements: scenario.statements, cells }
}

/// Runs one scenario under one engine and judges its reports.
pub fn cell(column: Column, scenario: &Scenario, shape: Shape, budget: &Budget) -> Run {
    let reports = column.run(scenario, shape, budget);
    let expected = column.expects(scenario, budget);
    let wrong = reports.iter().filter(|report| report.verdict != expected);
    let mut off: Vec<String> =
        wrong.map(|report| format!("{column}: {}", report.to_string().trim_end())).collect();
    match column {
        // The same program at the same shape, by an engine that shares nothing but the facade.
        Column::Loom | Column::CurrentThread | Column::MultiThread => {
            off.extend(
                reports.iter().filter_map(|r| disparity(column, scenario, shape, budget, r)),
            );
        }
        // Its own claim.
        Column::Operation => {
            let outcomes = reports.iter().flat_map(|report| report.outcomes.clone());
            known().insert(key(scenario, shape), outcomes.collect());
        }
        // Another shape, or another grain.
        Column::Poll | Column::Sample => {}
    }
    Run { shape, reports, off }
}

/// How the outcomes of a report are not those that the explorer says there are: strangers, or, where
/// the engine says that it looked at everything, missing ones.
fn disparity(
    column: Column,
    scenario: &Scenario,
    shape: Shape,
    budget: &Budget,
    report: &Report,
) -> Option<String> {
    let key = key(scenario, shape);
    let before = known().get(&key).cloned();
    let possible = before.unwrap_or_else(|| {
        let explored = scenario.check().limits(budget.limits()).explore(scenario.at(shape));
        known().insert(key, explored.outcomes.clone());
        explored.outcomes
    });
    let strangers = report.outcomes.difference(&possible).count();
    let missing = match report.verdict {
        Verdict::Proved => possible.difference(&report.outcomes).count(),
        _ => 0,
    };
    (strangers + missing > 0).then(|| {
        format!(
            "{column}, at {shape}: {strangers} outcomes that the explorer never saw, and {missing} of its {} not reached",
            possible.len()
        )
    })
}

/// The program, not its name: a catalogue of tests may use one name twice.
type Key = (usize, String);

fn key(scenario: &Scenario, shape: Shape) -> Key {
    (scenario.root as usize, format!("{} {shape}", scenario.id()))
}

/// Outcomes that the explorer found, so that it need not look again for each engine.
fn known() -> MutexGuard<'static, BTreeMap<Key, BTreeSet<u64>>> {
    static KNOWN: Mutex<BTreeMap<Key, BTreeSet<u64>>> = Mutex::new(BTreeMap::new());
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One law on one pattern, under every engine.
#[derive(Debug, Serialize)]
pub struct LawRow {
    /// The pattern.
    pub pattern: &'static str,
    /// The law.
    pub law: Law,
    /// Executions on which it was on, in the order of [`Column::ALL`]; 0 where it was off in every
    /// scenario, or the engine cannot see it.
    pub judged: Vec<u64>,
    /// Scenarios that break it.
    pub broken_by: Vec<&'static str>,
}

/// Which law was judged how often. `rows` are of the catalogue's scenarios.
pub fn laws(catalogue: &Catalogue, rows: &[Row]) -> Vec<LawRow> {
    let patterns: BTreeSet<_> = rows.iter().map(|row| row.pattern).collect();
    let mut all = Vec::new();
    for pattern in patterns {
        let rows = || catalogue.scenarios.iter().zip(rows).filter(|(s, _)| s.pattern == pattern);
        for law in Law::ALL.iter().copied() {
            let judged = |column: usize| -> u64 {
                let ran = rows().filter_map(|(s, row)| Some((s.check(), row.cells[column].run()?)));
                ran.map(|(check, run)| run.judged(Column::ALL[column], &check, law)).sum()
            };
            let breaks = |row: &Row| {
                let reports = row.cells.iter().filter_map(Cell::run).flat_map(|run| &run.reports);
                reports.flat_map(Report::violations).any(|v| v.law == law)
            };
            all.push(LawRow {
                pattern,
                law,
                judged: (0..Column::ALL.len()).map(judged).collect(),
                broken_by: rows().filter(|(_, r)| breaks(r)).map(|(_, r)| r.name).collect(),
            });
        }
    }
    all
}
