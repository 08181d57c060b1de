//! Benchmarks of the patterns, on production builds only.
//!
//! `cargo bench -p benches`. A workspace-wide `cargo bench` would unify features and measure the
//! checked facade, so each bench starts with [`production_only`].

/// Stops a benchmark that would measure the checked facade.
///
/// # Panics
///
/// In a build with the facade's `check` feature on, with how to run it instead.
pub fn production_only() {
    if selvedge_rt::CHECKED {
        panic!("this build announces every operation to an engine: run `cargo bench -p benches`");
    }
}
