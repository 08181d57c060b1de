//! `OnceCell`: the real one of tokio, wrapped.
//!
//! 1. To initialise is to `Acquire` the right to, to run the code under test outside of any operation, and
//!    then to `SetOnce`, or to `Release` the right where there is no value. `Acquire` is `Done(1)` where there
//!    is a value already.
//! 2. The real cell calls the initialiser in the middle of its own poll, which is one operation here. So it
//!    is given a `Handed`, which waits; the initialiser runs beside it and hands its value over.
//!
//! Not `const`: in a `static` it would be state that outlives an execution.

use super::held::Held;
use super::seen;
use super::waiting::Waiting;
use crate::check::engine::{ObjectKind, OpKind, Outcome, Site};
use crate::check::object::Object;
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::sync as real;

pub use tokio::sync::SetError;

/// A value that is set once, by whoever comes first.
pub struct OnceCell<T> {
    real: real::OnceCell<T>,
    object: Object,
}

const ACQUIRE: (OpKind, OpKind) = (OpKind::Acquire, OpKind::DropAcquire);

impl<T> OnceCell<T> {
    /// A cell with no value.
    #[track_caller]
    pub fn new() -> Self {
        Self::new_with(None)
    }

    /// A cell with this value, if it is one.
    #[track_caller]
    pub fn new_with(value: Option<T>) -> Self {
        let object = Object::new(ObjectKind::OnceCell);
        OnceCell { real: real::OnceCell::new_with(value), object }
    }

    /// Whether there is a value.
    #[track_caller]
    pub fn initialized(&self) -> bool {
        let real = || self.real.initialized();
        self.object.op(OpKind::GetOnce, 0, Location::caller(), real, seen::flag)
    }

    /// The value, if there is one.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        let seen = |value: &Option<&T>| seen::flag(&value.is_some());
        self.object.op(OpKind::GetOnce, 0, Location::caller(), || self.real.get(), seen)
    }

    /// The value, if there is one. Nobody else has the cell: no operation.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.real.get_mut()
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// Gives it back if there is one already, or somebody is about to set one.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        let id = self.object.identity(&value);
        let real = || self.real.set(value);
        self.object.op(OpKind::SetOnce, id, Location::caller(), real, |set| match set {
            Ok(()) => Outcome::DONE,
            Err(SetError::AlreadyInitializedError(_)) => Outcome::CLOSED,
            Err(SetError::InitializingError(_)) => Outcome::BUSY,
        })
    }

    /// The value; `f` makes it if there is none, and others wait meanwhile.
    ///
    /// # Cancel safety
    ///
    /// If dropped early, the next in line makes the value.
    #[track_caller]
    pub fn get_or_init<F, Fut>(&self, f: F) -> impl Future<Output = &T>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        let site = Location::caller();
        async move {
            let infallible = || async { Ok::<T, Infallible>(f().await) };
            let Ok(value) = self.init(infallible, site).await;
            value
        }
    }

    /// The same, where `f` may fail: then the next in line makes the value.
    ///
    /// # Errors
    ///
    /// Those of `f`.
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_init`](Self::get_or_init).
    #[track_caller]
    pub fn get_or_try_init<E, F, Fut>(&self, f: F) -> impl Future<Output = Result<&T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.init(f, Location::caller())
    }

    async fn init<E, F, Fut>(&self, f: F, site: Site) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let object = self.object;
        if object.engine().is_none() {
            return self.real.get_or_try_init(f).await;
        }
        let handed = Handed::default();
        let theirs = handed.clone();
        let real = Box::pin(self.real.get_or_init(move || theirs.wait()));
        let begin = Begin { real: Some(real), handed: handed.clone() };
        let real = match Waiting::new(object, ACQUIRE, 1, site, begin, Begun::outcome).await {
            Begun::Already(value) => return Ok(value),
            Begun::Ours(real) => Held::new(real, object, OpKind::Release, 1, site),
        };
        let value = f().await?;
        let id = object.identity(&value);
        handed.lock().value = Some(value);
        let mut real = real.into_real();
        let set = move || real.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        match object.effect(OpKind::SetOnce, id, site, set) {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => unreachable!("it waited for the value only"),
        }
    }

    /// The value, if there is one. Nobody else has the cell: no operation.
    pub fn into_inner(self) -> Option<T> {
        self.real.into_inner()
    }

    /// Takes the value out, if there is one. Nobody else has the cell: no operation.
    pub fn take(&mut self) -> Option<T> {
        self.real.take()
    }
}

/// What the real cell waits for in place of the initialiser.
struct Handed<T>(Arc<Mutex<Hand<T>>>);

struct Hand<T> {
    /// The real cell has begun to wait: its caller has the right to initialise.
    waits: bool,
    value: Option<T>,
}

impl<T> Default for Handed<T> {
    fn default() -> Self {
        Handed(Arc::new(Mutex::new(Hand { waits: false, value: None })))
    }
}

impl<T> Clone for Handed<T> {
    fn clone(&self) -> Self {
        Handed(self.0.clone())
    }
}

impl<T> Handed<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Hand<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, once it is there. Wakes nobody: whoever hands it over polls.
    fn wait(self) -> impl Future<Output = T> {
        poll_fn(move |_| {
            let mut hand = self.lock();
            hand.waits = true;
            hand.value.take().map_or(Poll::Pending, Poll::Ready)
        })
    }
}

/// Waits until there is a value, or the right to initialise.
struct Begin<T, R> {
    real: Option<Pin<Box<R>>>,
    handed: Handed<T>,
}

enum Begun<V, R> {
    Already(V),
    /// The real future, which has the right for as long as it lives.
    Ours(Pin<Box<R>>),
}

impl<V, R> Begun<V, R> {
    fn outcome(&self) -> Outcome {
        match self {
            Begun::Already(_) => Outcome::Done(1),
            Begun::Ours(_) => Outcome::DONE,
        }
    }
}

impl<T, R: Future> Future for Begin<T, R> {
    type Output = Begun<R::Output, R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let real = self.real.as_mut().expect("not polled after it was ready");
        match real.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Begun::Already(value)),
            Poll::Pending if self.handed.lock().waits => {
                Poll::Ready(Begun::Ours(self.real.take().expect("just polled")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Default for OnceCell<T> {
    #[track_caller]
    fn default() -> Self {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        OnceCell::new_with(Some(value))
    }
}

impl<T> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell").finish_non_exhaustive()
    }
}
