//! Lanes on paper: a column a task, a row an operation, reason and place at the right margin.
//!
//! One row has one operation, so where lanes are narrow its text runs on over the lanes to its right.

use super::rows::{Row, Told};
use crate::replay::Replayed;
use std::fmt::Write;

/// Columns of a line.
const WIDTH: usize = 120;
/// Before the lanes: the step.
const LEFT: usize = 8;
/// Narrowest lane, and the room for the text of the last one where lanes are narrow.
const LANE_MIN: usize = 6;
const LAST_LANE: usize = 34;
/// Narrowest lane that has the name of its task.
const TITLE_MIN: usize = 14;
/// Widest name of a task, reason, and place.
const NAME_MAX: usize = 24;
const WHY_MAX: usize = 32;
const PLACE_MAX: usize = 26;

/// What a task is doing between its operations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bar {
    NotYet,
    Runs,
    Waits,
    Ended,
}

impl Bar {
    fn sign(self) -> char {
        match self {
            Bar::NotYet | Bar::Ended => ' ',
            Bar::Runs => '|',
            Bar::Waits => '.',
        }
    }
}

pub(super) fn lay_out(replayed: &Replayed, told: &Told) -> String {
    let lanes = Lanes::new(replayed, told);
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    let cells = || lanes.tasks.iter().zip(&lanes.widths);
    let titles = cells().fold(String::new(), |row, (t, width)| {
        let room = width - 1;
        // A name of a few letters says nothing; the legend has it.
        let title = if room < TITLE_MIN { format!("T{t}") } else { title(replayed, *t) };
        row + &format!("{:<width$}", clip(&title, room))
    });
    line(format!("{:>6}  {titles}", "step"));
    let places = cells().fold(String::new(), |row, (t, width)| {
        let place = place(&replayed.tasks[*t].site.0);
        let line = place.rfind(':').map_or(0, |i| i);
        let fits = place.chars().count() < *width;
        row + &format!("{:<width$}", if fits { &place } else { &place[line..] })
    });
    line(format!("{:>6}  {places}", ""));
    let mut bars = vec![Bar::NotYet; lanes.tasks.len()];
    let mut step_before = None;
    for row in &told.rows {
        match row {
            Row::Gap(n) => line(format!("{:>6}  ... {n} more operations", "")),
            Row::Time(now) => {
                line(format!("{:>6}  --- time passes to {} ---", "", super::words::time(*now)))
            }
            Row::Did { step, task, what, why, at, waits, ends } => {
                let Some(lane) = lanes.tasks.iter().position(|t| t == task) else { continue };
                let number =
                    if step_before == Some(*step) { String::new() } else { step.to_string() };
                step_before = Some(*step);
                let cells = lanes.row(lane, what, &bars);
                let (why_width, room) = (lanes.why, lanes.room);
                let why = clip(why, why_width);
                let at = place(&at.0);
                line(format!("{number:>6}  {cells:<room$}  {why:<why_width$}  {at}"));
                bars[lane] = match (waits, ends) {
                    (_, true) => Bar::Ended,
                    (true, _) => Bar::Waits,
                    _ => Bar::Runs,
                };
            }
        }
    }
    text.push('\n');
    legend(replayed, told, &lanes, &mut text);
    text
}

/// Columns.
struct Lanes {
    tasks: Vec<usize>,
    widths: Vec<usize>,
    /// Of all lanes together.
    room: usize,
    why: usize,
}

impl Lanes {
    fn new(replayed: &Replayed, told: &Told) -> Self {
        let tasks = told.tasks.clone();
        let (mut why_width, mut place_width) = (0, 0);
        let header = |t: &usize| {
            let site = place(&replayed.tasks[*t].site.0).chars().count();
            title(replayed, *t).chars().count().min(NAME_MAX).max(site)
        };
        let mut texts = vec![0; tasks.len()];
        for row in &told.rows {
            let Row::Did { task, what, why, at, .. } = row else { continue };
            why_width = why_width.max(why.chars().count()).min(WHY_MAX);
            place_width = place_width.max(place(&at.0).chars().count());
            if let Some(lane) = tasks.iter().position(|t| t == task) {
                texts[lane] = texts[lane].max(what.chars().count());
            }
        }
        let wanted: Vec<usize> =
            tasks.iter().zip(&texts).map(|(t, text)| header(t).max(*text) + 2).collect();
        let room_max = WIDTH - LEFT - why_width - place_width - 4;
        let widths = share(wanted, room_max);
        let room = widths.iter().sum::<usize>();
        Lanes { tasks, widths, room, why: why_width }
    }

    /// The text in its lane, and over the lanes to the right as far as it goes; bars elsewhere.
    fn row(&self, lane: usize, what: &str, bars: &[Bar]) -> String {
        let mut row = vec![' '; self.room];
        let starts = self.widths.iter().scan(0, |column, width| {
            *column += width;
            Some(*column - width)
        });
        let starts: Vec<usize> = starts.collect();
        for (start, bar) in starts.iter().zip(bars) {
            row[*start] = bar.sign();
        }
        let what = clip(what, self.room - starts[lane]);
        // A blank after it, where a bar would follow.
        for (cell, c) in row[starts[lane]..].iter_mut().zip(what.chars().chain([' '])) {
            *cell = c;
        }
        row.into_iter().collect()
    }
}

/// The lanes as wide as they want, or, where there is not the room, each its share. The last one gets more:
/// its text cannot run on.
fn share(mut wanted: Vec<usize>, room: usize) -> Vec<usize> {
    if wanted.iter().sum::<usize>() <= room {
        return wanted;
    }
    let Some((last, others)) = wanted.split_last_mut() else { return wanted };
    *last = (*last).min(LAST_LANE.max(room / (others.len() + 1)));
    let mut left = room.saturating_sub(*last);
    // What a lane does not want, the next ones have.
    let mut by_want: Vec<&mut usize> = others.iter_mut().collect();
    by_want.sort_by_key(|w| **w);
    let n = by_want.len();
    for (i, width) in by_want.into_iter().enumerate() {
        *width = (*width).min((left / (n - i)).max(LANE_MIN));
        left = left.saturating_sub(*width);
    }
    *last = (*last).min(room - others.iter().sum::<usize>());
    wanted
}

/// `T1 worker#1`: without modules, which the report has.
fn title(replayed: &Replayed, t: usize) -> String {
    let name = &replayed.tasks[t].name;
    let mut cuts = name.rmatch_indices("::").map(|(i, _)| i + 2);
    let last = cuts.next().unwrap_or(0);
    // The type of a method says more than the method.
    let of_type = cuts.next().unwrap_or(0);
    let is_type = name[of_type..].starts_with(char::is_uppercase);
    format!("T{t} {}", &name[if is_type { of_type } else { last }..])
}

/// What the short names stand for, and what is not shown.
fn legend(replayed: &Replayed, told: &Told, lanes: &Lanes, text: &mut String) {
    for (t, width) in lanes.tasks.iter().zip(&lanes.widths) {
        let task = &replayed.tasks[*t];
        let title = title(replayed, *t);
        let longest = title.chars().count().max(place(&task.site.0).chars().count());
        if longest >= *width {
            let short = format!("T{t}");
            let _ =
                writeln!(text, "  {short:<4} {}, spawned at {}", task.name, place(&task.site.0));
        }
    }
    let mut names: Vec<_> = told.handles.names.iter().collect();
    names.sort_by_key(|(_, name)| (name.as_bytes()[0], name.len(), *name));
    for (object, name) in names {
        let object = &replayed.objects[*object];
        let what = object.what.replace(&object.site.0, &place(&object.site.0));
        let _ = writeln!(text, "  {name:<4} {what}");
    }
    if lanes.tasks.len() > 1 {
        let _ = writeln!(text, "  {:<4} can go on; {} waits", Bar::Runs.sign(), Bar::Waits.sign());
    }
    let mut left_out = Vec::new();
    let tasks = replayed.tasks.len() - lanes.tasks.len();
    if tasks > 0 {
        left_out.push(counted(tasks, "task"));
    }
    if told.untold > 0 {
        left_out.push(counted(told.untold, "operation"));
    }
    if !left_out.is_empty() {
        let _ = writeln!(text, "  left out: {}", left_out.join(" and "));
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} other {what}{}", if n == 1 { "" } else { "s" })
}

/// A place without the folders far above it.
fn place(place: &str) -> String {
    let mut cuts = place.rmatch_indices(['/', '\\']).map(|(i, _)| i + 1);
    let short = cuts.nth(1).map_or(place, |i| &place[i..]);
    let (length, file) = (short.chars().count(), short.rsplit(['/', '\\']).next());
    let short = if length > PLACE_MAX { file.unwrap_or(short) } else { short };
    let length = short.chars().count();
    match length > PLACE_MAX {
        // The line number is at the end.
        true => std::iter::once('…').chain(short.chars().skip(length + 1 - PLACE_MAX)).collect(),
        false => short.to_owned(),
    }
}

fn clip(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_have_what_they_want_or_share_what_there_is() {
        assert_eq!(share(vec![20, 30], 50), [20, 30]);
        assert_eq!(share(vec![10, 40, 40], 70), [10, 26, 34]);
        // As little room as reasons and places leave.
        assert_eq!(share(vec![40; 6], 50), [6, 6, 6, 6, 6, 20]);
        assert_eq!(share(vec![90], 50), [50]);
    }

    #[test]
    fn a_place_keeps_its_line_however_long_its_path() {
        assert_eq!(place("src/a.rs:1"), "src/a.rs:1");
        assert_eq!(place("/home/me/crate/src/pool.rs:12"), "src/pool.rs:12");
        assert_eq!(place("tests/a_name_that_goes_on.rs:12"), "a_name_that_goes_on.rs:12");
        assert_eq!(place("a_name_that_goes_on_and_on.rs:12"), "…that_goes_on_and_on.rs:12");
    }
}
