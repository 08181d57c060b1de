//! What the report says, before it is HTML or Markdown.

use super::plot::{Line, Panel, Scale, figure, time};
use super::read::{Point, Results};
use super::recommend::recommend;
use crate::load::{Consumer, Cost, Load, Producer};
use crate::point::{Question, Timed};
use std::collections::BTreeMap;

/// A table; cells are plain text.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its columns.
    pub head: Vec<String>,
    /// Its rows; the first cell names the row.
    pub rows: Vec<Vec<String>>,
}

/// A part of the page.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// Text.
    Text(String),
    /// A table.
    Table(Table),
    /// A figure: the name of its file, what it shows, and the SVG.
    Figure(String, String, String),
}

/// The whole report.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its parts, top to bottom.
    pub blocks: Vec<Block>,
}

const RULE: &str = "Rule: the smallest capacity whose throughput is within 5 % of the best of its case that \
    has a bound, as far as its 95 % interval tells, and whose 99th percentile of latency is at most twice the \
    least among those. Of a drain: the largest that stops within 100 ms. The reasons are made from the \
    numbers; \"bytes\" are the most held at once.";
const HOW: &str = "Each buffer of the pattern has the capacity given. \"unbounded\" is a buffer that takes \
    the whole run. Throughput is criterion's median, with every probe off; latency is from producer to \
    consumer, and of a bursty producer from the start of the burst, so that a wait for room counts. Items \
    held are those between producer and consumer, in buffers, in hands and in work. Bytes held are heap. An \
    unbounded drain has what is left of its run, which is less than 1024 items.";

impl Page {
    /// Says everything about `results`.
    pub fn new(results: &Results) -> Page {
        let mut page = Page { blocks: Vec::new() };
        page.machine(results);
        let capacity = |point: &&Point| point.side.question == Question::Capacity;
        let patterns = group(results.points.iter().filter(capacity), |p| p.side.pattern.clone());
        if !patterns.is_empty() {
            page.recommendations(&patterns);
        }
        let prices =
            group(results.points.iter().filter(|p| !capacity(p)), |p| p.side.pattern.clone());
        if !prices.is_empty() {
            page.prices(&prices);
        }
        for (pattern, points) in &patterns {
            page.pattern(pattern, points);
        }
        page
    }

    fn machine(&mut self, results: &Results) {
        let machine = &results.machine;
        self.blocks.push(Block::Heading("Benchmarks".into()));
        self.blocks.push(Block::Text(format!(
            "{}; {}; commit {}; {} profile; {} points. A job of a nominal microsecond took {} ns here.",
            machine.cpu,
            machine.rustc,
            machine.commit,
            machine.profile,
            results.points.len(),
            machine.us_ns
        )));
        if machine.profile != "full" {
            self.blocks.push(Block::Text(
                "The quick profile is for a look: differences of 10 % are noise.".into(),
            ));
        }
    }

    fn recommendations(&mut self, patterns: &[(String, Vec<&Point>)]) {
        self.blocks.push(Block::Heading("Recommended capacities".into()));
        self.blocks.push(Block::Text(RULE.into()));
        let mut rows = Vec::new();
        for (pattern, points) in patterns {
            for (_, case) in cases(points) {
                if let Some(found) = recommend(&case) {
                    let (case, capacity) = (label(&case[0].side.load), found.capacity.to_string());
                    rows.push(vec![pattern.clone(), case, capacity, found.reason]);
                }
            }
        }
        self.table(&["pattern", "case", "capacity", "why"], rows);
    }

    fn prices(&mut self, prices: &[(String, Vec<&Point>)]) {
        self.blocks.push(Block::Heading("What a pattern costs".into()));
        self.blocks.push(Block::Text(
            "The same work in the same run. Time is of one item, start to end, with its share of the \
             start and the stop; against bare: how much longer than the bare tokio that the pattern \
             replaces: workers on the same kind of queue, a JoinSet, a chain of mpsc channels, a semaphore, a \
             TaskTracker with a token. Allocations are for one item. \"lacks\" is what it leaves out that \
             the pattern does: what a guarantee costs is between two rows of which one lacks it."
                .into(),
        ));
        for (pattern, points) in prices {
            let mut rows = Vec::new();
            for (cost, points) in group(points.iter().copied(), |p| p.side.load.cost) {
                let bare = points.iter().find(|point| who(point).0 == "bare").copied();
                for point in points {
                    let (who, lacks) = who(point);
                    let against = bare.map_or("-".into(), |bare| {
                        format!("{:+.0} %", (point.item_ns() / bare.item_ns() - 1.0) * 100.0)
                    });
                    let allocations = format!("{:.2}", point.side.seen.allocations_per_item);
                    let item = time(point.item_ns());
                    let cost = cost.name().to_string();
                    rows.push(vec![who, cost, item, against, allocations, lacks]);
                }
            }
            let name = pattern.strip_prefix("price_").unwrap_or(pattern).replace('_', " ");
            self.blocks.push(Block::Text(format!("{name}:")));
            self.table(&["who", "job", "time", "against bare", "allocations", "lacks"], rows);
        }
    }

    fn pattern(&mut self, pattern: &str, points: &[&Point]) {
        self.blocks.push(Block::Heading(pattern.replace('_', " ")));
        if self.blocks.iter().all(|block| !matches!(block, Block::Figure(..))) {
            self.blocks.push(Block::Text(HOW.into()));
        }
        let all = cases(points);
        for (name, what, chosen) in figures(&all) {
            let panels = [main_panel(&chosen), tail_panel(&chosen)];
            let file = format!("{pattern}_{name}.svg");
            let words = format!("{}: {what}", pattern.replace('_', " "));
            self.blocks.push(Block::Figure(file, words, figure(&panels)));
        }
        let mut rows = Vec::new();
        for (_, case) in &all {
            for point in case {
                let seen = &point.side.seen;
                let main = match point.side.timed {
                    Timed::Items => rate(point.throughput()),
                    Timed::Stop => time(point.time_ns),
                };
                let last = match point.side.timed {
                    Timed::Items => seen.held_max,
                    Timed::Stop => seen.in_flight,
                };
                rows.push(vec![
                    label(&point.side.load),
                    capacity(point.side.load.capacity),
                    main,
                    time(seen.p50_ns as f64),
                    time(seen.p99_ns as f64),
                    time(seen.max_ns as f64),
                    last.to_string(),
                    bytes(seen.bytes_max),
                ]);
            }
        }
        let (main, last) = match points[0].side.timed {
            Timed::Items => ("throughput", "items held"),
            Timed::Stop => ("time to stop", "in flight when told"),
        };
        self.table(&["case", "capacity", main, "p50", "p99", "max", last, "bytes held"], rows);
    }

    fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        let head = head.iter().map(|cell| cell.to_string()).collect();
        self.blocks.push(Block::Table(Table { head, rows }));
    }
}

type Case<'a> = (String, Vec<&'a Point>);

/// Points by a key, in its order.
fn group<'a, K: Ord>(
    points: impl Iterator<Item = &'a Point>,
    key: impl Fn(&Point) -> K,
) -> Vec<(K, Vec<&'a Point>)> {
    let mut groups: BTreeMap<K, Vec<&Point>> = BTreeMap::new();
    points.for_each(|point| groups.entry(key(point)).or_default().push(point));
    groups.into_iter().collect()
}

/// The cases of a pattern: cheap jobs first.
fn cases<'a>(points: &[&'a Point]) -> Vec<Case<'a>> {
    let mut cases = group(points.iter().copied(), |point| point.side.load.name());
    cases.sort_by_key(|(name, points)| {
        let load = points[0].side.load;
        (load.cost, load.workers, name.clone())
    });
    cases
}

/// Which cases go together: by job; then, each with what it is compared to, by workers, and by producer
/// and consumer.
fn figures<'a>(cases: &[Case<'a>]) -> Vec<(&'static str, &'static str, Vec<Case<'a>>)> {
    let plain = |load: &Load| load.producer == Producer::Steady && load.consumer == Consumer::Fast;
    // Two workers, in a pattern that has any.
    let usual = if cases.iter().any(|case| case.1[0].side.load.workers == 2) { 2 } else { 1 };
    let is_base = |load: &Load| plain(load) && load.workers == usual;
    let with_base = |wanted: &dyn Fn(&Load) -> bool| {
        let costs: Vec<_> = cases
            .iter()
            .map(|case| case.1[0].side.load)
            .filter(|load| wanted(load))
            .map(|load| load.cost)
            .collect();
        let chosen = cases.iter().filter(|case| {
            let load = case.1[0].side.load;
            wanted(&load) || (is_base(&load) && costs.contains(&load.cost))
        });
        if costs.is_empty() { Vec::new() } else { chosen.cloned().collect::<Vec<_>>() }
    };
    let jobs = cases.iter().filter(|case| is_base(&case.1[0].side.load)).cloned().collect();
    [
        ("jobs", "by what a job costs", jobs),
        ("workers", "by workers", with_base(&|l| plain(l) && l.workers != usual)),
        ("flow", "by producer and consumer", with_base(&|l| !plain(l))),
    ]
    .into_iter()
    .filter(|(_, _, chosen)| !chosen.is_empty())
    .collect()
}

fn main_panel(cases: &[Case<'_>]) -> Panel {
    let timed = cases[0].1[0].side.timed;
    let line = |(_, points): &Case<'_>| {
        let best = points.iter().map(|point| point.throughput()).fold(0.0, f64::max);
        let share = |time_ns: f64, point: &Point| {
            point.side.load.items as f64 * 1e9 / time_ns / best * 100.0
        };
        let value = |point: &&Point| {
            let capacity = point.side.load.capacity;
            let (low, high) = point.time_ns_interval;
            match timed {
                Timed::Items => (
                    capacity,
                    share(point.time_ns, point),
                    Some((share(high, point), share(low, point).min(105.0))),
                ),
                Timed::Stop => (capacity, point.time_ns, Some((low, high))),
            }
        };
        let load = &points[0].side.load;
        let label = match timed {
            Timed::Items => format!("{} (best: {})", label(load), rate(best)),
            Timed::Stop => label(load),
        };
        Line { label, points: points.iter().map(value).collect() }
    };
    let lines = cases.iter().map(line).collect();
    match timed {
        Timed::Items => Panel {
            title: "throughput, % of the best of its case".into(),
            scale: Scale::Percent,
            lines,
        },
        Timed::Stop => Panel { title: "time to stop".into(), scale: Scale::Time, lines },
    }
}

fn tail_panel(cases: &[Case<'_>]) -> Panel {
    let line = |(_, points): &Case<'_>| Line {
        label: String::new(),
        points: points
            .iter()
            .map(|point| (point.side.load.capacity, point.side.seen.p99_ns as f64, None))
            .collect(),
    };
    Panel {
        title: "latency, 99th percentile".into(),
        scale: Scale::Time,
        lines: cases.iter().map(line).collect(),
    }
}

fn who(point: &Point) -> (String, String) {
    match &point.side.question {
        Question::Price { who, lacks } => (who.replace('_', " "), lacks.clone()),
        Question::Capacity => unreachable!("only prices are compared"),
    }
}

/// A load's name, for a reader.
fn label(load: &Load) -> String {
    let job = match load.cost {
        Cost::Free => "no job",
        Cost::Us1 => "1 µs",
        Cost::Us20 => "20 µs",
        Cost::Wait => "waits 1 ms",
    };
    let plural = if load.workers == 1 { "" } else { "s" };
    let producer = if load.producer == Producer::Bursty { ", bursty" } else { "" };
    let consumer = if load.consumer == Consumer::Slow { ", slow consumer" } else { "" };
    format!("{job}, {} worker{plural}{producer}{consumer}", load.workers)
}

fn capacity(capacity: Option<usize>) -> String {
    capacity.map_or("unbounded".into(), |n| n.to_string())
}

fn rate(per_second: f64) -> String {
    match per_second {
        n if n >= 1e6 => format!("{:.2} M/s", n / 1e6),
        n if n >= 1e3 => format!("{:.1} k/s", n / 1e3),
        n => format!("{n:.0} /s"),
    }
}

fn bytes(n: u64) -> String {
    match n {
        n if n >= 1 << 20 => format!("{:.1} MiB", n as f64 / (1 << 20) as f64),
        n if n >= 1 << 10 => format!("{:.1} KiB", n as f64 / 1024.0),
        n => format!("{n} B"),
    }
}
