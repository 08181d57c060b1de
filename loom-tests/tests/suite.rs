//! Every scenario under every engine, and the gallery, each as a test of its own. The list is made
//! from the catalogue, so nothing in it can be forgotten.

use libtest_mimic::{Arguments, Failed, Trial};
use selvedge_loom_tests::catalogue::Catalogue;
use selvedge_loom_tests::column::{Budget, Column};
use selvedge_loom_tests::exhibit::{self, Exhibit};
use selvedge_loom_tests::matrix;

const BUDGET: Budget = Budget::QUICK;

fn main() {
    let Catalogue { scenarios, variants, correct, near_misses } = Catalogue::all();
    let mut trials = Vec::new();
    for scenario in scenarios {
        for column in Column::ALL.iter().copied().filter(|c| c.built()) {
            let Some(shape) = column.shape(&scenario) else { continue };
            let name = format!("{}::{column:?}", scenario.id().replace('/', "::"));
            trials.push(Trial::test(name, move || {
                verdict(&matrix::cell(column, &scenario, shape, &BUDGET).off)
            }));
        }
    }
    let exhibit = |id: String, run: Box<dyn FnOnce() -> Exhibit + Send>| {
        Trial::test(format!("gallery::{}", id.replace('/', "::")), move || verdict(&run().off))
    };
    trials.extend(
        variants
            .into_iter()
            .map(|v| exhibit(v.id(), Box::new(move || exhibit::variant(&v, &BUDGET)))),
    );
    trials.extend(
        correct
            .into_iter()
            .map(|c| exhibit(c.id(), Box::new(move || exhibit::correct(&c, &BUDGET)))),
    );
    trials.extend(
        near_misses
            .into_iter()
            .map(|n| exhibit(n.id(), Box::new(move || exhibit::near_miss(&n, &BUDGET)))),
    );
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn verdict(off: &[String]) -> Result<(), Failed> {
    if off.is_empty() { Ok(()) } else { Err(off.join("\n").into()) }
}
