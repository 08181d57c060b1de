//! A [`Report`] as text: one line where nothing was found, else all that helps to find it.

use crate::{Report, Verdict, Violation};
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.coverage;
        writeln!(
            f,
            "{}: {} ({}; {}, {}, {}, {:.2} s)",
            self.name,
            verdict(self),
            self.engine,
            counted(c.executions, "execution"),
            counted(c.states, "state"),
            counted(c.outcomes, "outcome"),
            c.seconds
        )?;
        for depth in &self.observed.depths {
            let what = match depth.capacity {
                Some(capacity) => format!("channel of {capacity}"),
                None => "unbounded channel".into(),
            };
            let most = counted(depth.most as u64, "item");
            writeln!(f, "  {what}, made at {}: at most {most} in it", depth.made_at)?;
        }
        if !self.observed.cancelled_at.is_empty() {
            let places: Vec<String> =
                self.observed.cancelled_at.iter().map(|place| place.to_string()).collect();
            writeln!(f, "  dropped while it waited at {}", places.join(", "))?;
        }
        for what in &self.observed.compared {
            writeln!(f, "  compared: a clone of `{what}` with the original")?;
        }
        for (law, reason) in &self.waived {
            writeln!(f, "  waived: {law}, because {reason}")?;
        }
        if let Verdict::Failed(problem) = &self.verdict {
            writeln!(f, "  {problem}")?;
        }
        for v in self.violations() {
            violation(f, v)?;
        }
        if let Some(story) = &self.story {
            writeln!(f, "\n{}", story.trim_end())?;
        }
        if let Some(token) = &self.replay {
            writeln!(f, "\n  replay with: SELVEDGE_REPLAY={token}")?;
        }
        Ok(())
    }
}

fn verdict(report: &Report) -> String {
    match &report.verdict {
        Verdict::Proved => "proved".into(),
        Verdict::Bounded(bound) => format!("bounded by {bound}"),
        Verdict::Sampled(n) => match report.coverage.schedules {
            0 => format!("sampled {}", counted(*n, "schedule")),
            distinct => format!("sampled {}, {distinct} distinct", counted(*n, "schedule")),
        },
        Verdict::Violated(v) => format!("VIOLATED: {}", v[0].law),
        Verdict::Failed(_) => "NOT CHECKED".into(),
    }
}

fn violation(f: &mut fmt::Formatter<'_>, v: &Violation) -> fmt::Result {
    writeln!(f, "\n  {}: {}", v.law, v.what)?;
    let at = v.at.as_ref().map(|place| &place.0);
    let details = [("task", v.task.as_ref()), ("object", v.object.as_ref()), ("at", at)];
    for (name, detail) in details.into_iter().filter_map(|(name, d)| Some((name, d?))) {
        writeln!(f, "    {name:<7} {detail}")?;
    }
    for helper in &v.helpers {
        writeln!(f, "    - {helper}")?;
    }
    Ok(())
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
