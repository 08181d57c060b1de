//! The gallery as it must turn out: every variant caught for its law, and nothing else.

use crate::catalogue::Catalogue;
use crate::column::{Budget, on_loom, strategies};
use crate::gallery::near_miss::NearMiss;
use crate::gallery::{Correct, Variant};
use crate::progress::Progress;
use selvedge::{Bound, Check, Law, Problem, Report, Verdict};
use serde::Serialize;

/// An engine that the gallery is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The explorer, at operation grain.
    Explore,
    /// Loom threads.
    Loom,
    /// A seeded random walk.
    Sample,
    /// Seeded priorities with a few changes.
    Pct,
}

impl By {
    /// All of them, in the order of [`Exhibit::finds`].
    pub const ALL: &[By] = &[By::Explore, By::Loom, By::Sample, By::Pct];
}

/// What one engine makes of one program of the gallery.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Find {
    /// What it reports.
    Report(Box<Report>),
    /// The program is not made for the engine.
    NotMeant,
    /// The engine is not in this build.
    NotBuilt,
}

impl Find {
    /// The report, if there is one.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Find::Report(report) => Some(report),
            _ => None,
        }
    }
}

/// A wrong variant and what each engine found; or right code, and that none found anything.
#[derive(Debug, Serialize)]
pub struct Exhibit {
    /// `pattern/name`.
    pub id: String,
    /// The law that must be found first; `None` for right code.
    pub expected: Option<Law>,
    /// In the order of [`By::ALL`].
    pub finds: Vec<Find>,
    /// What is not as it must be.
    pub off: Vec<String>,
}

/// How many steps [`run`] will take.
pub fn steps(catalogue: &Catalogue) -> usize {
    catalogue.len() - catalogue.scenarios.len()
}

/// Runs the gallery: variants, right siblings, near-misses.
pub fn run(catalogue: &Catalogue, budget: &Budget, progress: &mut Progress) -> Vec<Exhibit> {
    let mut exhibits = Vec::with_capacity(steps(catalogue));
    for v in &catalogue.variants {
        progress.step(&format!("{} must break {}", v.id(), v.law));
        exhibits.push(variant(v, budget));
    }
    for c in &catalogue.correct {
        progress.step(&format!("{} must raise nothing", c.id()));
        exhibits.push(correct(c, budget));
    }
    for n in &catalogue.near_misses {
        progress.step(&format!("{} must raise nothing", n.id()));
        exhibits.push(near_miss(n, budget));
    }
    exhibits
}

/// Runs one wrong variant.
pub fn variant(v: &Variant, budget: &Budget) -> Exhibit {
    let finds = By::ALL.iter().map(|by| match by {
        By::Loom if !cfg!(feature = "loom") => Find::NotBuilt,
        By::Loom if v.loom.is_none() => Find::NotMeant,
        _ => Find::Report(Box::new(report(v, *by, budget))),
    });
    judged(v.id(), Some(v.law), finds.collect())
}

/// The report of one engine on a wrong variant.
///
/// # Panics
///
/// Where the variant is not made for the engine, or that is not built.
pub fn report(v: &Variant, by: By, budget: &Budget) -> Report {
    let check = v.check().limits(budget.limits());
    let [random, pct] = strategies().map(|strategy| strategy.cases(v.sampled));
    match by {
        By::Explore => check.explore(v.at(v.shape)),
        By::Sample => check.sample(random, v.at(v.shape)),
        By::Pct => check.sample(pct, v.at(v.shape)),
        By::Loom => on_loom(check, None, v.at(v.loom.expect("a shape for loom"))),
    }
}

/// Runs the right sibling of a pattern's variants.
pub fn correct(c: &Correct, budget: &Budget) -> Exhibit {
    let check = c.check().limits(budget.limits());
    let on_loom = |check| {
        let (shape, preemptions) = c.loom?;
        Some(on_loom(check, Some(preemptions), c.at(shape)))
    };
    silent(c.id(), check, budget, || c.at(c.shape), on_loom)
}

/// Runs a near-miss.
pub fn near_miss(n: &NearMiss, budget: &Budget) -> Exhibit {
    let check = n.check().limits(budget.limits());
    // What has timers does not fit loom, which says so.
    let fits = |report: &Report| !matches!(report.verdict, Verdict::Failed(Problem::Loom(_)));
    let on_loom = |check| Some(on_loom(check, Some(NEAR_MISS_PREEMPTIONS), n.root)).filter(fits);
    silent(n.id(), check, budget, || n.root, on_loom)
}

/// Complete within three where the search has an end at all in good time.
const NEAR_MISS_PREEMPTIONS: usize = 3;

fn silent<F, R>(
    id: String,
    check: Check,
    budget: &Budget,
    root: impl Fn() -> R,
    on_loom: impl Fn(Check) -> Option<Report>,
) -> Exhibit
where
    R: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let loom = match cfg!(feature = "loom") {
        true => on_loom(check.clone()).map_or(Find::NotMeant, |r| Find::Report(Box::new(r))),
        false => Find::NotBuilt,
    };
    let [random, pct] = strategies().map(|s| check.sample(s.cases(budget.samples), root()));
    let finds = vec![
        Find::Report(Box::new(check.explore(root()))),
        loom,
        Find::Report(Box::new(random)),
        Find::Report(Box::new(pct)),
    ];
    judged(id, None, finds)
}

fn judged(id: String, expected: Option<Law>, finds: Vec<Find>) -> Exhibit {
    let mut off = Vec::new();
    for report in finds.iter().filter_map(Find::report) {
        let first = report.violations().first().map(|v| v.law);
        let wrong = match (expected, first) {
            (Some(law), Some(first)) if law == first => continue,
            (Some(law), Some(first)) => format!("{first} comes before {law}"),
            (Some(law), None) => format!("{law} is not found"),
            (None, Some(first)) => format!("right code, and yet {first}"),
            (None, None) if complete(&report.verdict) => continue,
            (None, None) => "right code that was not looked at to the end".into(),
        };
        off.push(format!("{}: {wrong}:\n{}", report.engine, report.to_string().trim_end()));
    }
    Exhibit { id, expected, finds, off }
}

/// Whether nothing stopped the engine but what it was told beforehand.
fn complete(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Bounded(bound) => matches!(bound, Bound::Preemptions(_)),
        verdict => matches!(verdict, Verdict::Proved | Verdict::Sampled(_)),
    }
}
