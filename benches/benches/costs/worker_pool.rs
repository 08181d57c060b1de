//! The worker pool, against what else runs at most N jobs at once.

use crate::{caught, complete};
use benches::load::Load;
use benches::patterns;
use benches::point::Bench;
use benches::probe::{Item, Probe};
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const CHANNEL: &str = "cancel, panics, report";
const STREAM: &str = "parallelism, panics, report";

pub fn compare(bench: &mut Bench<'_>, load: Load) {
    let pool = "worker_pool";
    bench.price(pool, load, ("pattern", ""), patterns::worker_pool);
    bench.price(pool, load, ("bare", CHANNEL), bare);
    bench.price(pool, load, ("bare_cancel", "panics, report"), stoppable::<false>);
    bench.price(pool, load, ("bare_cancel_panics", "report"), stoppable::<true>);
    bench.price(pool, load, ("mutex_mpsc", CHANNEL), mutex_mpsc);
    bench.price(pool, load, ("flume", CHANNEL), flume);
    bench.price(pool, load, ("kanal", CHANNEL), kanal);
    bench.price(pool, load, ("joinset_window", "queue, cancel, report"), joinset_window);
    bench.price(pool, load, ("semaphore_spawn", "queue, cancel, report"), semaphore_spawn);
    bench.price(pool, load, ("buffer_unordered", STREAM), buffer_unordered);
    bench.price(pool, load, ("for_each_concurrent", STREAM), for_each_concurrent);
}

/// Workers on an MPMC queue, results over a channel; `$recv` is the queue's own, `$run` does a job.
macro_rules! workers {
    ($load:ident, $probe:ident, ($jobs:ident, $queue:ident), $recv:expr) => {
        workers!($load, $probe, ($jobs, $queue), $recv, |item| $load.cost.run(item))
    };
    ($load:ident, $probe:ident, ($jobs:ident, $queue:ident), $recv:expr, $run:expr) => {{
        let begun = Instant::now();
        let (deliver, mut results) = mpsc::channel::<Item>($load.room().get());
        for _ in 0..$load.workers {
            let (queue, deliver) = ($queue.clone(), deliver.clone());
            tokio::spawn(async move {
                while let Some(item) = $recv(&queue).await {
                    if deliver.send($run(item).await).await.is_err() {
                        return;
                    }
                }
            });
        }
        drop((deliver, $queue));
        let mut source = $load.source($load.items, &$probe);
        tokio::spawn(async move {
            while let Some(item) = source.next().await {
                let sent = $jobs.send(item).await;
                assert!(sent.is_ok());
            }
        });
        let mut received = 0;
        while let Some(item) = results.recv().await {
            $load.consumer.take(item, &$probe);
            received += 1;
        }
        complete($load, received, begun)
    }};
}

/// The same queue as the pattern's: what is left is what the pattern adds.
async fn bare(load: Load, probe: Probe) -> Duration {
    let (jobs, queue) = async_channel::bounded(load.room().get());
    workers!(load, probe, (jobs, queue), async |queue: &async_channel::Receiver<Item>| {
        queue.recv().await.ok()
    })
}

/// The same with a token that workers share, and the panics of jobs caught where that is asked for: what each
/// of these guarantees costs.
async fn stoppable<const PANICS: bool>(load: Load, probe: Probe) -> Duration {
    let (jobs, queue) = async_channel::bounded(load.room().get());
    let stop = CancellationToken::new().drop_guard();
    // Whoever waits for a job or for room hears of the cancel when the queue closes.
    let (token, idle) = (stop.token().clone(), queue.clone());
    tokio::spawn(async move {
        token.cancelled().await;
        idle.close();
    });
    let queue = (queue, stop.token().clone());
    let recv = async |queue: &(async_channel::Receiver<Item>, CancellationToken)| {
        queue.0.recv().await.ok().filter(|_| !queue.1.is_cancelled())
    };
    workers!(load, probe, (jobs, queue), recv, |item| caught::<PANICS, _>(load.cost.run(item)))
}

async fn mutex_mpsc(load: Load, probe: Probe) -> Duration {
    let (jobs, queue) = mpsc::channel(load.room().get());
    let queue = Arc::new(Mutex::new(queue));
    // The guard goes before the job begins.
    workers!(load, probe, (jobs, queue), async |queue: &Arc<Mutex<mpsc::Receiver<Item>>>| {
        queue.lock().await.recv().await
    })
}

/// Sends of its own name, so that all queues are used alike.
struct Flume(flume::Sender<Item>);

impl Flume {
    async fn send(&self, item: Item) -> Result<(), flume::SendError<Item>> {
        self.0.send_async(item).await
    }
}

async fn flume(load: Load, probe: Probe) -> Duration {
    let (jobs, queue) = flume::bounded(load.room().get());
    let jobs = Flume(jobs);
    workers!(load, probe, (jobs, queue), async |queue: &flume::Receiver<Item>| {
        queue.recv_async().await.ok()
    })
}

async fn kanal(load: Load, probe: Probe) -> Duration {
    let (jobs, queue) = kanal::bounded_async(load.room().get());
    workers!(load, probe, (jobs, queue), async |queue: &kanal::AsyncReceiver<Item>| {
        queue.recv().await.ok()
    })
}

async fn joinset_window(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let (mut source, mut window, mut received) =
        (load.source(load.items, &probe), JoinSet::new(), 0);
    loop {
        let item = source.next().await;
        if window.len() == load.workers || item.is_none() {
            let Some(done) = window.join_next().await else { break };
            load.consumer.take(done.expect("no job panics"), &probe);
            received += 1;
        }
        if let Some(item) = item {
            window.spawn(load.cost.run(item));
        }
    }
    complete(load, received, begun)
}

async fn semaphore_spawn(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let (deliver, mut results) = mpsc::channel::<Item>(load.room().get());
    let permits = Arc::new(Semaphore::new(load.workers));
    let mut source = load.source(load.items, &probe);
    tokio::spawn(async move {
        while let Some(item) = source.next().await {
            let permit = permits.clone().acquire_owned().await.expect("it stays open");
            let deliver = deliver.clone();
            tokio::spawn(async move {
                let sent = deliver.send(load.cost.run(item).await).await;
                assert!(sent.is_ok());
                drop(permit);
            });
        }
    });
    let mut received = 0;
    while let Some(item) = results.recv().await {
        load.consumer.take(item, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

async fn buffer_unordered(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let source = load.source(load.items, &probe).map(|item| load.cost.run(item));
    let mut results = source.buffer_unordered(load.workers);
    let mut received = 0;
    while let Some(item) = results.next().await {
        load.consumer.take(item, &probe);
        received += 1;
    }
    complete(load, received, begun)
}

async fn for_each_concurrent(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let received = AtomicU64::new(0);
    let source = load.source(load.items, &probe);
    let job = |item| {
        let (received, probe) = (&received, &probe);
        async move {
            load.consumer.take(load.cost.run(item).await, probe);
            received.fetch_add(1, Relaxed);
        }
    };
    source.for_each_concurrent(load.workers, job).await;
    complete(load, received.into_inner(), begun)
}
