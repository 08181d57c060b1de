//! What the stages do to an item: the user's functions behind one trait.

use rt::sync::CancellationToken;
use selvedge_rt as rt;
use std::error::Error;
use std::sync::Arc;

/// What became of one item in a stage.
pub(super) enum Step<U> {
    /// It goes on as this.
    Passed(U),
    /// A filter dropped it.
    Rejected,
    /// The cancel came while its future was in flight.
    Abandoned,
    /// The user's function returned an error.
    Failed(Box<dyn Error + Send + Sync>),
}

impl<U, E: Into<Box<dyn Error + Send + Sync>>> From<Result<U, E>> for Step<U> {
    fn from(result: Result<U, E>) -> Self {
        match result {
            Ok(value) => Step::Passed(value),
            Err(error) => Step::Failed(error.into()),
        }
    }
}

/// The work of one worker.
pub(super) trait Work<T> {
    /// What an item becomes.
    type Output;

    /// Works on one item. A panic in it, or when its future is dropped, is the item's.
    fn work(
        &mut self,
        value: T,
        token: &CancellationToken,
    ) -> impl Future<Output = Step<Self::Output>> + Send;
}

/// See [`Pipeline::map`](super::Pipeline::map).
pub(super) struct Map<F>(pub(super) F);

impl<T: Send, U: Send, F: FnMut(T) -> U + Send> Work<T> for Map<F> {
    type Output = U;

    async fn work(&mut self, value: T, _: &CancellationToken) -> Step<U> {
        Step::Passed(self.0(value))
    }
}

/// See [`Pipeline::try_map`](super::Pipeline::try_map).
pub(super) struct TryMap<F>(pub(super) F);

impl<T, U, E, F> Work<T> for TryMap<F>
where
    T: Send,
    U: Send,
    E: Into<Box<dyn Error + Send + Sync>>,
    F: FnMut(T) -> Result<U, E> + Send,
{
    type Output = U;

    async fn work(&mut self, value: T, _: &CancellationToken) -> Step<U> {
        self.0(value).into()
    }
}

/// See [`Pipeline::filter`](super::Pipeline::filter).
pub(super) struct Filter<F>(pub(super) F);

impl<T: Send, F: FnMut(&T) -> bool + Send> Work<T> for Filter<F> {
    type Output = T;

    async fn work(&mut self, value: T, _: &CancellationToken) -> Step<T> {
        if self.0(&value) { Step::Passed(value) } else { Step::Rejected }
    }
}

/// See [`Pipeline::map_concurrent`](super::Pipeline::map_concurrent). Clones share `f`.
pub(super) struct Concurrent<F, R, U> {
    f: Arc<F>,
    step: fn(R) -> Step<U>,
}

impl<F, R, U> Concurrent<F, R, U> {
    pub(super) fn new(f: F, step: fn(R) -> Step<U>) -> Self {
        Concurrent { f: Arc::new(f), step }
    }
}

impl<F, R, U> Clone for Concurrent<F, R, U> {
    fn clone(&self) -> Self {
        Concurrent { f: self.f.clone(), step: self.step }
    }
}

impl<T, U, F, Fut> Work<T> for Concurrent<F, Fut::Output, U>
where
    T: Send,
    U: Send,
    F: Fn(T) -> Fut + Send + Sync,
    Fut: Future<Output: Send> + Send,
{
    type Output = U;

    async fn work(&mut self, value: T, token: &CancellationToken) -> Step<U> {
        rt::select! {
            // The future first: what is ready is not thrown away.
            biased;
            output = (self.f)(value) => (self.step)(output),
            () = token.cancelled() => Step::Abandoned,
        }
    }
}
