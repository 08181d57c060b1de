//! The error group, against other ways to run fallible tasks together.

use crate::{caught, complete};
use benches::load::Load;
use benches::patterns::{self, GROUP as LIMIT};
use benches::point::Bench;
use benches::probe::{Item, Probe};
use futures_util::{StreamExt, TryStreamExt};
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub fn compare(bench: &mut Bench<'_>, load: Load) {
    let group = "err_group";
    bench.price(group, load, ("pattern", ""), patterns::err_group);
    bench.price(group, load, ("bare", "cause, cancel, order, panics"), joinset);
    bench.price(group, load, ("joinset_token_order", "cause, panics"), ordered::<false>);
    bench.price(group, load, ("joinset_token_order_panics", "cause"), ordered::<true>);
    let lacks = "parallelism, waiting for the rest, panics";
    bench.price(group, load, ("try_buffer_unordered", lacks), try_buffer_unordered);
}

async fn joinset(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let (mut tasks, mut items) = (JoinSet::new(), Vec::new());
    let mut source = load.source(load.items, &probe);
    while let Some(item) = source.next().await {
        if tasks.len() == LIMIT {
            items.extend(tasks.join_next().await.expect("a full set has tasks"));
        }
        tasks.spawn(load.cost.run(item));
    }
    while let Some(item) = tasks.join_next().await {
        items.extend(item);
    }
    let received = items.len() as u64;
    items.into_iter().for_each(|item| load.consumer.take(item, &probe));
    complete(load, received, begun)
}

/// By hand, with a token for each task and the results in spawn order; panics caught where that is asked for.
async fn ordered<const PANICS: bool>(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let (mut tasks, mut items, mut spawned) = (JoinSet::new(), Vec::new(), 0usize);
    let token = CancellationToken::new();
    let mut source = load.source(load.items, &probe);
    let keep = |items: &mut Vec<(usize, Item)>, done: Result<(usize, Result<Item, ()>), _>| {
        let (index, item) = Result::<_, tokio::task::JoinError>::expect(done, "nothing fails");
        items.extend(item.map(|item| (index, item)));
    };
    while let Some(item) = source.next().await {
        if tasks.len() == LIMIT {
            keep(&mut items, tasks.join_next().await.expect("a full set has tasks"));
        }
        let (token, index) = (token.clone(), spawned);
        spawned += 1;
        tasks.spawn(async move {
            match token.is_cancelled() {
                true => (index, Err(())),
                false => (index, Ok(caught::<PANICS, _>(load.cost.run(item)).await)),
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        keep(&mut items, done);
    }
    items.sort_unstable_by_key(|(index, _)| *index);
    let received = items.len() as u64;
    items.into_iter().for_each(|(_, item)| load.consumer.take(item, &probe));
    complete(load, received, begun)
}

async fn try_buffer_unordered(load: Load, probe: Probe) -> Duration {
    let begun = Instant::now();
    let source = load.source(load.items, &probe);
    let jobs = source.map(|item| Ok(async move { Ok::<_, Infallible>(load.cost.run(item).await) }));
    let items: Vec<Item> =
        jobs.try_buffer_unordered(LIMIT).try_collect().await.expect("nothing fails");
    let received = items.len() as u64;
    items.into_iter().for_each(|item| load.consumer.take(item, &probe));
    complete(load, received, begun)
}
