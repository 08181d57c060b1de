//! One point: the time that criterion measures, and what the probes say, written beside it.

use crate::load::{Cost, Load, ROUNDS_PER_US, spin};
use crate::memory;
use crate::probe::Probe;
use crate::profile::{Profile, results};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// The file beside criterion's `new/` that holds a [`Side`].
pub const SIDE: &str = "selvedge.json";
/// The file at the top of the results that holds the [`Machine`].
pub const MACHINE: &str = "machine.json";
/// Threads of the runtime.
pub const THREADS: usize = 2;

/// What the time of a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timed {
    /// All items of the load, start to end.
    Items,
    /// From the word to stop until everything has stopped.
    Stop,
}

/// Which question a point answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Which capacity: the points of a pattern and case differ in nothing else.
    Capacity,
    /// What the pattern costs: the points of a pattern and cost differ in who does it.
    Price {
        /// Who: `pattern`, `bare`, or a peer.
        who: String,
        /// What it does not do that the pattern does; empty if nothing.
        lacks: String,
    },
}

/// What is known of a point beside criterion's time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Side {
    /// Of which commit it is, as in [`Machine`].
    pub commit: String,
    /// The pattern.
    pub pattern: String,
    /// The question.
    pub question: Question,
    /// What was asked.
    pub load: Load,
    /// What criterion's time is.
    pub timed: Timed,
    /// What the probes say.
    pub seen: Seen,
}

/// What the probes say of a point.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Latency from producer to consumer, in nanoseconds: the median.
    pub p50_ns: u64,
    /// The 99th percentile.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// Most items held at once.
    pub held_max: u64,
    /// Items held when told to stop.
    pub in_flight: u64,
    /// Most bytes held at once.
    pub bytes_max: u64,
    /// Allocations for each item.
    pub allocations_per_item: f64,
}

/// Where and of what the results are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Which profile.
    pub profile: String,
    /// The processor, and how many may be used.
    pub cpu: String,
    /// `rustc --version`.
    pub rustc: String,
    /// The commit, with `+` where files had changed.
    pub commit: String,
    /// What a job of a nominal microsecond took, in nanoseconds.
    pub us_ns: u64,
}

/// Measures points, on one runtime.
pub struct Bench<'a> {
    criterion: &'a mut Criterion,
    profile: Profile,
    runtime: Runtime,
    machine: Machine,
}

impl<'a> Bench<'a> {
    /// Also writes what machine it is.
    pub fn new(criterion: &'a mut Criterion) -> Self {
        crate::production_only();
        let profile = Profile::get();
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(THREADS).enable_time().build().expect("a runtime");
        let machine = Machine::here(profile);
        if profile != Profile::Smoke {
            write(&results(profile).join(MACHINE), &machine);
        }
        Bench { criterion, profile, runtime, machine }
    }

    /// Measures `run` under `load`, for every capacity of the sweep.
    pub fn capacities<F, Fut>(&mut self, pattern: &str, timed: Timed, load: Load, run: F)
    where
        F: Fn(Load, Probe) -> Fut,
        Fut: Future<Output = Duration> + Send + 'static,
    {
        const CAPACITIES: [usize; 8] = [1, 2, 4, 8, 16, 64, 256, 1024];
        for capacity in CAPACITIES.map(Some).into_iter().chain([None]) {
            let load = Load { capacity, ..load };
            let value = capacity.map_or("unbounded".to_string(), |n| n.to_string());
            let id = [load.name(), value];
            self.point(pattern, id, timed, Question::Capacity, load, &run);
        }
    }

    /// Measures what `who` takes for the same work as the pattern. `lacks` says what it leaves out.
    pub fn price<F, Fut>(&mut self, pattern: &str, load: Load, (who, lacks): (&str, &str), run: F)
    where
        F: Fn(Load, Probe) -> Fut,
        Fut: Future<Output = Duration> + Send + 'static,
    {
        let question = Question::Price { who: who.into(), lacks: lacks.into() };
        let id = [who.into(), load.cost.name().into()];
        self.point(&format!("price_{pattern}"), id, Timed::Items, question, load, &run);
    }

    fn point<F, Fut>(
        &mut self,
        pattern: &str,
        [function, value]: [String; 2],
        timed: Timed,
        question: Question,
        load: Load,
        run: &F,
    ) where
        F: Fn(Load, Probe) -> Fut,
        Fut: Future<Output = Duration> + Send + 'static,
    {
        let (profile, runtime) = (self.profile, &self.runtime);
        // In a task, so that what it waits for wakes a worker of the runtime and not this thread.
        let once = |probe| {
            let run = runtime.spawn(run(load, probe));
            runtime.block_on(run).expect("a run of a benchmark does not panic")
        };
        let mut group = self.criterion.benchmark_group(pattern);
        group.sampling_mode(SamplingMode::Flat);
        if timed == Timed::Items {
            group.throughput(Throughput::Elements(load.items));
        }
        // Inside criterion's closure, because only there it is known that no filter excludes the point;
        // it calls the closure several times.
        let mut probed = false;
        let commit = &self.machine.commit;
        let path = results(profile).join(pattern).join(&function).join(&value).join(SIDE);
        group.bench_function(BenchmarkId::new(function, value), |bencher| {
            if !std::mem::replace(&mut probed, true) {
                let seen = seen(profile.probed_runs(), load, once);
                let (commit, pattern) = (commit.clone(), pattern.into());
                let question = question.clone();
                let side = Side { commit, pattern, question, load, timed, seen };
                if profile != Profile::Smoke {
                    write(&path, &side);
                }
            }
            bencher.iter_custom(|rounds| (0..rounds).map(|_| once(Probe::off())).sum());
        });
        group.finish();
    }
}

/// Runs with the probes on.
fn seen(runs: usize, load: Load, once: impl Fn(Probe) -> Duration) -> Seen {
    // The first run warms up, and the probe's own memory is no part of the run's.
    once(Probe::off());
    let usages: Vec<_> = (0..runs).map(|_| memory::usage(|| once(Probe::off())).1).collect();
    let reading = |_| {
        let probe = Probe::on();
        once(probe.clone());
        probe.read().expect("it is on")
    };
    let all = (0..runs).map(reading).reduce(|mut all, reading| {
        all.latency.add(reading.latency).expect("equal bounds");
        all.held_max = all.held_max.max(reading.held_max);
        all.in_flight = all.in_flight.max(reading.in_flight);
        all
    });
    let all = all.expect("at least one run");
    assert!(!all.latency.is_empty(), "no item went through the probe under {load:?}");
    let least = usages.iter().map(|usage| usage.allocations).min().expect("at least one run");
    Seen {
        p50_ns: all.latency.value_at_quantile(0.5),
        p99_ns: all.latency.value_at_quantile(0.99),
        max_ns: all.latency.max(),
        held_max: all.held_max as u64,
        in_flight: all.in_flight as u64,
        bytes_max: usages.iter().map(|usage| usage.bytes_max).max().expect("at least one run"),
        allocations_per_item: least as f64 / load.items as f64,
    }
}

impl Machine {
    fn here(profile: Profile) -> Machine {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
        let threads = std::thread::available_parallelism().map_or(0, usize::from);
        let commit = told("git", &["rev-parse", "--short", "HEAD"]);
        let changed = told("git", &["status", "--porcelain", "--untracked-files=no"]);
        Machine {
            profile: profile.name().into(),
            cpu: format!("{}, {threads} threads", cpu.unwrap_or(std::env::consts::ARCH).trim()),
            rustc: told("rustc", &["--version"]),
            commit: format!("{commit}{}", if changed.is_empty() { "" } else { "+" }),
            us_ns: nanoseconds_of_a_microsecond(),
        }
    }
}

/// The least of many tries: what it takes where nobody disturbs it.
fn nanoseconds_of_a_microsecond() -> u64 {
    let once = |n| {
        let begun = Instant::now();
        std::hint::black_box(spin(n, 100 * ROUNDS_PER_US));
        begun.elapsed().as_nanos() as u64 / 100
    };
    (0..50).map(once).min().expect("fifty")
}

fn told(program: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_string()
        }
        _ => "unknown".into(),
    }
}

fn write(path: &Path, value: &impl Serialize) {
    let folder = path.parent().expect("a file is in a folder");
    let json = serde_json::to_vec_pretty(value).expect("plain data");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, json))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Costs, in the order of the report.
pub const COSTS: [Cost; 4] = [Cost::Free, Cost::Us1, Cost::Us20, Cost::Wait];
