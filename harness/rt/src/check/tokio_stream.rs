//! Receivers and intervals as streams: the wrappers of the crate `tokio-stream`, over those of this facade.
//!
//! They are thin, so the operations are those of what is inside; a poll of a stream has no caller to name, so
//! its site is where the stream was made. Combinators are not here: those of `futures-util` know no clock and
//! no task, so they serve as they are.

/// See `tokio_stream::wrappers`.
pub mod wrappers {
    use crate::check::engine::Site;
    use crate::check::sync::broadcast::{self, error::RecvError};
    use crate::check::sync::{mpsc, watch};
    use crate::check::time::{Instant, Interval};
    use futures_core::Stream;
    use std::fmt;
    use std::future::Future;
    use std::panic::Location;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    pub use tokio_stream::wrappers::errors;

    use errors::BroadcastStreamRecvError;

    /// A stream `$stream` of `$item`s over `$inner`, polled by `$poll`.
    macro_rules! over {
        (
            $(#[$doc:meta])* $stream:ident $(<$t:ident>)?, $inner:ty, $item:ty,
            |$this:ident, $cx:ident| $poll:expr
        ) => {
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $stream $(<$t>)? {
                inner: $inner,
                site: Site,
            }

            impl $(<$t>)? $stream $(<$t>)? {
                /// A stream over it.
                #[track_caller]
                pub fn new(inner: $inner) -> Self {
                    Self { inner, site: Location::caller() }
                }

                /// What is inside.
                pub fn into_inner(self) -> $inner {
                    self.inner
                }
            }

            impl $(<$t>)? Stream for $stream $(<$t>)? {
                type Item = $item;

                fn poll_next(self: Pin<&mut Self>, $cx: &mut Context<'_>) -> Poll<Option<$item>> {
                    let $this = self.get_mut();
                    $poll
                }
            }

            impl $(<$t>)? AsRef<$inner> for $stream $(<$t>)? {
                fn as_ref(&self) -> &$inner {
                    &self.inner
                }
            }

            impl $(<$t>)? AsMut<$inner> for $stream $(<$t>)? {
                fn as_mut(&mut self) -> &mut $inner {
                    &mut self.inner
                }
            }
        };
    }

    over!(
        /// The items of a bounded channel. See `tokio_stream::wrappers::ReceiverStream`.
        ReceiverStream<T>, mpsc::Receiver<T>, T,
        |this, cx| this.inner.poll_recv_at(cx, this.site)
    );
    over!(
        /// The items of an unbounded channel. See `tokio_stream::wrappers::UnboundedReceiverStream`.
        UnboundedReceiverStream<T>, mpsc::UnboundedReceiver<T>, T,
        |this, cx| this.inner.poll_recv_at(cx, this.site)
    );
    over!(
        /// The ticks of an interval: it never ends. See `tokio_stream::wrappers::IntervalStream`.
        IntervalStream, Interval, Instant,
        |this, cx| this.inner.poll_at(cx, this.site).map(Some)
    );

    impl<T> ReceiverStream<T> {
        /// Closes the channel; what is queued, or has a slot, can still be received.
        #[track_caller]
        pub fn close(&mut self) {
            self.inner.close();
        }
    }

    impl<T> UnboundedReceiverStream<T> {
        /// Closes the channel; what is queued can still be received.
        #[track_caller]
        pub fn close(&mut self) {
            self.inner.close();
        }
    }

    impl<T> From<mpsc::Receiver<T>> for ReceiverStream<T> {
        #[track_caller]
        fn from(inner: mpsc::Receiver<T>) -> Self {
            Self::new(inner)
        }
    }

    impl<T> From<mpsc::UnboundedReceiver<T>> for UnboundedReceiverStream<T> {
        #[track_caller]
        fn from(inner: mpsc::UnboundedReceiver<T>) -> Self {
            Self::new(inner)
        }
    }

    /// What a receive came to, with the receiver.
    type Receiving<R, O> = Pin<Box<dyn Future<Output = (R, O)> + Send>>;

    /// The items of a broadcast channel, and how many were missed. See
    /// `tokio_stream::wrappers::BroadcastStream`.
    pub struct BroadcastStream<T> {
        next: Receiving<broadcast::Receiver<T>, Result<T, RecvError>>,
        site: Site,
    }

    impl<T: Clone + Send + 'static> BroadcastStream<T> {
        /// A stream over `rx`.
        #[track_caller]
        pub fn new(rx: broadcast::Receiver<T>) -> Self {
            let site = Location::caller();
            Self { next: Self::receive(rx, site), site }
        }

        fn receive(
            mut rx: broadcast::Receiver<T>,
            site: Site,
        ) -> Receiving<broadcast::Receiver<T>, Result<T, RecvError>> {
            Box::pin(async move {
                let received = rx.recv_at(site).await;
                (rx, received)
            })
        }
    }

    impl<T: Clone + Send + 'static> Stream for BroadcastStream<T> {
        type Item = Result<T, BroadcastStreamRecvError>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let (rx, received) = ready!(self.next.as_mut().poll(cx));
            self.next = Self::receive(rx, self.site);
            Poll::Ready(match received {
                Ok(item) => Some(Ok(item)),
                Err(RecvError::Closed) => None,
                Err(RecvError::Lagged(n)) => Some(Err(BroadcastStreamRecvError::Lagged(n))),
            })
        }
    }

    impl<T> fmt::Debug for BroadcastStream<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("BroadcastStream").finish()
        }
    }

    impl<T: Clone + Send + 'static> From<broadcast::Receiver<T>> for BroadcastStream<T> {
        #[track_caller]
        fn from(rx: broadcast::Receiver<T>) -> Self {
            Self::new(rx)
        }
    }

    /// The values of a `watch` as they change. See `tokio_stream::wrappers::WatchStream`.
    pub struct WatchStream<T> {
        next: Receiving<watch::Receiver<T>, Result<(), watch::error::RecvError>>,
        site: Site,
    }

    impl<T: Clone + Send + Sync + 'static> WatchStream<T> {
        /// A stream over `rx`, which begins with the value that is there.
        #[track_caller]
        pub fn new(rx: watch::Receiver<T>) -> Self {
            Self { next: Box::pin(async move { (rx, Ok(())) }), site: Location::caller() }
        }

        /// A stream over `rx`, which begins with the next value that it has not seen.
        #[track_caller]
        pub fn from_changes(rx: watch::Receiver<T>) -> Self {
            let site = Location::caller();
            Self { next: Self::receive(rx, site), site }
        }

        fn receive(
            mut rx: watch::Receiver<T>,
            site: Site,
        ) -> Receiving<watch::Receiver<T>, Result<(), watch::error::RecvError>> {
            Box::pin(async move {
                let changed = rx.changed_at(site).await;
                (rx, changed)
            })
        }
    }

    impl<T: Clone + Send + Sync + 'static> Stream for WatchStream<T> {
        type Item = T;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
            let (mut rx, changed) = ready!(self.next.as_mut().poll(cx));
            let value = changed.is_ok().then(|| rx.borrow_and_update_at(self.site).clone());
            self.next = Self::receive(rx, self.site);
            Poll::Ready(value)
        }
    }

    impl<T> fmt::Debug for WatchStream<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("WatchStream").finish()
        }
    }

    impl<T: Clone + Send + Sync + 'static> From<watch::Receiver<T>> for WatchStream<T> {
        #[track_caller]
        fn from(rx: watch::Receiver<T>) -> Self {
            Self::new(rx)
        }
    }
}
