//! Benchmarks that answer "why this buffer size, and what does the pattern cost?"
//!
//! ```sh
//! cargo bench -p benches                                   # full: about 25 minutes on 2 quiet cores
//! SELVEDGE_BENCH=quick cargo bench -p benches              # quick: less than 5
//! cargo run -p benches --release --bin report              # the page, from the newest run
//! ```
//!
//! The sample in `benches/report/` was made with
//! `cargo bench -p benches && cargo run -p benches --release --bin report -- benches/report`.
//! `ci/bench-smoke` runs each bench once; `ci/bench-instructions` compares instruction counts.
//!
//! | module | what |
//! |---|---|
//! | `load` | what a run is asked to do: capacity, workers, job, producer, consumer |
//! | `probe`, `memory` | what a run is asked about: latency, items held; bytes held, allocations |
//! | `patterns` | each pattern under a load |
//! | `point` | one point: criterion's time, and what the probes say, written beside it |
//! | `profile` | how long it may take, and where results go |
//! | `report` | reads all points; plots, recommends, writes the page |
//!
//! Time is measured with every probe off; a second run of the same load, with the probes on, gives the
//! rest. Always on production builds: a workspace-wide `cargo bench` would unify features and measure
//! the checked facade, so each bench starts with [`production_only`].

pub mod load;
pub mod memory;
pub mod patterns;
pub mod point;
pub mod probe;
pub mod profile;
pub mod report;

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
