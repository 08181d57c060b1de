//! What a run of the suite is about: scenarios and the gallery, all of them or a selection.

use crate::gallery::near_miss::{NEAR_MISSES, NearMiss};
use crate::gallery::{CORRECT, Correct, VARIANTS, Variant};
use crate::scenario::Scenario;
use crate::scenarios;
use selvedge::Law;

/// Scenarios, wrong variants, and what must stay silent.
#[derive(Default)]
pub struct Catalogue {
    /// Each must hold.
    pub scenarios: Vec<Scenario>,
    /// Each must be caught, for its law.
    pub variants: Vec<Variant>,
    /// The right siblings of the variants: each must raise nothing.
    pub correct: Vec<Correct>,
    /// Each must raise nothing.
    pub near_misses: Vec<NearMiss>,
}

impl Catalogue {
    /// Everything there is.
    pub fn all() -> Self {
        Catalogue {
            scenarios: scenarios::all(),
            variants: VARIANTS.to_vec(),
            correct: CORRECT.to_vec(),
            near_misses: NEAR_MISSES.to_vec(),
        }
    }

    /// One wrong variant under a law that it does not break: a run of it must fail.
    pub fn canary() -> Self {
        let variant = VARIANTS.iter().find(|v| v.law != Law::TimerLeak).expect("a variant");
        let wrong = Variant { law: Law::TimerLeak, ..*variant };
        Catalogue { variants: vec![wrong], ..Catalogue::default() }
    }

    /// What has `filter` in its id, where a blank is as good as an underscore.
    pub fn filter(self, filter: &str) -> Self {
        let filter = filter.replace(' ', "_");
        let Catalogue { mut scenarios, mut variants, mut correct, mut near_misses } = self;
        scenarios.retain(|s| s.id().contains(&filter));
        variants.retain(|v| v.id().contains(&filter));
        correct.retain(|c| c.id().contains(&filter));
        near_misses.retain(|n| n.id().contains(&filter));
        Catalogue { scenarios, variants, correct, near_misses }
    }

    /// How many there are of everything.
    pub fn len(&self) -> usize {
        self.scenarios.len() + self.variants.len() + self.correct.len() + self.near_misses.len()
    }

    /// Whether it is everything that there is.
    pub fn is_whole(&self) -> bool {
        self.len() == Catalogue::all().len()
    }

    /// Whether nothing is selected: never a success.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
