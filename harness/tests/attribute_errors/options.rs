//! Options that are not there, or do not go together.

#[selvedge::test(gain = "poll")]
async fn misspelt() {}

#[selvedge::test(quick)]
async fn unknown() {}

#[selvedge::test(grain = "fine")]
async fn unknown_grain() {}

#[selvedge::test(clock)]
async fn clock_without_a_value() {}

#[selvedge::test(sample = 5)]
async fn flag_with_a_value() {}

#[selvedge::test(unjoined, unjoined)]
async fn twice() {}

#[selvedge::test(waive(LostItem))]
async fn waived_without_a_reason() {}

#[selvedge::test(waive(LostItem, ""))]
async fn waived_for_no_reason() {}

#[selvedge::test(sample, tokio)]
async fn two_engines() {}

#[selvedge::test(cases = 5)]
async fn cases_without_sample() {}

#[selvedge::test(preemptions = 5)]
async fn preemptions_without_loom() {}

#[selvedge::test(tokio, grain = "poll")]
async fn grain_of_a_runtime() {}

#[selvedge::test(tokio, runs = 5)]
async fn runs_of_one_thread() {}

#[selvedge::test]
#[selvedge::test(tokio, cases = 5)]
async fn in_the_second_attribute() {}

#[selvedge::test]
#[cfg_attr(unix, selvedge::test(cases = 5))]
async fn behind_a_condition() {}

fn main() {}
