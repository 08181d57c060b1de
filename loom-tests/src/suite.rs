//! One run of everything, and what is wrong with it.

use crate::catalogue::Catalogue;
use crate::checklist;
use crate::column::Budget;
use crate::exhibit::{self, Exhibit};
use crate::matrix::{self, Cell, LawRow, Row};
use crate::progress::Progress;
use serde::Serialize;
use std::time::Instant;

/// What came out.
#[derive(Debug, Serialize)]
pub struct Suite {
    /// How much work went into it.
    pub budget: Budget,
    /// Scenario by engine.
    pub scenarios: Vec<Row>,
    /// Law by engine.
    pub laws: Vec<LawRow>,
    /// The gallery.
    pub gallery: Vec<Exhibit>,
    /// The eight rows, for each pattern.
    pub checklist: Vec<checklist::Line>,
    /// What is not as it must be: empty is success.
    pub problems: Vec<String>,
    /// Wall-clock time.
    pub seconds: f64,
}

/// Runs a catalogue.
pub fn run(catalogue: &Catalogue, budget: Budget, progress: &mut Progress) -> Suite {
    let started = Instant::now();
    let scenarios = matrix::run(catalogue, &budget, progress);
    let laws = matrix::laws(catalogue, &scenarios);
    let gallery = exhibit::run(catalogue, &budget, progress);
    progress.end();
    let mut problems = Vec::new();
    if catalogue.is_empty() {
        problems.push("nothing is selected, so nothing was checked".into());
    }
    for row in &scenarios {
        let off = row.cells.iter().filter_map(Cell::run).flat_map(|run| &run.off);
        problems.extend(off.map(|off| format!("{}/{}: {off}", row.pattern, row.name)));
    }
    for exhibit in &gallery {
        problems.extend(exhibit.off.iter().map(|off| format!("{}: {off}", exhibit.id)));
    }
    let checklist = checklist::lines(catalogue, &scenarios, &gallery);
    if catalogue.is_whole() {
        // Of a selection nobody expects that it says something of every row.
        problems.extend(checklist::problems(&checklist));
    }
    let seconds = started.elapsed().as_secs_f64();
    Suite { budget, scenarios, laws, gallery, checklist, problems, seconds }
}

/// How many steps [`run`] will take.
pub fn steps(catalogue: &Catalogue) -> usize {
    matrix::steps(catalogue) + exhibit::steps(catalogue)
}

impl Suite {
    /// Executions of all engines, gallery included.
    pub fn executions(&self) -> u64 {
        let cells = self.scenarios.iter().flat_map(|row| &row.cells).filter_map(Cell::run);
        let finds = self.gallery.iter().flat_map(|e| &e.finds).filter_map(|f| f.report());
        cells.map(|run| run.executions()).sum::<u64>()
            + finds.map(|report| report.coverage.executions).sum::<u64>()
    }

    /// The last line: what held, and whether all of it did.
    pub fn summary(&self) -> String {
        let held = |row: &&Row| row.cells.iter().filter_map(Cell::run).all(|r| r.off.is_empty());
        let right = |e: &&Exhibit| e.off.is_empty();
        let (wrong, silent): (Vec<_>, Vec<_>) =
            self.gallery.iter().partition(|e| e.expected.is_some());
        format!(
            "{}: {} of {} scenarios hold, {} of {} wrong variants caught for their law, {} of {} right \
             programs silent; {} executions in {:.1} s",
            if self.problems.is_empty() { "OK" } else { "FAILED" },
            self.scenarios.iter().filter(held).count(),
            self.scenarios.len(),
            wrong.iter().copied().filter(right).count(),
            wrong.len(),
            silent.iter().copied().filter(right).count(),
            silent.len(),
            crate::show::thousands(self.executions()),
            self.seconds,
        )
    }
}
