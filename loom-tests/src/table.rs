//! Size, speed and memory of the search, on the production pool: the figures of the design, measured.

use crate::progress::Progress;
use crate::scenario::{Root, Shape, shape};
use crate::scenarios::worker_pool::{cancelled_flow, equal_workers, plain_flow};
use crate::show::{self, thousands};
use selvedge::{Check, Grain, Limits, Report, Verdict};
use serde::Serialize;
use std::time::Duration;

/// One line of the table.
#[derive(Clone, Copy)]
pub struct Line {
    /// The flow.
    pub what: &'static str,
    /// Its program.
    pub root: fn(Shape) -> Root,
    /// Where tasks interleave.
    pub grain: Grain,
    /// How large.
    pub shape: Shape,
    /// Executions that the prototype took, on a pool of its own that is smaller.
    pub prototype: Option<u64>,
}

const PLAIN: &str = "plain";
const CANCELLED: &str = "own producer + canceller";

const fn plain(grain: Grain, shape: Shape, prototype: u64) -> Line {
    Line { what: PLAIN, root: plain_flow, grain, shape, prototype: Some(prototype) }
}

const fn cancelled(grain: Grain, shape: Shape, prototype: u64) -> Line {
    Line { what: CANCELLED, root: cancelled_flow, grain, shape, prototype: Some(prototype) }
}

/// All lines, small ones first.
pub const LINES: &[Line] = &[
    plain(Grain::Operation, shape(1, 1, 1), 15),
    plain(Grain::Operation, shape(2, 2, 2), 521),
    cancelled(Grain::Operation, shape(2, 2, 2), 5_177),
    cancelled(Grain::Operation, shape(2, 3, 2), 21_783),
    cancelled(Grain::Operation, shape(3, 3, 2), 265_882),
    cancelled(Grain::Operation, shape(3, 4, 2), 2_086_813),
    plain(Grain::Poll, shape(2, 2, 2), 17),
    cancelled(Grain::Poll, shape(2, 2, 2), 305),
    cancelled(Grain::Poll, shape(2, 3, 2), 717),
    cancelled(Grain::Poll, shape(3, 3, 2), 3_125),
    cancelled(Grain::Poll, shape(3, 4, 2), 1_355),
    cancelled(Grain::Poll, shape(4, 6, 2), 196_465),
];

/// One line, measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The flow.
    pub what: &'static str,
    /// Where tasks interleave.
    pub grain: String,
    /// How large.
    pub shape: Shape,
    /// The search.
    pub report: Report,
    /// Executions that the prototype took.
    pub prototype: Option<u64>,
    /// Most resident memory of the process so far, in bytes; `None` where the system does not say.
    pub peak_bytes: Option<u64>,
}

impl Line {
    /// Searches it.
    pub fn measure(&self, time: Duration) -> Measured {
        let limits = Limits { time, ..Limits::default() };
        let name = format!("{}, {}", self.what, self.shape);
        let check = equal_workers(Check::new(&name)).grain(self.grain).limits(limits);
        let (root, shape) = (self.root, self.shape);
        Measured {
            what: self.what,
            grain: self.grain.to_string(),
            shape,
            report: check.explore(move || root(shape)),
            prototype: self.prototype,
            peak_bytes: peak_bytes(),
        }
    }
}

/// Searches every line whose shape, flow or grain has `filter` in it; each may take so long.
pub fn measure(filter: &str, time: Duration, tell: bool) -> Vec<Measured> {
    let name = |line: &Line| format!("{} {} {}", line.what, line.grain, line.shape);
    let lines: Vec<_> = LINES.iter().filter(|line| name(line).contains(filter)).collect();
    let mut progress = if tell { Progress::new(lines.len()) } else { Progress::silent() };
    let measured = lines.into_iter().map(|line| {
        progress.step(&name(line));
        line.measure(time)
    });
    let measured = measured.collect();
    progress.end();
    measured
}

/// Whether every search came to its end and found nothing.
pub fn complete(lines: &[Measured]) -> bool {
    !lines.is_empty() && lines.iter().all(|line| line.report.verdict == Verdict::Proved)
}

/// The table, for people.
pub fn show(lines: &[Measured]) -> String {
    let header = [
        "flow",
        "grain",
        "shape",
        "verdict",
        "executions",
        "prototype",
        "states",
        "outcomes",
        "seconds",
        "executions/s",
        "bytes/state",
        "peak MB",
    ];
    let rows = lines.iter().map(|line| {
        let c = &line.report.coverage;
        let per =
            |a: u64, b: f64| if b > 0.0 { thousands((a as f64 / b) as u64) } else { "-".into() };
        let verdict = match &line.report.verdict {
            Verdict::Proved => "proved".into(),
            Verdict::Bounded(bound) => format!("bounded ({bound})"),
            _ => "WRONG".to_string(),
        };
        vec![
            line.what.to_owned(),
            line.grain.clone(),
            line.shape.to_string(),
            verdict,
            thousands(c.executions),
            line.prototype.map_or("-".into(), thousands),
            thousands(c.states),
            thousands(c.outcomes),
            format!("{:.3}", c.seconds),
            per(c.executions, c.seconds),
            per(c.table_bytes, c.states as f64),
            line.peak_bytes.map_or("-".into(), |bytes| thousands(bytes >> 20)),
        ]
    });
    let header = header.map(str::to_owned).to_vec();
    show::table(header, 4, rows.collect()).to_string()
}

/// The most memory that this process ever held, where Linux tells.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}
