//! `yield_now`: a poll that is pending once.

use crate::check::engine::{ObjectKind, OpKind, Outcome};
use crate::check::object::Object;
use std::future::poll_fn;
use std::panic::Location;
use std::task::Poll;

/// Lets other tasks run. See `tokio::task::yield_now`.
#[track_caller]
pub fn yield_now() -> impl Future<Output = ()> {
    let site = Location::caller();
    let object = Object::new_at(ObjectKind::Yield, site);
    async move {
        if object.engine().is_none() {
            return tokio::task::yield_now().await;
        }
        let mut yielded = false;
        poll_fn(move |cx| {
            object.poll(
                OpKind::Yield,
                0,
                site,
                cx,
                |cx| {
                    if std::mem::replace(&mut yielded, true) {
                        return Poll::Ready(());
                    }
                    cx.waker().wake_by_ref();
                    Poll::Pending
                },
                |()| Outcome::DONE,
            )
        })
        .await
    }
}
