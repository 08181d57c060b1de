//! Arguments without values, and values without arguments.

#[selvedge::test]
async fn no_value(workers: usize) {}

#[selvedge::test(sample, workers in 1..=8usize)]
async fn one_of_two(workers: usize, buffer: usize) {}

#[selvedge::test(workers = 2)]
async fn no_argument() {}

#[selvedge::test(workers in 1..=8usize)]
async fn generated_for_the_explorer(workers: usize) {}

#[selvedge::test(sample, pct = 3, workers in 1..=8usize)]
async fn generated_for_pct(workers: usize) {}

fn main() {}
