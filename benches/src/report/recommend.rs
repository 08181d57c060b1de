//! Which capacity, by a stated rule, and why in a sentence made of the numbers.

use super::read::Point;
use crate::point::Timed;

/// How far below the best throughput is still as good: what a quiet machine tells apart.
const CLOSE: f64 = 0.95;
/// How much longer than the least 99th percentile among those is still as good.
const PATIENCE: f64 = 2.0;

/// A capacity with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// `None`: unbounded.
    pub capacity: Option<usize>,
    /// In a sentence.
    pub reason: String,
}

/// The smallest capacity whose throughput is within 5 % of the best, as far as its interval of 95 %
/// tells, and whose 99th percentile of latency is at most twice the least among those.
///
/// `points` are those of one case, by capacity. `None` where their time is not that of items.
pub fn recommend(points: &[&Point]) -> Option<Recommendation> {
    if points.iter().any(|point| point.side.timed != Timed::Items) {
        return None;
    }
    let best = points.iter().map(|point| point.throughput()).reduce(f64::max)?;
    let close: Vec<&&Point> =
        points.iter().filter(|point| point.throughput_at_best() >= CLOSE * best).collect();
    let least = close.iter().map(|point| point.side.seen.p99_ns).min()?;
    let chosen = close.iter().find(|p| p.side.seen.p99_ns as f64 <= PATIENCE * least as f64)?;
    Some(Recommendation { capacity: chosen.side.load.capacity, reason: reason(points, chosen) })
}

fn reason(points: &[&Point], chosen: &Point) -> String {
    let capacity = |point: &Point| point.side.load.capacity.unwrap_or(usize::MAX);
    let at = |point: &Point| point.side.load.capacity.map_or("unbounded".into(), |n| n.to_string());
    let gain = |point: &Point| (point.throughput() / chosen.throughput() - 1.0) * 100.0;
    let below = points.iter().rev().find(|point| capacity(point) < capacity(chosen));
    let best = points.iter().max_by(|a, b| a.throughput().total_cmp(&b.throughput()));
    let last = points.last().expect("a case has points");

    let mut parts = Vec::new();
    match below {
        Some(below) => parts.push(format!("{:+.0} % at {}", gain(below), at(below))),
        None => parts.push("the smallest is as good".into()),
    }
    match best {
        Some(best) if capacity(best) > capacity(chosen) => {
            let gain = gain(best).max(0.0);
            // Chosen all the same, because its interval reaches that far.
            let noise = if gain > (1.0 / CLOSE - 1.0) * 100.0 { ", within the noise" } else { "" };
            parts.push(format!("at most {gain:+.0} % beyond (at {}{noise})", at(best)));
        }
        _ => parts.push("nothing to gain beyond".into()),
    }
    if capacity(last) > capacity(chosen) {
        let times = |a: u64, b: u64| a as f64 / b.max(1) as f64;
        let (a, b) = (&last.side.seen, &chosen.side.seen);
        parts.push(format!(
            "{} holds {:.1} times the bytes, with a p99 {:.1} times as long",
            at(last),
            times(a.bytes_max, b.bytes_max),
            times(a.p99_ns, b.p99_ns)
        ));
    }
    parts.join("; ")
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
    fn check(points: &[(Option<usize>, u64, u64)], expected: Option<usize>, words: &str) {
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
            Some(16),
            "-48 % at 1; at most +3 % beyond (at 64); unbounded holds 256.0 times",
        );
    }

    #[test]
    fn a_flat_curve_gives_the_smallest() {
        check(
            &[(Some(1), 100, 5), (Some(2), 100, 5), (None, 99, 50)],
            Some(1),
            "the smallest is as good",
        );
    }

    #[test]
    fn a_capacity_with_a_long_tail_is_passed_over() {
        check(&[(Some(1), 100, 100), (Some(2), 100, 40), (None, 99, 30)], Some(2), "+0 % at 1");
    }

    #[test]
    fn a_capacity_that_may_be_as_good_counts_as_good() {
        let mut points = [point(Some(1), 120, 10), point(None, 100, 10)];
        points[0].time_ns_interval.0 = 102e3;
        let found = recommend(&points.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.capacity, Some(1));
        assert!(found.reason.contains("+20 % beyond (at unbounded, within the noise)"));
    }

    #[test]
    fn where_only_unbounded_is_close_it_is_unbounded() {
        check(&[(Some(1), 300, 5), (None, 99, 50)], None, "nothing to gain beyond");
    }
}
