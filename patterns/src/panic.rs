//! Panics of user code as data.

use pin_project_lite::pin_project;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The message of a panic: what `panic!` was given, or a note that it was not text.
pub(crate) fn message(payload: Box<dyn Any + Send>) -> String {
    match (payload.downcast_ref::<String>(), payload.downcast_ref::<&'static str>()) {
        (Some(text), _) => text.clone(),
        (_, Some(text)) => (*text).to_owned(),
        _ => "a panic whose payload is not text".to_owned(),
    }
}

/// Runs `f`; the error is the message of its panic.
///
/// Unwind safe as it is used: what has panicked is only dropped.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(message)
}

pin_project! {
    /// A future whose panic is its output, and that is dropped before it is ready.
    ///
    /// It is dropped in place and polled without a block around it: neither a box nor a second copy in the
    /// task that holds it.
    pub(crate) struct Caught<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F> Caught<F> {
    pub(crate) fn new(future: F) -> Self {
        Caught { future: Some(future) }
    }

    /// Drops the future where that has not happened; the error is the panic of a destructor.
    pub(crate) fn discard(self: Pin<&mut Self>) -> Result<(), String> {
        catch(|| self.project().future.set(None))
    }

    /// Whether it has come to its end.
    pub(crate) fn is_over(&self) -> bool {
        self.future.is_none()
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.as_mut().project().future.as_pin_mut();
        let future = future.expect("a task is not polled after its end");
        let output = match catch(|| future.poll(cx)) {
            Ok(polled) => Ok(ready!(polled)),
            Err(message) => Err(message),
        };
        // Of two panics the first says more.
        let discarded = self.discard();
        Poll::Ready(output.and_then(|output| discarded.map(|()| output)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Caught, message};
    use std::future::{poll_fn, ready};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Panics when dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    fn poll<F: Future>(future: F) -> Poll<Result<F::Output, String>> {
        pin!(Caught::new(future)).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn message_is_kept_for_text_and_named_for_anything_else() {
        assert_eq!(message(Box::new("literal")), "literal");
        assert_eq!(message(Box::new(String::from("formatted"))), "formatted");
        assert_eq!(message(Box::new(7)), "a panic whose payload is not text");
    }

    #[test]
    fn panic_of_a_poll_of_a_destructor_and_of_both_is_the_first_of_them() {
        assert_eq!(poll(ready(1)), Poll::Ready(Ok(1)));
        assert_eq!(
            poll(poll_fn(|_| -> Poll<()> { panic!("polled") })),
            Poll::Ready(Err("polled".into()))
        );
        for panics in [false, true] {
            let bomb = Bomb;
            // Not an `async` block: that drops what it holds as it ends.
            let armed = poll_fn(move |_| {
                let _held = &bomb;
                if panics {
                    panic!("polled")
                }
                Poll::Ready(())
            });
            let first = if panics { "polled" } else { "dropped" };
            assert_eq!(poll(armed), Poll::Ready(Err(first.into())));
        }
    }

    #[test]
    fn discarded_future_is_over_also_where_its_destructor_panics() {
        let bomb = Bomb;
        let mut armed = pin!(Caught::new(poll_fn(move |_| -> Poll<()> {
            let _held = &bomb;
            Poll::Pending
        })));
        assert!(!armed.is_over());
        assert_eq!(armed.as_mut().discard(), Err("dropped".into()));
        assert!(armed.is_over());
        assert_eq!(armed.discard(), Ok(()));
    }
}
