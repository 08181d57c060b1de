//! Why the work of a pattern ended.

use std::fmt;

/// Why the work of a pattern ended.
///
/// It speaks of the *input*: whether all of it was worked on. What came out of each item is in the
/// pattern's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The input ended, and everything that was accepted was worked on.
    Complete,
    /// A cancellation, or a consumer that left, cut it short.
    Cancelled,
    /// An error cut it short.
    Failed,
    /// A panic in user code cut it short.
    Panicked,
}

impl End {
    /// Whether nothing was cut short.
    pub fn is_complete(self) -> bool {
        self == End::Complete
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Complete => "complete",
            End::Cancelled => "cancelled",
            End::Failed => "failed",
            End::Panicked => "panicked",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::End;

    #[test]
    fn only_a_complete_end_is_complete_and_each_reads_as_one_word() {
        let all = [End::Complete, End::Cancelled, End::Failed, End::Panicked];
        assert_eq!(all.map(End::is_complete), [true, false, false, false]);
        let words = all.map(|end| end.to_string());
        assert_eq!(words, ["complete", "cancelled", "failed", "panicked"]);
    }
}
