//! The pipeline of two stages, against a chain written by hand and streams in one task.

use crate::complete;
use benches::load::Load;
use benches::patterns;
use benches::point::Bench;
use benches::probe::Probe;
use futures_util::StreamExt;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub fn compare(bench: &mut Bench<'_>, load: Load) {
    let pipeline = "pipeline";
    bench.price(pipeline, load, ("pattern", ""), patterns::pipeline);
    bench.price(pipeline, load, ("bare", "cancel, panics, report"), mpsc_chain);
    bench.price(pipeline, load, ("async_channel_chain", "cancel, panics, report"), mpmc_chain);
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
