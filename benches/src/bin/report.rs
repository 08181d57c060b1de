//! Writes the report on the newest results: `report [folder]`.
//!
//! `cargo run -p benches --release --bin report`. Of the full results, or of the quick ones with
//! `SELVEDGE_BENCH=quick`. The folder is `report` beside the results unless it is given.

use benches::profile::{Profile, results};
use benches::report::{Page, ReadError, Results, write};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(index) => {
            println!("{}", index.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("no report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<PathBuf, ReadError> {
    let from = results(Profile::get());
    let to = std::env::args_os().nth(1).map_or_else(|| from.join("report"), PathBuf::from);
    write(&Page::new(&Results::read(&from)?), &to)
}
