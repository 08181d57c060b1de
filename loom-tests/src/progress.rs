//! What runs now, on stderr: a suite that is silent for a minute looks like one that hangs.

use std::io::{IsTerminal, Write, stderr};

/// Counts steps, and tells each as it begins.
#[derive(Debug)]
pub struct Progress {
    done: usize,
    of: usize,
    tell: bool,
}

impl Progress {
    /// `of` steps, told on stderr.
    pub fn new(of: usize) -> Self {
        Progress { done: 0, of, tell: true }
    }

    /// Says nothing.
    pub fn silent() -> Self {
        Progress { done: 0, of: 0, tell: false }
    }

    /// A step begins.
    pub fn step(&mut self, what: &str) {
        self.done += 1;
        self.write(&format!("[{:>3}/{}] {what}", self.done, self.of), "\n");
    }

    /// The last step has ended.
    pub fn end(&mut self) {
        self.write("", "");
    }

    fn write(&self, line: &str, end: &str) {
        let mut out = stderr();
        if !self.tell {
            return;
        }
        // Nobody is helped by an error about progress that cannot be shown.
        let _ = match out.is_terminal() {
            true => write!(out, "\r\x1b[2K{line}"),
            false => write!(out, "{line}{end}"),
        };
        let _ = out.flush();
    }
}
