//! `sleep`: a timer that the engine's clock fires.

use super::{Duration, FAR, Instant};
use crate::check::engine::{self, ObjectKind, OpKind, Outcome, Site};
use crate::check::object::Object;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Waits for `duration`. See `tokio::time::sleep`.
///
/// A duration of zero is over at the first poll; one that overflows the clock stands for 30 years.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let now = Instant::now();
    sleep_until(now.checked_add(duration).unwrap_or_else(|| now + FAR))
}

/// Waits until `deadline`. See `tokio::time::sleep_until`.
///
/// # Panics
///
/// With no engine running, panics outside a tokio runtime.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let site = Location::caller();
    if engine::current().is_none() {
        return Sleep(Inner::Real(Box::pin(tokio::time::sleep_until(deadline.real()))));
    }
    let object = Object::new_at(ObjectKind::Timer, site);
    Sleep(Inner::Engine(Timer { object, site, deadline, state: State::New }))
}

/// Is ready once its deadline has passed. See `tokio::time::Sleep`.
///
/// Here it can be moved while it is polled. Tokio's cannot: code that relies on that does not compile
/// in production.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sleep(Inner);

enum Inner {
    Real(Pin<Box<tokio::time::Sleep>>),
    Engine(Timer),
}

/// A timer of the engine.
struct Timer {
    object: Object,
    site: Site,
    deadline: Instant,
    state: State,
}

enum State {
    New,
    /// Armed in the engine, to wake this. It may have fired since.
    Armed(Waker),
    Ready,
}

impl Timer {
    fn poll(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<()> {
        let deadline = self.deadline.offset();
        let Some((engine, id)) = self.object.engine() else { return Poll::Pending };
        let arg = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
        let state = &mut self.state;
        let poll = |cx: &mut Context<'_>| {
            if engine.elapsed() >= deadline {
                // A later deadline may still be armed, from before a reset.
                if let State::Armed(_) = std::mem::replace(state, State::Ready) {
                    engine.arm(id, None, None);
                }
                return Poll::Ready(());
            }
            *state = State::Armed(cx.waker().clone());
            engine.arm(id, Some(deadline), Some(cx.waker()));
            Poll::Pending
        };
        self.object.poll(OpKind::Timer, arg, site, cx, poll, |()| Outcome::DONE)
    }

    fn is_elapsed(&self) -> bool {
        match self.state {
            State::New => false,
            State::Armed(_) => Instant::now() >= self.deadline,
            State::Ready => true,
        }
    }

    fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        match (&self.state, self.object.engine()) {
            // The waker of the last poll is still due, at the new time.
            (State::Armed(waker), Some((engine, id))) => {
                engine.arm(id, Some(deadline.offset()), Some(waker));
            }
            _ => self.state = State::New,
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let (State::Armed(_), Some((engine, id))) = (&self.state, self.object.engine()) {
            engine.arm(id, None, None);
            self.object.effect(OpKind::DropTimer, 0, self.site, || ());
        }
    }
}

impl Sleep {
    /// When it is ready.
    pub fn deadline(&self) -> Instant {
        match &self.0 {
            Inner::Real(sleep) => Instant::from_real(sleep.deadline()),
            Inner::Engine(timer) => timer.deadline,
        }
    }

    /// Whether it was polled and its deadline has passed since.
    pub fn is_elapsed(&self) -> bool {
        match &self.0 {
            Inner::Real(sleep) => sleep.is_elapsed(),
            Inner::Engine(timer) => timer.is_elapsed(),
        }
    }

    /// Sets another deadline, whether or not the last one has passed.
    pub fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.as_mut().get_mut().set(deadline);
    }

    pub(super) fn set(&mut self, deadline: Instant) {
        match &mut self.0 {
            Inner::Real(sleep) => sleep.as_mut().reset(deadline.real()),
            Inner::Engine(timer) => timer.reset(deadline),
        }
    }

    pub(super) fn poll_at(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<()> {
        match &mut self.0 {
            Inner::Real(sleep) => sleep.as_mut().poll(cx),
            Inner::Engine(timer) => timer.poll(cx, site),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Inner::Real(sleep) => sleep.as_mut().poll(cx),
            Inner::Engine(timer) => timer.poll(cx, timer.site),
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}
