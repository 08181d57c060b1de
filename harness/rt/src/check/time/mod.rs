//! Time: virtual where an engine runs, tokio's own where none does.
//!
//! A timer belongs to whoever ran when it was made. The engine's clock starts at zero in each execution;
//! an [`Instant`] is that offset from one base per process, so that no wall clock shows anywhere.

pub mod error;
mod instant;
mod interval;
mod sleep;
mod timeout;

pub use instant::Instant;
pub use interval::{Interval, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Timeout, timeout, timeout_at};
pub use tokio::time::{Duration, MissedTickBehavior};

/// What stands for "never" where a sum of times overflows: about 30 years, as in tokio.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
