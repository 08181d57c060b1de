//! The lesson's checklist, eight rows, asked of every pattern: which laws and scenarios stand behind a
//! row, on how many executions of which engine, and which wrong variants prove that it can fail.
//!
//! The laws of a row are its own ([`Law::row`]) and those that catch a wrong variant of it: no law knows
//! how many permits two clones of a limiter may give together, the scenario's assertion does, and that is
//! `Panic`. An execution counts where its engine sees one of these laws and nothing was found.

use crate::catalogue::Catalogue;
use crate::column::Column;
use crate::exhibit::{Exhibit, Find};
use crate::matrix;
use selvedge::{Check, Law, Row};
use serde::Serialize;

/// One row of the checklist, asked of one pattern.
#[derive(Debug, Serialize)]
pub struct Line {
    /// The row.
    pub row: Row,
    /// The pattern.
    pub pattern: &'static str,
    /// Laws of the row by which some scenario of the pattern was judged.
    pub laws: Vec<Law>,
    /// Scenarios of the pattern that were judged by one of them.
    pub scenarios: usize,
    /// Executions of these.
    pub executions: Executions,
    /// Wrong variants of the pattern that were caught, each by every engine that it is meant for.
    pub caught: Vec<&'static str>,
}

/// Executions, by what made them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Executions {
    /// The explorer, at both grains.
    pub explore: u64,
    /// Loom threads.
    pub loom: u64,
    /// Random walks and PCT.
    pub sampled: u64,
    /// Both runtimes of tokio.
    pub tokio: u64,
}

impl Executions {
    /// By name, in the order of the columns.
    pub fn each(self) -> [(&'static str, u64); 4] {
        [
            ("explore", self.explore),
            ("loom", self.loom),
            ("sampled", self.sampled),
            ("tokio", self.tokio),
        ]
    }

    fn of(&mut self, column: Column) -> &mut u64 {
        match column {
            Column::Operation | Column::Poll => &mut self.explore,
            Column::Loom => &mut self.loom,
            Column::Sample => &mut self.sampled,
            Column::CurrentThread | Column::MultiThread => &mut self.tokio,
        }
    }
}

/// The checklist of a run. `rows` are of the catalogue's scenarios, `gallery` begins with its variants.
pub fn lines(catalogue: &Catalogue, rows: &[matrix::Row], gallery: &[Exhibit]) -> Vec<Line> {
    let mut patterns = Vec::new();
    let scenarios = catalogue.scenarios.iter().map(|s| s.pattern);
    for pattern in scenarios.chain(catalogue.variants.iter().map(|v| v.pattern)) {
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    let ask = |row| patterns.iter().map(move |pattern| (row, *pattern));
    let asked = Row::ALL.iter().copied().flat_map(ask);
    asked.map(|(row, pattern)| line(row, pattern, catalogue, rows, gallery)).collect()
}

fn line(
    row: Row,
    pattern: &'static str,
    catalogue: &Catalogue,
    rows: &[matrix::Row],
    gallery: &[Exhibit],
) -> Line {
    let variants = || {
        let shown = catalogue.variants.iter().zip(gallery);
        shown.filter(|(v, _)| v.pattern == pattern && v.rows().contains(&row))
    };
    let of_row = |law: &Law| law.row() == row || variants().any(|(v, _)| v.law == *law);
    let mut laws: Vec<Law> = Law::ALL.iter().copied().filter(of_row).collect();
    let rows = || {
        let own = catalogue.scenarios.iter().zip(rows).filter(|(s, _)| s.pattern == pattern);
        own.map(|(s, row)| (s.check(), row))
    };
    let judged = |check: &Check, row: &matrix::Row, law| {
        row.runs().any(|(column, run)| run.judged(column, check, law) > 0)
    };
    laws.retain(|law| rows().any(|(check, row)| judged(&check, row, *law)));
    let (mut scenarios, mut executions) = (0, Executions::default());
    for (check, row) in rows() {
        scenarios += usize::from(laws.iter().any(|law| judged(&check, row, *law)));
        for (column, run) in row.runs().filter(|(_, run)| run.off.is_empty()) {
            let each = laws.iter().map(|law| run.judged(column, &check, *law));
            *executions.of(column) += each.max().unwrap_or(0);
        }
    }
    let caught =
        |e: &Exhibit| e.off.is_empty() && e.finds.iter().any(|f| Find::report(f).is_some());
    let caught = variants().filter(|(_, e)| caught(e)).map(|(v, _)| v.name).collect();
    Line { row, pattern, laws, scenarios, executions, caught }
}

/// Rows of which nothing shows, for any pattern, that they hold, or that they could fail.
pub fn problems(lines: &[Line]) -> Vec<String> {
    let mut problems = Vec::new();
    for row in Row::ALL {
        let lines = || lines.iter().filter(|line| line.row == *row);
        if lines().all(|line| line.executions == Executions::default()) {
            problems
                .push(format!("checklist, {row}: no execution of any pattern was judged by a law"));
        }
        if lines().all(|line| line.caught.is_empty()) {
            problems.push(format!("checklist, {row}: no wrong variant of any pattern was caught"));
        }
    }
    problems
}

#[cfg(test)]
mod tests;
