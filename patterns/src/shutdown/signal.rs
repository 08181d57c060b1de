//! The signals that ask a process to stop, as the two futures that [`run`](super::Shutdown::run) takes.
//!
//! The only place that listens to the operating system. Everything else takes any future, so it is
//! tested without signals, on every schedule; what is here is tested by real signals to a real process.

use selvedge_rt as rt;
use std::io;

/// Futures of the first and of the second SIGINT or SIGTERM from now on; elsewhere than on unix, ctrl-c.
///
/// From here on, for as long as the process lives, these signals do nothing but complete the two
/// futures. Equal signals that come before the first was looked at may count as one, as the system
/// itself counts them. The second future counts for itself, so it needs two signals even if the
/// shutdown began without one.
///
/// # Errors
///
/// Where the system allows no listener. (In a `check` build, always under an engine.)
///
/// # Panics
///
/// Outside a runtime with IO enabled.
///
/// # Examples
///
/// See [`Shutdown`](super::Shutdown).
pub fn stop_signals() -> io::Result<(
    impl Future<Output = ()> + Send + 'static,
    impl Future<Output = ()> + Send + 'static,
)> {
    let (mut first, mut second) = (Listener::new()?, Listener::new()?);
    Ok((async move { first.recv().await }, async move {
        second.recv().await;
        second.recv().await;
    }))
}

/// Listens from its creation.
#[cfg(unix)]
struct Listener {
    interrupt: rt::signal::unix::Signal,
    terminate: rt::signal::unix::Signal,
}

#[cfg(unix)]
impl Listener {
    fn new() -> io::Result<Self> {
        use rt::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Listener { interrupt, terminate })
    }

    async fn recv(&mut self) {
        let heard = rt::select! {
            heard = self.interrupt.recv() => heard,
            heard = self.terminate.recv() => heard,
        };
        // An end of the listener is no signal: only the runtime's own end could bring it.
        if heard.is_none() {
            std::future::pending().await
        }
    }
}

/// Listens while it receives: the system gives nothing else.
#[cfg(not(unix))]
struct Listener;

#[cfg(not(unix))]
impl Listener {
    fn new() -> io::Result<Self> {
        Ok(Listener)
    }

    async fn recv(&mut self) {
        if rt::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
