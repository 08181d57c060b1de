//! The pipeline of two stages, against a chain written by hand and streams in one task.

use crate::{caught, complete};
use benches::load::Load;
use benches::patterns;
use benches::point::Bench;
use benches::probe::Probe;
use futures_util::StreamExt;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub fn compare(bench: &mut Bench<'_>, load: Load) {
    let pipeline = "pipeline";
    bench.price(pipeline, load, ("pattern", ""), patterns::pipeline);
    bench.price(pipeline, load, ("bare", "cancel, panics, report"), mpsc_chain);
    bench.price(pipeline, load, ("async_channel_chain", "cancel, panics, report"), mpmc_chain);
    bench.price(pipeline, load, ("async_channel_cancel", "panics, report"), stoppable::<false>);
    bench.price(pipeline, load, ("async_channel_cancel_panics", "report"), stoppable::<true>);
    bench.price(pipeline, load, ("stream_ext", "parallelism, panics, report"), streams);
}

/// A task for each stage: `$bounded` makes their channels, `$recv` takes from one.
macro_rules! chain {
    ($load:ident, $probe:ident, $bounded:expr, $recv:expr) => {{
        let begun = Instant::now();
        let (first, mut a) = $bounded($load.room().get());
        let (second, mut b) = $bounded($load.room().get());
        let (third, mut output) = $bounded($load.room().get());
        let mut source = $load.source($load.items, &$probe);
        tokio::spawn(async move {
            while let Some(item) = source.next().await {
                if first.send(item).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            while let Some(item) = $recv(&mut a).await {
                if second.send($load.cost.spend(item)).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            while let Some(item) = $recv(&mut b).await {
                if third.send($load.cost.spend(item)).await.is_err() {
                    return;
                }
            }
        });
        let mut received = 0;
        while let Some(item) = $recv(&mut output).await {
            $load.consumer.take(item, &$probe);
            received += 1;
        }
        complete($load, received, begun)
    }};
}

async fn mpsc_chain(load: Load, probe: Probe) -> Duration {
    chain!(load, probe, mpsc::channel, async |input: &mut mpsc::Receiver<_>| input.recv().await)
}

/// The channel that the pattern uses too, since a stage of several workers needs one.
async fn mpmc_chain(load: Load, probe: Probe) -> Duration {
    chain!(load, probe, async_channel::bounded, async |input: &mut async_channel::Receiver<_>| {
        input.recv().await.ok()
    })
}

/// The same with a token, which the source watches while it waits and each stage looks at before it works on an
/// item; and panics caught where that is asked for: what each of these guarantees costs.
async fn stoppable<const PANICS: bool>(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let room = load.room().get();
    let stop = CancellationToken::new().drop_guard();
    let (first, mut output) = async_channel::bounded(room);
    let mut buffers = vec![output.clone()];
    let mut source = load.source(load.items, &probe);
    let token = stop.token().clone();
    tokio::spawn(async move {
        let mut cancelled = pin!(token.cancelled());
        while !token.is_cancelled() {
            let next = tokio::select! {
                biased;
                next = caught::<PANICS, _>(source.next()) => next,
                () = &mut cancelled => return,
            };
            let Some(item) = next else { return };
            if first.send(item).await.is_err() {
                return;
            }
        }
    });
    for _ in 0..2 {
        let (next, after) = async_channel::bounded(room);
        let (input, token) = (std::mem::replace(&mut output, after), stop.token().clone());
        buffers.push(output.clone());
        tokio::spawn(async move {
            while let Ok(item) = input.recv().await {
                if token.is_cancelled() {
                    return;
                }
                let done = caught::<PANICS, _>(async { load.cost.spend(item) }).await;
                if next.send(done).await.is_err() {
                    return;
                }
            }
        });
    }
    // Whoever waits at a buffer hears of the cancel when that closes.
    let token = stop.token().clone();
    tokio::spawn(async move {
        token.cancelled().await;
        for buffer in buffers {
            buffer.close();
        }
    });
    let mut received = 0;
    while let Ok(item) = output.recv().await {
        load.consumer.take(item, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

async fn streams(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let source = load.source(load.items, &probe);
    let mut output = source.map(|item| load.cost.spend(item)).map(|item| load.cost.spend(item));
    let mut received = 0;
    while let Some(item) = output.next().await {
        load.consumer.take(item, &probe);
        received += 1;
    }
    complete(load, received, begun)
}
