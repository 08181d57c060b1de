//! Signals of the operating system: `tokio::signal`, in every build.
//!
//! A signal comes from outside, where no engine sees it. So in a `check` build with an engine running,
//! listening is an error and never a blind spot: what is tested takes any future for a signal.

#[cfg(not(feature = "check"))]
pub use tokio::signal::ctrl_c;

#[cfg(feature = "check")]
pub use self::check::ctrl_c;

/// Signals of unix. See `tokio::signal::unix`.
#[cfg(unix)]
pub mod unix {
    #[cfg(feature = "check")]
    pub use super::check::signal;
    #[cfg(not(feature = "check"))]
    pub use tokio::signal::unix::signal;
    pub use tokio::signal::unix::{Signal, SignalKind};
}

#[cfg(feature = "check")]
mod check {
    use crate::check::engine;
    use std::io;

    /// Waits for ctrl-c. See `tokio::signal::ctrl_c`.
    ///
    /// # Errors
    ///
    /// Where the system allows no listener, and under an engine.
    pub async fn ctrl_c() -> io::Result<()> {
        refuse_under_an_engine()?;
        tokio::signal::ctrl_c().await
    }

    /// Listens to signals of this kind from now on. See `tokio::signal::unix::signal`.
    ///
    /// # Errors
    ///
    /// Where the system allows no listener, and under an engine.
    #[cfg(unix)]
    pub fn signal(kind: super::unix::SignalKind) -> io::Result<super::unix::Signal> {
        refuse_under_an_engine()?;
        tokio::signal::unix::signal(kind)
    }

    fn refuse_under_an_engine() -> io::Result<()> {
        match engine::current() {
            None => Ok(()),
            Some(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "no signal comes under an engine: use a future of the scenario",
            )),
        }
    }
}
