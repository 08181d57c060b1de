//! What `#[selvedge::test]` says where it is written wrong: one error a case, at the place, with what to write.

#[test]
fn each_mistake_is_an_error_that_says_what_to_write() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/attribute_errors/scenario.rs");
    cases.compile_fail("tests/attribute_errors/options.rs");
    cases.compile_fail("tests/attribute_errors/arguments.rs");
    // With the feature there is nothing wrong.
    if cfg!(not(feature = "loom")) {
        cases.compile_fail("tests/attribute_errors/loom.rs");
    }
}
