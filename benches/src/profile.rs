//! How long a run of the benches may take, and where its results go.

use criterion::Criterion;
use std::path::PathBuf;
use std::time::Duration;

/// From `SELVEDGE_BENCH`, and criterion's `--test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Everything, long enough for a figure to be quoted.
    Full,
    /// Everything, in minutes: for a look.
    Quick,
    /// `--test`: everything once, nothing is written.
    Smoke,
}

impl Profile {
    /// The profile of this process.
    ///
    /// # Panics
    ///
    /// If `SELVEDGE_BENCH` is set to something unknown.
    pub fn get() -> Profile {
        if std::env::args().any(|argument| argument == "--test") {
            return Profile::Smoke;
        }
        match std::env::var("SELVEDGE_BENCH").as_deref() {
            Err(_) | Ok("full") => Profile::Full,
            Ok("quick") => Profile::Quick,
            Ok(other) => panic!("SELVEDGE_BENCH is `full` or `quick`, not `{other}`"),
        }
    }

    /// Its name, in paths and reports.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Full => "full",
            Profile::Quick => "quick",
            Profile::Smoke => "smoke",
        }
    }

    /// Runs with the probes on, for each point.
    pub fn probed_runs(self) -> usize {
        match self {
            Profile::Full => 5,
            Profile::Quick => 2,
            Profile::Smoke => 1,
        }
    }

    /// Criterion, set up for it.
    pub fn criterion(self) -> Criterion {
        let (warm_up, measure) = match self {
            Profile::Full => (300, 2000),
            _ => (50, 250),
        };
        Criterion::default()
            .sample_size(10)
            .warm_up_time(Duration::from_millis(warm_up))
            .measurement_time(Duration::from_millis(measure))
            // The report draws its own.
            .without_plots()
            .output_directory(&results(self))
            .configure_from_args()
    }
}

/// Where the results of a profile go: `selvedge-bench/<profile>` in cargo's target folder.
///
/// Not where criterion would put them: full and quick results must not be taken for each other.
pub fn results(profile: Profile) -> PathBuf {
    let exe = std::env::current_exe().expect("a process has a path");
    // <target>/release/deps/bench-1234, or <target>/release/report.
    let target = exe.ancestors().find(|path| path.join(".rustc_info.json").is_file());
    target
        .expect("a bench runs from cargo's target folder")
        .join("selvedge-bench")
        .join(profile.name())
}
