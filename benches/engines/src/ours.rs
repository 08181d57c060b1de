//! The scenarios on tokio's primitives behind the facade, under Selvedge's engines.

mod basics;
mod variants;

use crate::CASES;
use crate::cell::{self, Ended};
use selvedge::{Check, Grain, Law, Limits, Problem, Report, Sampling, Verdict};
use std::pin::Pin;

type Root = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A scenario, and the laws of which it must break one first; the pool breaks none.
fn named(scenario: &str) -> (fn() -> Root, &'static [Law]) {
    match scenario {
        "lost_update" => (|| Box::pin(basics::lost_update()), &[Law::Panic]),
        "ab_ba" => (|| Box::pin(basics::ab_ba()), &[Law::Deadlock, Law::LockOrder]),
        "lost_wakeup" => (|| Box::pin(basics::lost_wakeup()), &[Law::Deadlock]),
        "worker_pool/bare_result_send" => {
            (|| Box::pin(variants::bare_result_send()), &[Law::IgnoredCancellation])
        }
        "fan/ends_on_first_none" => (|| Box::pin(variants::ends_on_first_none()), &[Law::LostItem]),
        "pipeline/guard_over_send" => (|| Box::pin(variants::guard_over_send()), &[Law::Deadlock]),
        "err_group/cancel_then_record" => {
            (|| Box::pin(variants::cancel_then_record()), &[Law::Panic])
        }
        "rate_limit/check_then_wait" => (|| Box::pin(variants::check_then_wait()), &[Law::Panic]),
        "shutdown/closed_check_not_atomic" => {
            (|| Box::pin(variants::closed_check_not_atomic()), &[Law::Panic])
        }
        "pool_2x2" => (|| Box::pin(basics::pool()), &[]),
        other => panic!("no scenario `{other}`"),
    }
}

/// Runs a scenario, and tells how it ended.
pub fn run(engine: &str, scenario: &str, seed: u64) {
    let (root, laws) = named(scenario);
    let report = under(engine, root, seed);
    let right = report.violations().first().is_some_and(|first| laws.contains(&first.law));
    let ended = match report.verdict {
        Verdict::Violated(_) if right => Ended::Found,
        Verdict::Proved => Ended::Complete,
        Verdict::Sampled(_) => Ended::Passed,
        Verdict::Bounded(_) => Ended::Unfinished,
        Verdict::Failed(Problem::Vacuous { .. }) => Ended::Vacuous,
        Verdict::Failed(_) | Verdict::Violated(_) => {
            // Not a panic: that would count as found.
            eprintln!("{report}");
            std::process::exit(2);
        }
    };
    // A check that failed as vacuous made one.
    cell::say(ended, report.coverage.executions.max(1));
}

fn under(engine: &str, root: fn() -> Root, seed: u64) -> Report {
    let limits = Limits { time: cell::LIMIT, ..Limits::default() };
    let check = Check::new(engine).limits(limits);
    match engine {
        "explore" => check.explore(root),
        "explore_poll" => check.grain(Grain::Poll).explore(root),
        "sample_random" => check.sample(Sampling::random(seed).cases(CASES), root),
        "sample_pct" => check.sample(Sampling::pct(seed, 3).cases(CASES), root),
        other => panic!("no engine `{other}`"),
    }
}
