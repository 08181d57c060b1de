//! The uniform random walk.

use super::{Dice, Strategy};
use crate::exec::Pick;

pub(super) struct Random(Dice);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random(Dice::new(seed))
    }
}

impl Strategy for Random {
    fn begin(&mut self) {}

    fn pick(&mut self, options: &[Pick], _: Option<u16>) -> Pick {
        options[self.0.below(options.len())]
    }
}
