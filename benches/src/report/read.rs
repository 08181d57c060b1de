//! The points of a run: criterion's estimates, and what the benches wrote beside them.

use crate::point::{MACHINE, Machine, Question, SIDE, Side};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// One point.
#[derive(Clone, Debug)]
pub struct Point {
    /// What was asked, and what the probes said.
    pub side: Side,
    /// Criterion's time of one run, in nanoseconds: the median.
    pub time_ns: f64,
    /// Its confidence interval of 95 %.
    pub time_ns_interval: (f64, f64),
}

impl Point {
    /// Items a second.
    pub fn throughput(&self) -> f64 {
        self.side.load.items as f64 * 1e9 / self.time_ns
    }

    /// Items a second, at the better end of the interval.
    pub fn throughput_at_best(&self) -> f64 {
        self.side.load.items as f64 * 1e9 / self.time_ns_interval.0
    }

    /// Nanoseconds an item.
    pub fn item_ns(&self) -> f64 {
        self.time_ns / self.side.load.items as f64
    }
}

/// All points of a run.
#[derive(Clone, Debug)]
pub struct Results {
    /// Where it ran, and what.
    pub machine: Machine,
    /// By pattern, then question, then load.
    pub points: Vec<Point>,
}

/// Why there is no report.
#[derive(Debug)]
pub enum ReadError {
    /// A file cannot be read, or is not what the benches write.
    File(PathBuf, String),
    /// There are no points.
    Empty(PathBuf),
    /// A point is of another commit than the machine file.
    Mixed(PathBuf, String),
}

impl std::error::Error for ReadError {}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::File(path, error) => write!(f, "{}: {error}", path.display()),
            ReadError::Empty(path) => {
                write!(f, "no points in {}: run `cargo bench -p benches`", path.display())
            }
            ReadError::Mixed(path, commit) => write!(
                f,
                "{} is of commit {commit}, and others are not: delete the folder and run again",
                path.display()
            ),
        }
    }
}

/// Criterion's file, as far as it is used.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

impl Results {
    /// Reads every point below `folder`.
    ///
    /// # Errors
    ///
    /// [`ReadError`]; a point without criterion's part, or of another commit, is one too.
    pub fn read(folder: &Path) -> Result<Results, ReadError> {
        let mut sides = Vec::new();
        if folder.is_dir() {
            find(folder, &mut sides)?;
        }
        if sides.is_empty() {
            return Err(ReadError::Empty(folder.into()));
        }
        let machine: Machine = json(&folder.join(MACHINE))?;
        let mut points = Vec::new();
        for path in sides {
            let side: Side = json(&path)?;
            if side.commit != machine.commit {
                return Err(ReadError::Mixed(path, side.commit));
            }
            let Estimates { median } = json(&path.with_file_name("new").join("estimates.json"))?;
            let interval = median.confidence_interval;
            points.push(Point {
                side,
                time_ns: median.point_estimate,
                time_ns_interval: (interval.lower_bound, interval.upper_bound),
            });
        }
        points.sort_by_key(|point| order(&point.side));
        Ok(Results { machine, points })
    }
}

/// Unbounded after every bound; in a comparison the pattern first, then the bare code.
fn order(side: &Side) -> impl Ord + use<> {
    let who = match &side.question {
        Question::Capacity => (0, String::new()),
        Question::Price { who, .. } => match who.as_str() {
            "pattern" => (1, String::new()),
            "bare" => (2, String::new()),
            peer => (3, peer.to_string()),
        },
    };
    let load = side.load;
    let case = (load.cost, load.workers, load.name());
    (side.pattern.clone(), case, who, load.capacity.unwrap_or(usize::MAX))
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    let failed = |error: std::io::Error| ReadError::File(folder.into(), error.to_string());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.ends_with(SIDE) {
            found.push(path);
        }
    }
    Ok(())
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    let failed = |error: String| ReadError::File(path.into(), error);
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_points_is_an_error() {
        let nowhere = Path::new("/nonexistent/selvedge-bench");
        assert!(matches!(Results::read(nowhere), Err(ReadError::Empty(_))));
    }
}
