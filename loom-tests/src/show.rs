//! Tables for people, at most 140 columns wide.

use crate::checklist::{Executions, Line};
use crate::column::Column;
use crate::exhibit::{By, Exhibit, Find};
use crate::matrix::{Cell, LawRow, Row};
use crate::suite::Suite;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use selvedge::{Bound, Law, Report, Row as Question, Verdict};

const WIDTH: u16 = 140;

/// Everything, as `verify` prints it.
pub fn suite(suite: &Suite) -> String {
    let mut text = String::new();
    if !suite.scenarios.is_empty() {
        text += "Scenarios by engine: verdict and executions; states and seconds; workers x jobs, buffers\n";
        text += &format!("{}\n\n", scenarios(&suite.scenarios));
        text += "Laws by engine: executions on which each was on\n";
        text += &format!("{}\n", laws(&suite.laws));
        text += "A `-` is a law that no scenario of the pattern asks for, or that the engine cannot see. \
                 IncompleteShutdown and\nDuplicateItem are judged where a scenario declares its shutdown \
                 complete, or a record of distinct values.\n\n";
    }
    if !suite.gallery.is_empty() {
        text += "Gallery: executions until each engine finds what it must find. Where it finds another law first, \
                 or none, it says so\n";
        text += &format!("{}\n", gallery(&suite.gallery));
        text += "A `--` is a shape that the engine is not meant for; `not built` needs --features loom.\n\n";
    }
    if !suite.checklist.is_empty() {
        text += "Checklist: for each row and pattern, the laws that judge it, in how many scenarios and on how \
                 many executions, and the\nwrong variants that were caught for it\n";
        text += &format!("{}\n", checklist(&suite.checklist));
        text += "A law after a `+` is not the row's own, but it catches a wrong variant of that row. \
                 Panic is a scenario's assertion.\n\n";
    }
    for problem in &suite.problems {
        text += &format!("WRONG: {problem}\n\n");
    }
    text + &suite.summary()
}

/// A table with a header; all columns but the first few are numbers.
pub(crate) fn table(header: Vec<String>, texts: usize, rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(texts) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn scenarios(rows: &[Row]) -> Table {
    let header = ["claim".into()].into_iter().chain(Column::ALL.iter().map(Column::to_string));
    let rows = rows.iter().map(|row| {
        let statements: Vec<String> = row.statements.iter().map(u8::to_string).collect();
        let name = row.name.replace('_', " ");
        let claim =
            format!("{}: {name} ({})", row.pattern.replace('_', " "), statements.join(", "));
        [claim].into_iter().chain(row.cells.iter().map(cell)).collect()
    });
    table(header.collect(), 1, rows.collect())
}

fn cell(cell: &Cell) -> String {
    let run = match cell {
        Cell::Ran(run) => run,
        Cell::NotMeant => return "--".into(),
        Cell::NotBuilt => return "-- (build with\n--features loom)".into(),
    };
    let mut off = String::new();
    if !run.off.is_empty() {
        off = "WRONG\n".into();
    }
    let states: u64 = run.reports.iter().map(|r| r.coverage.states).sum();
    let states = match states {
        0 => String::new(),
        n => format!("{} st ", thousands(n)),
    };
    // Where there are several reports, the worst comes first.
    let report = run.reports.iter().find(|r| !r.passed()).unwrap_or(&run.reports[0]);
    format!(
        "{off}{} {}\n{states}{:.2} s\n{}",
        verdict(report),
        thousands(run.executions()),
        run.seconds(),
        run.shape
    )
}

/// A verdict in a word or two.
fn verdict(report: &Report) -> String {
    match &report.verdict {
        Verdict::Proved => "proved".into(),
        Verdict::Bounded(Bound::Preemptions(n)) => format!("bounded (preempt <= {n})"),
        Verdict::Bounded(bound) => format!("bounded ({bound})"),
        Verdict::Sampled(_) => "sampled".into(),
        Verdict::Violated(violations) => violations[0].law.to_string(),
        Verdict::Failed(_) => "NOT CHECKED".into(),
    }
}

fn laws(rows: &[LawRow]) -> Table {
    let columns = Column::ALL.iter().map(Column::to_string);
    let header = ["pattern".into(), "law".into()].into_iter().chain(columns);
    let header = header.chain(["verdict".into()]).collect();
    let rows = rows.iter().map(|row| {
        let judged = row.judged.iter().map(|n| match n {
            0 => "-".into(),
            n => thousands(*n),
        });
        let verdict = match (&row.broken_by[..], row.judged.iter().sum::<u64>()) {
            ([], 0) => "not judged".into(),
            ([], _) => "holds".into(),
            (scenarios, _) => format!("BROKEN by {}", scenarios.join(", ")),
        };
        let start = [row.pattern.to_owned(), row.law.to_string()].into_iter();
        start.chain(judged).chain([verdict]).collect()
    });
    table(header, 2, rows.collect())
}

fn gallery(rows: &[Exhibit]) -> Table {
    let header = ["program", "must be"].into_iter().chain(engines()).chain(["so"]);
    let cells = rows.iter().map(|row| {
        let expected = row.expected.map_or("silent".into(), |law| law.to_string());
        let so = match (row.off.is_empty(), row.expected) {
            (true, Some(_)) => "caught",
            (true, None) => "silent",
            (false, _) => "WRONG",
        };
        let start = [row.id.clone(), expected].into_iter();
        let finds = row.finds.iter().map(|found| find(found, row.expected));
        start.chain(finds).chain([so.into()]).collect()
    });
    let mut table = table(header.map(str::to_owned).collect(), 2, cells.collect());
    // A variant's name is what `verify -- gallery` is asked for: it is not broken. A space on either side.
    let variants = rows.iter().filter(|row| row.expected.is_some());
    let longest = variants.map(|row| row.id.len() as u16 + 2).max().unwrap_or(0);
    let names = table.column_mut(0).expect("the first column");
    names.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(longest)));
    table
}

fn engines() -> impl Iterator<Item = &'static str> {
    By::ALL.iter().map(|by| match by {
        By::Explore => "explore",
        By::Loom => "loom",
        By::Sample => "random walk",
        By::Pct => "PCT",
    })
}

fn find(find: &Find, expected: Option<Law>) -> String {
    let report = match find {
        Find::Report(report) => report,
        Find::NotMeant => return "--".into(),
        Find::NotBuilt => return "not built".into(),
    };
    let executions = thousands(report.coverage.executions);
    match &report.verdict {
        Verdict::Violated(violations) if Some(violations[0].law) == expected => executions,
        _ => format!("{} {executions}", verdict(report)),
    }
}

/// A line a row, with its laws, and one a pattern below it.
fn checklist(lines: &[Line]) -> Table {
    let engines = Executions::default().each().map(|(name, _)| name);
    let header = ["row", "laws", "scenarios"].into_iter().chain(engines).chain(["caught"]);
    let mut rows = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        if i == 0 || lines[i - 1].row != line.row {
            let laws = own(line.row).map(|law| law.to_string()).collect::<Vec<_>>().join(", ");
            let laws = if laws.is_empty() { "none of its own".into() } else { laws };
            rows.push(vec![line.row.to_string().to_uppercase(), laws]);
        }
        let count = |n: u64| if n == 0 { "-".into() } else { thousands(n) };
        let start = [format!("  {}", line.pattern), laws_of(line), count(line.scenarios as u64)];
        let executions = line.executions.each().map(|(_, n)| count(n));
        let caught =
            if line.caught.is_empty() { "no variant".into() } else { line.caught.join(", ") };
        rows.push(start.into_iter().chain(executions).chain([caught]).collect());
    }
    let mut table = table(header.map(str::to_owned).collect(), 2, rows);
    let caught = table.column_mut(7).expect("the last column");
    caught.set_cell_alignment(CellAlignment::Left);
    table
}

fn own(row: Question) -> impl Iterator<Item = Law> {
    Law::ALL.iter().copied().filter(move |law| law.row() == row)
}

/// The laws of a line, by how they differ from the row's own.
fn laws_of(line: &Line) -> String {
    let names = |sign: &str, laws: &mut dyn Iterator<Item = Law>| {
        let names: Vec<_> = laws.map(|law| law.to_string()).collect();
        if names.is_empty() { None } else { Some(format!("{sign} {}", names.join(", "))) }
    };
    let on = |law: &Law| line.laws.contains(law);
    let all = own(line.row).any(|law| on(&law)).then(|| "all".to_owned());
    let off = all.as_ref().and_then(|_| names("but", &mut own(line.row).filter(|law| !on(law))));
    let more = names("+", &mut line.laws.iter().copied().filter(|law| law.row() != line.row));
    let parts: Vec<_> = [all, off, more].into_iter().flatten().collect();
    if parts.is_empty() { "none".into() } else { parts.join(" ") }
}

/// `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
