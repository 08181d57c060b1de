//! The wrong variants of fan-out and fan-in: two branches or sources, and room for one in each buffer.

use super::lock::{Lock, lock};
use super::queue::{Port, bounded};
use super::task::{all, crew, gone, producer, spawn};
use super::token::Token;
use super::{check, judge};
use interweave::World;

/// How many items the merge may take of one source before it has one of the other.
const ROUNDS: u32 = 10;

/// A branch hears the cancel while it waits for an item, but not while it waits for its consumer.
pub fn bare_branch_send(world: &mut World<'_>) {
    let ([offer], [source, a, b]) = bounded(1).open(world);
    let ([c], [first]) = bounded(1).open(world);
    let ([d], [second]) = bounded(1).open(world);
    let token = Token::new(world, [&source, &first, &second]);
    let producer = producer(world, offer, 4);
    let branches = crew(world, [(a, c), (b, d)], async |source: &Port, output: &Port| {
        while let Ok(item) = source.recv_or_cancel().await {
            // BUG: with its buffer full and nobody reading, it waits here through the cancel for ever.
            // (Right: `send_or_cancel`.)
            if output.send(item * 10).await.is_err() {
                return;
            }
        }
    });
    judge(world, async move {
        let _ = first.recv().await;
        token.cancel().await;
        source.close().await;
        all(&branches).await;
        for left in [first, second, source] {
            left.rest().await;
        }
        producer.join().await;
        Ok(())
    });
}

/// A dispatcher deals the items in turn, and waits for a branch that nobody reads.
pub fn round_robin_dispatch(world: &mut World<'_>) {
    // BUG: it decides who gets an item before anybody asks. (Right: one queue that both branches pull from,
    // `let ([x, y], [a, b]) = bounded(1).open(world);`)
    let (([x], [a]), ([y], [b])) = (bounded(1).open(world), bounded(1).open(world));
    spawn(world, "dispatcher", async move {
        for item in 0..4 {
            let branch = [&x, &y][item as usize % 2];
            let _ = branch.send(item).await;
        }
        x.leave().await;
        y.leave().await;
    });
    judge(world, async move {
        let mut seen = a.rest().await;
        seen.extend(b.rest().await);
        seen.sort();
        check(seen == [0, 1, 2, 3], "each item comes once")
    });
}

/// The merge keeps the sender that it clones for its sources, so the merged items never end.
pub fn sender_kept(world: &mut World<'_>) {
    // BUG: `_kept` stays with the merge. (Right: `[a, b]`, a sender for each source and no more.)
    let ([a, b, _kept], [merged]) = bounded(1).open(world);
    let sources = [a, b].map(|output| producer(world, output, 3));
    judge(world, async move {
        let seen = merged.rest().await.len();
        all(&sources).await;
        check(seen == 6, "each item comes once")
    });
}

/// The merge takes the end of one source for the end of both.
pub fn ends_on_first_none(world: &mut World<'_>) {
    let (merge, inbox) = world.channel("inbox");
    let ([output], [merged]) = bounded(1).open(world);
    let sources = [3, 1].map(|items| {
        let merge = merge.clone();
        spawn(world, "source", async move {
            for item in 0..items {
                merge.send(Some(item)).await;
            }
            merge.send(None).await;
        })
    });
    spawn(world, "merge", async move {
        let mut open = 2;
        while open > 0 {
            if let Some(item) = inbox.recv().await {
                let _ = output.send(item).await;
            } else {
                // BUG: this is the end of one of them; the other may have items. (Right: `open -= 1`.)
                open = 0;
            }
        }
        output.leave().await;
    });
    judge(world, async move {
        let seen = merged.rest().await.len();
        all(&sources).await;
        check(seen == 4, "an item is lost")
    });
}

/// The merge asks its sources in the same order every time, so one that is always ready starves the other.
pub fn biased_merge(world: &mut World<'_>) {
    let ([deliver], [merged]) = bounded(1).open(world);
    let merge = spawn(world, "merge", async move {
        let mut first = 0;
        loop {
            // Both sources are always ready: the one that is asked first is served, and gives its number.
            let served = first;
            if deliver.send(served).await.is_err() {
                break;
            }
            // BUG: the other one is never asked. (Right: `(served + 1) % 2`.)
            first = served;
        }
        deliver.leave().await;
    });
    judge(world, async move {
        let mut missing = vec![0, 1];
        for _ in 0..ROUNDS {
            let item = merged.recv().await;
            missing.retain(|source| Ok(*source) != item);
            if missing.is_empty() {
                break;
            }
        }
        check(missing.is_empty(), "a source starves")?;
        merged.close().await;
        merged.rest().await;
        merge.join().await;
        Ok(())
    });
}

/// Every branch gets a copy of every item, where the branches should share the work.
pub fn broadcast_not_compete(world: &mut World<'_>) {
    // BUG: a queue for each branch, and each item into both. (Right: one queue, whose receivers the branches
    // are, `let ([x], [a, b]) = bounded(1).open(world);`, and one input.)
    let (([x], [a]), ([y], [b])) = (bounded(1).open(world), bounded(1).open(world));
    let inputs = vec![x, y];
    let branches = [a, b].map(|items| spawn(world, "branch", async move { items.rest().await }));
    judge(world, async move {
        for item in 0..3 {
            for input in &inputs {
                let _ = input.send(item).await;
            }
        }
        for input in inputs {
            input.leave().await;
        }
        let mut done = all(&branches).await.concat();
        done.sort();
        check(done == [0, 1, 2], "each item is done once")
    });
}

/// An item that cannot be worked on.
#[derive(Clone, Copy, Debug)]
struct Bad;

/// One bad item ends its branch, and nobody looks at how a branch ended.
pub fn error_breaks_branch(world: &mut World<'_>) {
    let ([offer], [source, a, b]) = bounded(1).open(world);
    let ([c, d], [values]) = bounded(1).open(world);
    let work = |item| if item == 0 { Err(Bad) } else { Ok(item * 10) };
    let producer = producer(world, offer, 3);
    crew(world, [(a, c), (b, d)], async move |source: &Port, output: &Port<_>| {
        while let Ok(item) = source.recv().await {
            let value = work(item);
            // BUG: the error ends the branch and goes where nobody looks. (Right: sent on as it is, for the
            // consumer to decide.)
            value?;
            let _ = output.send(value).await;
        }
        Ok::<(), Bad>(())
    });
    judge(world, async move {
        let seen = values.rest().await.len() + source.rest().await.len();
        check(seen == producer.join().await as usize, "an error is seen by nobody")
    });
}

/// The splitter and the merger take two locks in opposite orders; but the merger waits for the whole batch.
pub fn opposite_locks(world: &mut World<'_>) {
    let [split, split_later]: [Lock<Vec<u32>>; 2] = lock(world, Vec::new(), 4);
    let [merged, merged_later, end]: [Lock<Vec<u32>>; 3] = lock(world, Vec::new(), 5);
    let (tell, batch) = world.channel("batch");
    let splitter = spawn(world, "splitter", async move {
        for item in 0..3 {
            let mut handed_out = split.lock().await;
            let back = merged.lock().await;
            if !back.contains(&item) {
                handed_out.push(item);
            }
            merged.unlock(back).await;
            split.unlock(handed_out).await;
        }
        tell.send(()).await;
    });
    let merger = spawn(world, "merger", async move {
        batch.recv().await;
        // BUG: the splitter takes `split` first. (Right: the same order here.)
        let mut back = merged_later.lock().await;
        let mut handed_out = split_later.lock().await;
        back.append(&mut handed_out);
        split_later.unlock(handed_out).await;
        merged_later.unlock(back).await;
    });
    judge(world, async move {
        all(&[splitter, merger]).await;
        let back = end.lock().await;
        let right = back == [0, 1, 2];
        end.unlock(back).await;
        check(right, "each item is merged once")
    });
}

/// `close` tells the branches to stop and returns, while one may still be at work.
pub fn close_without_join(world: &mut World<'_>) {
    let ([], [source, a, b]) = bounded(3).holding([0, 1, 2]).open(world);
    let ([c, d], [values]) = bounded(1).open(world);
    let token = Token::new(world, [&source, &values]);
    let branches = crew(world, [(a, c), (b, d)], async |source: &Port, output: &Port| {
        while let Ok(item) = source.recv_or_cancel().await {
            if output.send_or_cancel(item * 10).await.is_err() {
                return;
            }
        }
    });
    judge(world, async move {
        let _ = values.recv().await;
        token.cancel().await;
        values.close().await;
        // BUG: a cancel asks and does not wait. (Right: `all(&branches).await;`)
        values.rest().await;
        source.rest().await;
        check(gone(&branches).await, "the fan is closed, and a branch runs")
    });
}
