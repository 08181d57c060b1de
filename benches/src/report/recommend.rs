//! Which capacity, by a stated rule, and why in a sentence made of the numbers.

use super::plot::time;
use super::read::Point;
use crate::point::Timed;

/// How far below the best throughput is still as good: what a quiet machine tells apart.
const CLOSE: f64 = 0.95;
/// How much longer than the least 99th percentile among those is still as good.
const PATIENCE: f64 = 2.0;
/// How long a drain may take, in nanoseconds: a restart that nobody notices.
const STOP_NS: f64 = 100e6;

/// A capacity with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// Always a bound: what a queue without one may hold is nobody's choice.
    pub capacity: usize,
    /// In a sentence.
    pub reason: String,
}

/// Which capacity for one case, whose points these are, by capacity; `None` where no rule chooses one.
pub fn recommend(points: &[&Point]) -> Option<Recommendation> {
    match points.first()?.side.timed {
        Timed::Items => knee(points),
        Timed::Stop => drain(points),
    }
}

/// The largest capacity that stops within 100 ms, as far as its interval of 95 % tells.
fn drain(points: &[&Point]) -> Option<Recommendation> {
    let points = bounded(points);
    let ((least, first), (most, last)) = (*points.first()?, *points.last()?);
    let (capacity, _) =
        *points.iter().rev().find(|(_, point)| point.time_ns_interval.1 <= STOP_NS)?;
    let items = last.side.seen.in_flight.saturating_sub(first.side.seen.in_flight).max(1);
    let each = (last.time_ns - first.time_ns).max(0.0) / items as f64;
    let (each, first, last) = (time(each), time(first.time_ns), time(last.time_ns));
    let reason = format!("{each} for each item in flight: {first} at {least}, {last} at {most}");
    Some(Recommendation { capacity, reason })
}

/// The smallest capacity whose throughput is within 5 % of the best that has a bound, as far as its interval
/// of 95 % tells, and whose 99th percentile of latency is at most twice the least among those.
fn knee(points: &[&Point]) -> Option<Recommendation> {
    let unbounded = points.iter().find(|point| point.side.load.capacity.is_none());
    let points = bounded(points);
    let best = points.iter().map(|(_, point)| point.throughput()).reduce(f64::max)?;
    let close = points.iter().filter(|(_, point)| point.throughput_at_best() >= CLOSE * best);
    let close: Vec<_> = close.collect();
    let least = close.iter().map(|(_, point)| point.side.seen.p99_ns).min()?;
    let short = |(_, p): &&&(usize, &Point)| p.side.seen.p99_ns as f64 <= PATIENCE * least as f64;
    let (capacity, chosen) = **close.iter().find(short)?;

    let gain = |point: &Point| (point.throughput() / chosen.throughput() - 1.0) * 100.0;
    let mut parts = Vec::new();
    match points.iter().rfind(|(n, _)| *n < capacity) {
        Some((n, below)) => parts.push(format!("{:+.0} % at {n}", gain(below))),
        None => parts.push("the smallest is as good".into()),
    }
    match points.iter().max_by(|a, b| a.1.throughput().total_cmp(&b.1.throughput())) {
        Some((n, best)) if *n > capacity => {
            let gain = gain(best).max(0.0);
            // Chosen all the same, because its interval reaches that far.
            let noise = if gain > (1.0 / CLOSE - 1.0) * 100.0 { ", within the noise" } else { "" };
            parts.push(format!("at most {gain:+.0} % beyond (at {n}{noise})"));
        }
        _ => parts.push("nothing to gain beyond".into()),
    }
    if let Some(unbounded) = unbounded {
        let times = |a: u64, b: u64| a as f64 / b.max(1) as f64;
        let (a, b) = (&unbounded.side.seen, &chosen.side.seen);
        parts.push(format!(
            "unbounded: {:+.0} %, {:.1} times the bytes, a p99 {:.1} times as long",
            gain(unbounded),
            times(a.bytes_max, b.bytes_max),
            times(a.p99_ns, b.p99_ns)
        ));
    }
    Some(Recommendation { capacity, reason: parts.join("; ") })
}

/// Those that have a bound, with it.
fn bounded<'a>(points: &[&'a Point]) -> Vec<(usize, &'a Point)> {
    points.iter().filter_map(|point| Some((point.side.load.capacity?, *point))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Cost, Load};
    use crate::point::{Question, Seen, Side};

    fn point(capacity: Option<usize>, time_us: u64, p99_ns: u64) -> Point {
        let seen = Seen {
            p50_ns: 1,
            p99_ns,
            max_ns: p99_ns,
            held_max: 1,
            in_flight: 0,
            bytes_max: capacity.unwrap_or(4096) as u64,
            allocations_per_item: 0.0,
        };
        let load = Load { capacity, ..Load::steady(Cost::Us1) };
        let (commit, pattern, question) = ("c".into(), "p".into(), Question::Capacity);
        let side = Side { commit, pattern, question, load, timed: Timed::Items, seen };
        let time_ns = time_us as f64 * 1e3;
        Point { side, time_ns, time_ns_interval: (time_ns, time_ns) }
    }

    #[track_caller]
    fn check(points: &[(Option<usize>, u64, u64)], expected: usize, words: &str) {
        let points: Vec<Point> = points.iter().map(|&(c, t, p)| point(c, t, p)).collect();
        let found = recommend(&points.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.capacity, expected, "{}", found.reason);
        assert!(found.reason.contains(words), "{}", found.reason);
    }

    #[test]
    fn the_knee_is_the_smallest_within_five_percent_of_the_best() {
        let points =
            [(Some(1), 200, 10), (Some(16), 103, 10), (Some(64), 100, 10), (None, 101, 10)];
        check(
            &points,
            16,
            "-48 % at 1; at most +3 % beyond (at 64); unbounded: +2 %, 256.0 times the bytes",
        );
    }

    #[test]
    fn a_flat_curve_gives_the_smallest() {
        check(
            &[(Some(1), 100, 5), (Some(2), 100, 5), (None, 99, 50)],
            1,
            "the smallest is as good",
        );
    }

    #[test]
    fn a_capacity_with_a_long_tail_is_passed_over() {
        check(&[(Some(1), 100, 100), (Some(2), 100, 40), (None, 99, 30)], 2, "+0 % at 1");
    }

    #[test]
    fn a_capacity_that_may_be_as_good_counts_as_good() {
        let mut points = [point(Some(1), 120, 10), point(Some(2), 100, 10)];
        points[0].time_ns_interval.0 = 102e3;
        let found = recommend(&points.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.capacity, 1);
        assert!(found.reason.contains("+20 % beyond (at 2, within the noise)"));
    }

    #[test]
    fn a_drain_may_hold_what_it_stops_in_time_with() {
        let stops = |capacity: Option<usize>, ms: u64| {
            let mut point = point(capacity, ms * 1000, 10);
            point.side.timed = Timed::Stop;
            point.side.seen.in_flight = capacity.map_or(9, |n| n as u64 + 1);
            point
        };
        let points =
            [stops(Some(1), 2), stops(Some(64), 65), stops(Some(256), 257), stops(None, 9)];
        let found = recommend(&points.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.capacity, 64);
        assert_eq!(found.reason, "1 ms for each item in flight: 2 ms at 1, 257 ms at 256");
        let slow = [stops(Some(1), 101)];
        assert_eq!(recommend(&slow.iter().collect::<Vec<_>>()), None);
    }

    #[test]
    fn no_bound_is_never_recommended_however_fast_it_is() {
        let points = [(Some(1), 300, 5), (Some(2), 200, 5), (None, 100, 50)];
        check(&points, 2, "nothing to gain beyond; unbounded: +100 %");
        assert_eq!(recommend(&[&point(None, 1, 1)]), None);
    }
}
