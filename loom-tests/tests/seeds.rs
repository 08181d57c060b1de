//! A variant breaks the law that it is for, and no other before it, whatever seed one looks with.

use selvedge::{Law, Sampling};
use selvedge_loom_tests::gallery::VARIANTS;

/// Few executions for each seed: where the right law takes more, another one would have come by then.
const CASES: u64 = 50;

#[test]
fn variant_breaks_no_other_law_first_whatever_the_seed() {
    let mut wrong = String::new();
    // A livelock takes seconds to be one, in each execution.
    for variant in VARIANTS.iter().filter(|variant| variant.law != Law::Livelock) {
        for seed in 1..=16 {
            for sampling in [Sampling::random(seed), Sampling::pct(seed, 3)] {
                let sampling = sampling.cases(CASES);
                let report = variant.check().sample(sampling, variant.at(variant.shape));
                let first = report.violations().first().map(|violation| violation.law);
                if first.is_some_and(|law| law != variant.law) {
                    wrong += &report.to_string();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
