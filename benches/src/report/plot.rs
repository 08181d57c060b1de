//! Line plots over capacity, as SVG: what is needed and no more.
//!
//! By hand: the one special thing, a logarithmic axis with "unbounded" to the right of a gap, no plot crate
//! has. Colours are those of Okabe and Ito, told apart by most colour-blind readers; markers differ too.
//! Presentation attributes hold the light theme, so that viewers without CSS show it; a style switches.

use std::fmt::Write;

/// A capacity (`None`: unbounded), its value, and the value's interval where there is one.
pub type Dot = (Option<usize>, f64, Option<(f64, f64)>);

/// One curve.
#[derive(Clone, Debug)]
pub struct Line {
    /// In the legend.
    pub label: String,
    /// By capacity.
    pub points: Vec<Dot>,
}

/// The vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From 0 to 100 and a little more.
    Percent,
    /// Nanoseconds, logarithmic.
    Time,
}

/// One of the panels of a figure.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// The vertical axis.
    pub scale: Scale,
    /// What is drawn.
    pub lines: Vec<Line>,
}

const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];
const WIDTH: f64 = 430.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 48.0;
const RIGHT: f64 = 12.0;
const LEGEND_ROW: f64 = 18.0;

/// Panels side by side over one legend.
pub fn figure(panels: &[Panel]) -> String {
    let labels: Vec<&str> =
        panels.first().map_or(Vec::new(), |p| p.lines.iter().map(|l| l.label.as_str()).collect());
    let (width, height) =
        (WIDTH * panels.len() as f64, HEIGHT + 8.0 + LEGEND_ROW * labels.len().div_ceil(2) as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <style>@media (prefers-color-scheme: dark) {{ .bg {{ fill: #16181c }} .fg {{ fill: #d8dade }} \
         .axis {{ stroke: #9a9da3 }} .grid {{ stroke: #34373d }} }}</style>\n\
         <rect class=\"bg\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (at, panel) in panels.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate({} 0)\">", at as f64 * WIDTH);
        draw(&mut svg, panel);
        svg.push_str("</g>\n");
    }
    for (at, label) in labels.iter().enumerate() {
        let x = LEFT + (at % 2) as f64 * width / 2.0;
        let y = HEIGHT + 8.0 + (at / 2) as f64 * LEGEND_ROW;
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {y} h26\" stroke=\"{}\" stroke-width=\"2\"/>",
            COLOURS[at % COLOURS.len()]
        );
        marker(&mut svg, at, x + 13.0, y);
        text(&mut svg, x + 34.0, y + 4.0, "start", label);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A panel at the origin.
fn draw(svg: &mut String, panel: &Panel) {
    let capacities: Vec<usize> = bounds(panel);
    let last = capacities.last().map_or(0.0, |n| (*n as f64).log2());
    // "unbounded" stands one and a half octaves beyond the last bound.
    let octaves = last + 1.5;
    let (plot_width, plot_height) = (WIDTH - LEFT - RIGHT - 24.0, HEIGHT - TOP - BOTTOM);
    let x = |capacity: Option<usize>| {
        LEFT + 8.0 + capacity.map_or(octaves, |n| (n as f64).log2()) / octaves * plot_width
    };
    let values = panel.lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
    let (low, high, ticks) = match panel.scale {
        Scale::Percent => (0.0, 105.0, vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        Scale::Time => decades(values),
    };
    let y = |value: f64| {
        // An interval may reach beyond the axis.
        let value = value.clamp(low, high);
        let share = match panel.scale {
            Scale::Percent => (value - low) / (high - low),
            Scale::Time => (value / low).log10() / (high / low).log10(),
        };
        TOP + plot_height * (1.0 - share)
    };
    let (right, bottom) = (WIDTH - RIGHT, TOP + plot_height);
    text(svg, LEFT, 18.0, "start", &panel.title);
    for tick in ticks {
        let y = y(tick);
        line(svg, "grid", "#e2e2e2", (LEFT, y), (right, y));
        let label = match panel.scale {
            Scale::Percent => format!("{tick:.0} %"),
            Scale::Time => time(tick),
        };
        text(svg, LEFT - 6.0, y + 4.0, "end", &label);
    }
    line(svg, "axis", "#555555", (LEFT, bottom), (right, bottom));
    line(svg, "axis", "#555555", (LEFT, TOP), (LEFT, bottom));
    for capacity in capacities.iter().map(|n| Some(*n)).chain([None]) {
        let at = x(capacity);
        line(svg, "axis", "#555555", (at, bottom), (at, bottom + 4.0));
        let label = capacity.map_or("unb.".into(), |n| n.to_string());
        text(svg, at, bottom + 17.0, "middle", &label);
    }
    text(svg, (LEFT + right) / 2.0, bottom + 36.0, "middle", "capacity (items)");
    for (at, curve) in panel.lines.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let mut bounded = String::new();
        for (capacity, value, interval) in &curve.points {
            let (x, y_at) = (x(*capacity), y(*value));
            if capacity.is_some() {
                let _ = write!(bounded, "{x:.1},{y_at:.1} ");
            }
            if let Some((from, to)) = interval {
                let _ = writeln!(
                    svg,
                    "<path d=\"M{x:.1} {:.1} V{:.1}\" stroke=\"{colour}\" stroke-width=\"1\"/>",
                    y(*from),
                    y(*to)
                );
            }
            marker(svg, at, x, y_at);
        }
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>",
            bounded.trim_end()
        );
    }
}

fn bounds(panel: &Panel) -> Vec<usize> {
    let mut bounds: Vec<usize> =
        panel.lines.iter().flat_map(|line| line.points.iter().filter_map(|p| p.0)).collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

/// The decades around all values, and a tick for each.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64, Vec<f64>) {
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    let first = low.max(1.0).log10().floor() as i32;
    let last = (high.max(1.0).log10().ceil() as i32).max(first + 1);
    let ticks = (first..=last).map(|n| 10f64.powi(n)).collect();
    (10f64.powi(first), 10f64.powi(last), ticks)
}

/// Nanoseconds, with a unit that keeps the number short.
pub fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

fn marker(svg: &mut String, at: usize, x: f64, y: f64) {
    let colour = COLOURS[at % COLOURS.len()];
    let _ = match at % 4 {
        0 => writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.4\" fill=\"{colour}\"/>"),
        1 => writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"6.4\" height=\"6.4\" fill=\"{colour}\"/>",
            x - 3.2,
            y - 3.2
        ),
        2 => {
            writeln!(svg, "<path d=\"M{x:.1} {:.1} l4.2 7.4 h-8.4 z\" fill=\"{colour}\"/>", y - 4.6)
        }
        _ => writeln!(
            svg,
            "<path d=\"M{x:.1} {:.1} l4.4 4.4 l-4.4 4.4 l-4.4 -4.4 z\" fill=\"{colour}\"/>",
            y - 4.4
        ),
    };
}

fn line(svg: &mut String, class: &str, colour: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<path class=\"{class}\" d=\"M{:.1} {:.1} L{:.1} {:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, what: &str) {
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        "<text class=\"fg\" fill=\"#222222\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{what}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_within_the_decades_of_its_axis() {
        assert_eq!(decades([230.0, 4.0e4].into_iter()), (100.0, 1e5, vec![1e2, 1e3, 1e4, 1e5]));
        assert_eq!(decades([1000.0].into_iter()), (1000.0, 1e4, vec![1e3, 1e4]));
    }

    #[test]
    fn a_time_is_written_with_its_unit() {
        let written = [1.0, 1500.0, 2.5e6, 3e9, 123_456.0].map(time);
        assert_eq!(written, ["1 ns", "1.5 µs", "2.5 ms", "3 s", "123 µs"]);
    }
}
