//! One cell of the table: how a run ended, after how many executions, and in what time.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// How long one cell may take.
pub const LIMIT: Duration = Duration::from_secs(20);

static EXECUTIONS: AtomicU64 = AtomicU64::new(0);
static SAID: AtomicBool = AtomicBool::new(false);
static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It found a violation.
    Found,
    /// It looked at everything.
    Complete,
    /// It looked at as many executions as it was given.
    Passed,
    /// The time was over.
    Unfinished,
    /// There is one way to run, so nothing was checked.
    Vacuous,
    /// The engine is not meant for it.
    NotMeant,
}

const WORDS: [(Ended, &str); 6] = [
    (Ended::Found, "found"),
    (Ended::Complete, "complete"),
    (Ended::Passed, "passed"),
    (Ended::Unfinished, "unfinished"),
    (Ended::Vacuous, "vacuous"),
    (Ended::NotMeant, "not-meant"),
];

/// One cell.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// How it ended.
    pub ended: Ended,
    /// Executions up to then.
    pub executions: u64,
    /// Time up to then.
    pub seconds: f64,
}

impl Cell {
    /// From the line that [`say`] printed.
    pub fn parse(line: &str) -> Option<Cell> {
        let mut words = line.strip_prefix("cell ")?.split(' ');
        let word = words.next()?;
        let ended = WORDS.iter().find(|pair| pair.1 == word)?.0;
        let executions = words.next()?.parse().ok().filter(|n| *n > 0)?;
        Some(Cell { ended, executions, seconds: words.next()?.parse().ok()? })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ended {
            Ended::Found => return write!(f, "{}", self.executions),
            Ended::Vacuous => return write!(f, "vacuous"),
            Ended::NotMeant => return write!(f, "-"),
            Ended::Complete => write!(f, "all {}", self.executions)?,
            Ended::Passed => write!(f, "none")?,
            Ended::Unfinished => write!(f, "unfinished: {}", self.executions)?,
        }
        // Below a few, the time is that of the start.
        if self.executions >= 100 {
            let rate = self.executions as f64 / self.seconds;
            write!(f, " in {:.2} s ({:.0} k/s)", self.seconds, rate / 1e3)?;
        }
        Ok(())
    }
}

/// Starts the clock: a panic is a violation, and the limit ends the process.
pub fn watch() {
    BEGUN.get_or_init(Instant::now);
    std::panic::set_hook(Box::new(|panic| {
        say(Ended::Found, EXECUTIONS.load(SeqCst));
        eprintln!("{panic}");
    }));
    std::thread::spawn(|| {
        std::thread::sleep(LIMIT);
        say(Ended::Unfinished, EXECUTIONS.load(SeqCst));
        std::process::exit(0);
    });
}

/// Counts an execution, as it begins.
pub fn execution() {
    EXECUTIONS.fetch_add(1, SeqCst);
}

/// How many were counted.
pub fn executions() -> u64 {
    EXECUTIONS.load(SeqCst)
}

/// Tells how the run ended. Only the first counts: what comes after a violation is the unwinding.
pub fn say(ended: Ended, executions: u64) {
    if !SAID.swap(true, SeqCst) {
        let seconds = BEGUN.get().expect("`watch` was called").elapsed().as_secs_f64();
        let word = WORDS.iter().find(|pair| pair.0 == ended).expect("all have one").1;
        println!("cell {word} {executions} {seconds}");
    }
}

/// Ends the process: the engine is not meant for the scenario.
pub fn not_meant() -> ! {
    say(Ended::NotMeant, 1);
    std::process::exit(0);
}
