//! Explores one program in several ways, and says where they differ.

use super::program::Program;
use super::run::{check, explore};
use selvedge::{Law, Problem, Reductions, Report, Verdict};
use std::panic::{AssertUnwindSafe, catch_unwind};

const ALL: Reductions =
    Reductions { merging: true, fingerprints: true, sleep_sets: true, settled: true };

/// Everything on, and each one off.
const REDUCTIONS: [(&str, Reductions); 5] = [
    ("all on", ALL),
    ("no merging", Reductions { merging: false, ..ALL }),
    ("no fingerprints", Reductions { fingerprints: false, ..ALL }),
    ("no sleep sets", Reductions { sleep_sets: false, ..ALL }),
    ("no settled rule", Reductions { settled: false, ..ALL }),
];

/// Executions of plain search. What it reached by then must still be reached with reductions.
const PLAIN_MAX: u64 = 4_000;

/// Where a reduced search of `program` differs from plain search, if anywhere.
pub(crate) fn difference(program: &Program) -> Option<String> {
    let plain = match reached(program, Reductions::NONE) {
        Ok(report) => report,
        Err(why) => return Some(format!("plain search: {why}")),
    };
    for (name, reductions) in REDUCTIONS {
        let reduced = match reached(program, reductions) {
            Ok(report) => report,
            Err(why) => return Some(format!("{name}: {why}")),
        };
        if let Some(why) = differ(&plain, &reduced) {
            return Some(format!("{name}: {why}; {}", table(program)));
        }
    }
    None
}

/// How two sets of outcomes differ, as far as both are complete.
pub(crate) fn differ(plain: &Report, reduced: &Report) -> Option<String> {
    let complete = |report: &Report| !matches!(report.verdict, Verdict::Bounded(_));
    let missing = plain.outcomes.difference(&reduced.outcomes).count();
    let extra = reduced.outcomes.difference(&plain.outcomes).count();
    let wrong = complete(reduced) && missing > 0 || complete(plain) && extra > 0;
    wrong.then(|| format!("{missing} outcomes missing and {extra} extra"))
}

/// Outcomes and executions with each reduction alone and with each left out, to see which is to blame.
fn table(program: &Program) -> String {
    let none = Reductions::NONE;
    let alone = [
        ("plain", none),
        ("fingerprints", Reductions { merging: true, fingerprints: true, ..none }),
        ("histories", Reductions { merging: true, ..none }),
        ("sleep", Reductions { sleep_sets: true, ..none }),
        ("settled", Reductions { settled: true, ..none }),
    ];
    let cell = |(name, reductions)| match reached(program, reductions) {
        Ok(r) => format!("{name} {}/{}", r.outcomes.len(), r.coverage.executions),
        Err(_) => format!("{name} failed"),
    };
    alone.into_iter().chain(REDUCTIONS).map(cell).collect::<Vec<_>>().join(", ")
}

/// The report, or what kept it from being one.
fn reached(program: &Program, reductions: Reductions) -> Result<Report, String> {
    judged(|| explore(program, reductions, PLAIN_MAX))
}

/// The report that `explore` gives, where it is a set of outcomes.
pub(crate) fn judged(explore: impl FnOnce() -> Report) -> Result<Report, String> {
    match catch_unwind(AssertUnwindSafe(explore)) {
        Ok(report) => match &report.verdict {
            // One execution may be all that reductions leave, and nothing is wrong with that here.
            Verdict::Failed(Problem::Vacuous { .. })
            | Verdict::Proved
            | Verdict::Bounded(_)
            | Verdict::Sampled(_) => Ok(report),
            Verdict::Failed(problem) => Err(problem.to_string()),
            verdict => Err(format!("{verdict:?}")),
        },
        Err(panic) => Err(format!("panicked: {:?}", panic.downcast_ref::<String>())),
    }
}

/// Whether `law` is broken somewhere must not depend on reductions either.
pub(crate) fn law_difference(program: &Program, law: Law) -> Option<String> {
    let judge = |reductions| {
        let shared = std::sync::Arc::new(program.clone());
        let check = check(program, reductions, PLAIN_MAX, &[law]);
        check.explore(move || super::run::root(shared.clone()))
    };
    // Laws look at what is known of an object; a bare history tells them nothing.
    let plain = Reductions { fingerprints: true, ..Reductions::NONE };
    let (plain, reduced) = (judge(plain), judge(ALL));
    let broken = |report: &Report| !report.violations().is_empty();
    match (broken(&plain), broken(&reduced)) {
        (true, false) => Some(format!("{law} is missed with reductions:\n{plain}")),
        (false, true) if !matches!(plain.verdict, Verdict::Bounded(_)) => {
            Some(format!("{law} is broken only with reductions:\n{reduced}"))
        }
        _ => None,
    }
}
