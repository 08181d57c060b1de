//! The source's task: the only one that waits for something that no buffer's close can end, so the only
//! one that watches the token while it waits.

use super::error::Cause;
use super::stage::{Item, StageEnd};
use crate::panic;
use futures_core::Stream;
use futures_util::{FutureExt, StreamExt};
use rt::async_channel::{SendError, Sender};
use rt::sync::CancellationToken;
use selvedge_rt as rt;
use std::panic::AssertUnwindSafe;

/// Passes on what `source` gives, until that ends or the pipeline is cancelled.
pub(super) async fn run<S>(
    source: S,
    output: Sender<Item<S::Item>>,
    token: CancellationToken,
) -> StageEnd
where
    S: Stream<Item: Send + 'static>,
{
    let mut end = StageEnd::default();
    let mut source = Box::pin(source);
    let cancelled = token.cancelled();
    rt::pin!(cancelled);
    // Cancelled from the start, the source is never polled; cancelled while it is waited for, once more at
    // most.
    while !token.is_cancelled() {
        // The source first: where an item is there, nobody has to wait for the token. Unwind safe: after
        // a panic the source is only dropped.
        let next = rt::select! {
            biased;
            next = AssertUnwindSafe(source.next()).catch_unwind() => next,
            () = &mut cancelled => break,
        };
        match next {
            Ok(Some(value)) => {
                let item = Item { index: end.taken, value };
                end.taken += 1;
                if let Err(SendError(item)) = output.send(item).await {
                    end.leave(1, item);
                    break;
                }
            }
            Ok(None) => {
                end.exhausted = true;
                break;
            }
            Err(payload) => {
                end.fail(0, None, Cause::Panic(panic::message(payload)), &token);
                break;
            }
        }
    }
    end.retire(0, source, &token);
    end
}
