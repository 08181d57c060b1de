//! An engine that is not built is no test that is not there.

#[selvedge::test(loom)]
async fn without_the_feature() {}

fn main() {}
