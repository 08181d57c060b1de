//! Which capacities a scenario can live with.

use crate::{Check, Depth, Place, Report, Verdict};
use serde::Serialize;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What a scenario does with other capacities than those that it asks for.
#[derive(Clone, Debug, Serialize)]
pub struct Capacities {
    /// With the capacities that it asks for.
    pub as_written: Report,
    /// Each bounded channel, by where it is made.
    pub channels: Vec<Resized>,
}

/// The bounded channels that are made at one place, with one capacity after the other.
#[derive(Clone, Debug, Serialize)]
pub struct Resized {
    /// Where.
    pub made_at: Place,
    /// What was asked for, and how full it became.
    pub as_written: Vec<Depth>,
    /// What the scenario does with each capacity, all others as written.
    pub reports: Vec<(usize, Report)>,
}

impl Check {
    /// Explores the scenario once for each bounded channel and each of `sizes`, with that one capacity in place
    /// of the one asked for. What deadlocks with one size and not with another rests on a number.
    ///
    /// Channels that are made at one place, as in a function of yours, are resized together.
    ///
    /// # Panics
    ///
    /// If `sizes` begins at zero: no channel of tokio holds nothing.
    #[track_caller]
    pub fn capacities<F>(
        &self,
        sizes: RangeInclusive<usize>,
        root: impl Fn() -> F + Send + Sync + 'static,
    ) -> Capacities
    where
        F: Future<Output = ()> + Send + 'static,
    {
        assert!(*sizes.start() > 0, "a channel holds at least one item: let the sizes begin at 1");
        let root = Arc::new(root);
        let explore = |check: &Check| {
            let root = root.clone();
            check.explore(move || root())
        };
        let as_written = explore(self);
        let bounded = as_written.observed.depths.iter().filter(|depth| depth.capacity.is_some());
        let bounded: Vec<&Depth> = bounded.collect();
        let channels = bounded.chunk_by(|a, b| a.made_at == b.made_at).map(|alike| {
            let made_at = alike[0].made_at.clone();
            let report = |size| {
                let mut resized = self.clone();
                resized.config.capacity = Some((made_at.clone(), size));
                (size, explore(&resized))
            };
            let reports = sizes.clone().map(report).collect();
            let as_written = alike.iter().copied().cloned().collect();
            Resized { made_at, as_written, reports }
        });
        let channels = channels.collect();
        Capacities { as_written, channels }
    }
}

impl Capacities {
    /// Panics unless the scenario has a bounded channel and is proved with every capacity.
    ///
    /// # Panics
    ///
    /// With the table, and the first report that is not.
    #[track_caller]
    pub fn assert_all_proved(&self) -> &Self {
        let resized = self.channels.iter().flat_map(|c| &c.reports).map(|(_, report)| report);
        let bad =
            [&self.as_written].into_iter().chain(resized).find(|r| r.verdict != Verdict::Proved);
        assert!(
            !self.channels.is_empty() && bad.is_none(),
            "{self}{}",
            bad.map_or(String::new(), Report::to_string)
        );
        self
    }
}

impl fmt::Display for Capacities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: capacities of {} bounded channels",
            self.as_written.name,
            self.channels.len()
        )?;
        for channel in &self.channels {
            let asked = channel.as_written.iter().map(|depth| {
                let capacity = depth.capacity.unwrap_or(usize::MAX);
                format!("asked for {capacity}, at most {} used", depth.most)
            });
            writeln!(f, "  made at {}: {}", channel.made_at, asked.collect::<Vec<_>>().join("; "))?;
            for same in channel.reports.chunk_by(|a, b| outcome(&a.1) == outcome(&b.1)) {
                let sizes = match (same[0].0, same[same.len() - 1].0) {
                    (one, last) if one == last => one.to_string(),
                    (first, last) => format!("{first}..={last}"),
                };
                writeln!(f, "    {sizes}: {}", outcome(&same[0].1))?;
            }
        }
        Ok(())
    }
}

/// What came out, in a word or two.
fn outcome(report: &Report) -> String {
    match &report.verdict {
        Verdict::Proved => "proved".into(),
        Verdict::Bounded(bound) => format!("nothing found, bounded by {bound}"),
        Verdict::Sampled(n) => format!("nothing found in {n} samples"),
        Verdict::Violated(violations) => violations[0].law.to_string(),
        Verdict::Failed(problem) => format!("not checked: {problem}"),
    }
}
