//! Contract 7 and 9: a limited stream ends at once when it should, and loses nothing.

use super::{ONE, drained, limiter, ms, since};
use crate::runtimes::{on_one_thread, settle};
use futures_util::stream::{self, Stream, StreamExt};
use futures_util::{FutureExt, poll};
use selvedge_patterns::End;
use selvedge_patterns::rate_limit::{RateLimited, TryAcquireError, rate_limited};
use selvedge_rt::sync::CancellationToken;
use selvedge_rt::time::Instant;
use std::pin::pin;
use std::sync::Arc;
use tokio::time::sleep;

/// A channel, as a stream of its items.
fn channel() -> (tokio::sync::mpsc::Sender<u64>, impl Stream<Item = u64> + Unpin) {
    let (tx, mut rx) = tokio::sync::mpsc::channel(8);
    (tx, stream::poll_fn(move |cx| rx.poll_recv(cx)))
}

/// Reads to the end: each item with the time at which it came, and the time of the end.
async fn read<S: Stream<Item = u64> + Unpin>(
    stream: &mut RateLimited<S>,
    start: Instant,
) -> (Vec<(u64, u64)>, u64) {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        items.push((item, since(start)));
    }
    (items, since(start))
}

#[test]
fn items_come_in_order_at_the_rate_and_the_end_with_the_last_one() {
    on_one_thread(|| async {
        let (start, limit) = (Instant::now(), limiter(10, 2));
        let token = CancellationToken::new();
        let mut limited = rate_limited(&token, stream::iter(0..5), limit.clone());
        let items = vec![(0, 0), (1, 0), (2, 10), (3, 20), (4, 30)];
        assert_eq!(read(&mut limited, start).await, (items, 30));
        let rest = limited.into_rest();
        assert_eq!((rest.end, rest.held), (End::Complete, None));
        assert_eq!(limit.acquire(ONE).await, Ok(start + ms(40)), "the end costs no permit");
    });
}

#[test]
fn end_of_an_idle_input_is_noticed_without_waiting_for_a_permit() {
    on_one_thread(|| async {
        let start = Instant::now();
        let (tx, source) = channel();
        let mut limited = rate_limited(&CancellationToken::new(), source, drained(1000, 1));
        let reader = tokio::spawn(async move { read(&mut limited, start).await });
        sleep(ms(7)).await;
        drop(tx);
        assert_eq!(reader.await.unwrap(), (vec![], 7));
    });
}

#[test]
fn cancel_is_noticed_at_once_at_any_time_and_every_item_is_yielded_or_handed_back() {
    for after_ms in 0..45 {
        on_one_thread(|| async {
            let (start, token) = (Instant::now(), CancellationToken::new());
            let (tx, source) = channel();
            let mut limited = rate_limited(&token, source, limiter(10, 1));
            let producer = tokio::spawn(async move {
                for item in 0..4 {
                    tx.send(item).await.unwrap();
                    sleep(ms(3)).await;
                }
                tx
            });
            let cancel = token.clone();
            let canceller = tokio::spawn(async move {
                sleep(ms(after_ms)).await;
                cancel.cancel();
            });
            let (items, ended) = read(&mut limited, start).await;
            canceller.await.unwrap();
            assert_eq!(ended, after_ms);
            assert!(limited.next().await.is_none(), "the end stays the end");
            let rest = limited.into_rest();
            assert_eq!(rest.end, End::Cancelled);
            drop(producer.await.unwrap());
            let mut all: Vec<u64> = items.into_iter().map(|item| item.0).collect();
            all.extend(rest.held);
            all.extend(rest.source.collect::<Vec<_>>().await);
            assert_eq!(all, [0, 1, 2, 3], "cancelled at {after_ms}");
        });
    }
}

#[test]
fn cancelled_token_takes_no_item_and_no_permit() {
    on_one_thread(|| async {
        let (token, limit) = (CancellationToken::new(), limiter(10, 1));
        token.cancel();
        let mut limited = rate_limited(&token, stream::iter(0..3), limit.clone());
        assert_eq!(limited.next().await, None);
        let rest = limited.into_rest();
        assert_eq!((rest.end, rest.held), (End::Cancelled, None));
        assert_eq!(rest.source.collect::<Vec<_>>().await, [0, 1, 2]);
        assert!(limit.try_acquire(ONE).is_ok());
    });
}

#[test]
fn stream_that_is_asked_for_its_rest_is_cut_short_and_leaves_the_token_alone() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut limited = rate_limited(&token, stream::iter(0..3), limiter(10, 1));
        assert_eq!(limited.next().await, Some(0));
        assert!(limited.next().now_or_never().is_none());
        let rest = limited.into_rest();
        assert_eq!((rest.end, rest.held), (End::Cancelled, Some(1)));
        assert_eq!(rest.source.collect::<Vec<_>>().await, [2]);
        assert!(!token.is_cancelled());
    });
}

#[test]
fn source_is_not_polled_after_its_end() {
    on_one_thread(|| async {
        let mut ended = false;
        let source = stream::poll_fn(move |_| {
            assert!(!std::mem::replace(&mut ended, true), "polled again");
            std::task::Poll::Ready(None::<u64>)
        });
        let mut limited = rate_limited(&CancellationToken::new(), source, limiter(10, 1));
        for _ in 0..3 {
            assert_eq!(limited.next().await, None);
        }
    });
}

#[test]
fn next_that_is_dropped_while_it_waits_keeps_its_item_and_gives_up_its_place() {
    on_one_thread(|| async {
        let (start, limit) = (Instant::now(), drained(10, 1));
        let mut limited =
            rate_limited(&CancellationToken::new(), stream::iter(0..2), limit.clone());
        {
            let mut next = pin!(limited.next());
            assert!(poll!(&mut next).is_pending());
            assert_eq!(limit.try_acquire(ONE), Err(TryAcquireError::Queued));
        }
        assert_eq!(limit.acquire(ONE).await, Ok(start + ms(10)), "nobody is in the way");
        assert_eq!((limited.next().await, since(start)), (Some(0), 20));
        assert_eq!((limited.next().await, since(start)), (Some(1), 30));
    });
}

#[test]
fn as_a_stream_it_keeps_its_place_until_it_is_dropped_or_cancelled() {
    for cancelled in [false, true] {
        on_one_thread(|| async {
            let (token, limit) = (CancellationToken::new(), drained(10, 1));
            let mut limited = rate_limited(&token, stream::iter(0..2), limit.clone());
            assert!(poll!(StreamExt::next(&mut limited)).is_pending());
            sleep(ms(50)).await;
            assert_eq!(limit.try_acquire(ONE), Err(TryAcquireError::Queued));
            if cancelled {
                token.cancel();
                assert_eq!(StreamExt::next(&mut limited).await, None);
                assert!(limit.try_acquire(ONE).is_ok());
            } else {
                drop(limited);
                assert!(limit.try_acquire(ONE).is_ok());
            }
        });
    }
}

#[test]
fn streams_that_share_a_limiter_share_its_rate() {
    on_one_thread(|| async {
        let (start, limit) = (Instant::now(), limiter(10, 1));
        let readers = [0u64, 100].map(|from| {
            let source = stream::iter(from..from + 3);
            let mut limited = rate_limited(&CancellationToken::new(), source, limit.clone());
            tokio::spawn(async move { read(&mut limited, start).await.0 })
        });
        let mut times = Vec::new();
        for reader in readers {
            times.extend(reader.await.unwrap().into_iter().map(|item| item.1));
        }
        times.sort();
        assert_eq!(times, [0, 10, 20, 30, 40, 50]);
    });
}

#[test]
fn work_behind_the_stream_overlaps() {
    on_one_thread(|| async {
        let start = Instant::now();
        let done: Vec<u64> =
            rate_limited(&CancellationToken::new(), stream::iter(0..4), limiter(10, 1))
                .map(|item| async move {
                    sleep(ms(100)).await;
                    item
                })
                .buffer_unordered(4)
                .collect()
                .await;
        assert_eq!((done, since(start)), (vec![0, 1, 2, 3], 130));
    });
}

#[test]
fn dropping_the_stream_drops_its_source_and_the_item_held() {
    on_one_thread(|| async {
        let item = Arc::new(());
        let items: Vec<_> = std::iter::repeat_n(item.clone(), 3).collect();
        let mut limited =
            rate_limited(&CancellationToken::new(), stream::iter(items), drained(10, 1));
        assert!(limited.next().now_or_never().is_none());
        settle().await;
        assert_eq!(Arc::strong_count(&item), 4);
        drop(limited);
        assert_eq!(Arc::strong_count(&item), 1);
    });
}

#[test]
fn stream_is_unpin_and_can_move_between_threads() {
    fn check<T: Send + Unpin>(_: &T) {}
    fn check_send<T: Send>(_: &T) {}
    // An item that must not move once pinned is never pinned here.
    let source = stream::iter([std::marker::PhantomPinned]);
    let mut limited = rate_limited(&CancellationToken::new(), source, limiter(10, 1));
    check(&limited);
    assert!(format!("{limited:?}").contains("held: false"));
    check_send(&limited.next());
}
