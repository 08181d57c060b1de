//! The wrong variants of the pipeline: two stages, three items, and room for one in each buffer.

use super::lock::lock;
use super::queue::{Port, Queue, bounded, unbounded};
use super::task::{Task, all, crew, producer, spawn};
use super::token::Token;
use super::{check, judge};
use interweave::World;

/// The queues of a pipeline, in a row.
struct Row {
    /// Into the first stage.
    feed: Port,
    /// An input and an output for each stage.
    stages: [(Port, Port); 2],
    /// Out of the last stage.
    output: Port,
}

/// Opens three queues.
fn row(world: &mut World<'_>, queues: [Queue; 3]) -> Row {
    let [(feed, a), (b, c), (d, output)] = queues.map(|queue| {
        let ([sender], [receiver]) = queue.open(world);
        (sender, receiver)
    });
    Row { feed, stages: [(a, b), (c, d)], output }
}

/// Three queues with room for one.
fn narrow(world: &mut World<'_>) -> Row {
    row(world, [(); 3].map(|()| bounded(1)))
}

/// Generates three items, until the cancel; returns whether there are more.
fn generate(world: &mut World<'_>, output: Port) -> Task<bool> {
    spawn(world, "generator", async move {
        let mut more = false;
        for n in 0..3 {
            more |= output.send_or_cancel(n).await.is_err();
            if more {
                break;
            }
        }
        output.leave().await;
        more
    })
}

/// Adds 10 to each item, until the input ends.
async fn add(input: &Port, output: &Port) {
    while let Ok(n) = input.recv().await {
        let _ = output.send(n + 10).await;
    }
}

/// Stops after one item, and joins the tasks before it reads the rest.
fn stops_after_one(
    world: &mut World<'_>,
    token: Token,
    source: Task<bool>,
    stages: [Task<()>; 2],
    output: Port,
) {
    judge(world, async move {
        let _ = output.recv().await;
        token.cancel().await;
        source.join().await;
        all(&stages).await;
        output.rest().await;
        Ok(())
    });
}

/// A stage hears the cancel while it waits for room, but not while it waits for an item.
pub fn no_cancel_on_recv(world: &mut World<'_>) {
    let row = narrow(world);
    let [(a, b), (c, _)] = &row.stages;
    let token = Token::new(world, [a, b, c, &row.output]);
    let stages = crew(world, row.stages, async |input: &Port, output: &Port| {
        // BUG: on an input that is open and idle it waits here through the cancel for ever. (Right:
        // `recv_or_cancel`.)
        while let Ok(n) = input.recv().await {
            if output.send_or_cancel(n + 10).await.is_err() {
                return;
            }
        }
    });
    judge(world, async move {
        for n in 0..3 {
            let _ = row.feed.send(n).await;
            check(row.output.recv().await == Ok(n + 20), "each item comes")?;
        }
        token.cancel().await;
        all(&stages).await;
        row.feed.leave().await;
        row.output.leave().await;
        Ok(())
    });
}

/// A stage hears the cancel while it waits for an item, but not while it waits for room.
pub fn no_cancel_on_send(world: &mut World<'_>) {
    let row = narrow(world);
    let [(a, _), (c, _)] = &row.stages;
    let token = Token::new(world, [a, c, &row.output]);
    let source = generate(world, row.feed);
    let stages = crew(world, row.stages, async |input: &Port, output: &Port| {
        while let Ok(n) = input.recv_or_cancel().await {
            // BUG: with the output full and nobody reading, it waits here through the cancel for ever.
            // (Right: `send_or_cancel`.)
            if output.send(n + 10).await.is_err() {
                break;
            }
        }
        input.close().await;
        input.rest().await;
    });
    stops_after_one(world, token, source, stages, row.output);
}

/// A stage ends and its output does not, because the stage hands its sender out.
pub fn forgets_close(world: &mut World<'_>) {
    let row = narrow(world);
    let source = producer(world, row.feed, 3);
    let stages = row.stages.map(|(input, output)| {
        spawn(world, "stage", async move {
            add(&input, &output).await;
            // BUG: so that the caller may add to the output later. (Right: `output.leave().await;`)
            output
        })
    });
    judge(world, async move {
        check(row.output.rest().await.len() == 3, "each item comes")?;
        source.join().await;
        all(&stages).await;
        Ok(())
    });
}

/// A filter ends with the first item that it rejects, and everything behind that item is lost.
pub fn filter_returns(world: &mut World<'_>) {
    let row = row(world, [bounded(3).holding([0, 1, 2]), bounded(1), bounded(1)]);
    let stages = crew(world, row.stages, async |input: &Port, output: &Port| {
        while let Ok(n) = input.recv().await {
            if n % 2 == 1 {
                // BUG: what waits in the input goes with the stage. (Right: `continue`.)
                return;
            }
            let _ = output.send(n).await;
        }
    });
    judge(world, async move {
        row.feed.leave().await;
        check(row.output.rest().await == [0, 2], "an item is lost")?;
        all(&stages).await;
        Ok(())
    });
}

/// An item that cannot be worked on.
#[derive(Debug)]
struct Broken;

/// A stage skips the items that it fails on, and the run looks complete.
pub fn swallows_errors(world: &mut World<'_>) {
    let row = narrow(world);
    let work = |n| if n % 10 == 1 { Err(Broken) } else { Ok(n + 10) };
    let source = producer(world, row.feed, 3);
    let stages = crew(world, row.stages, async move |input: &Port, output: &Port| {
        let end = loop {
            let Ok(n) = input.recv().await else { break Ok::<(), Broken>(()) };
            // BUG: the error is gone, and the item with it. (Right: `break Err(Broken)`.)
            let Ok(n) = work(n) else { continue };
            let _ = output.send(n).await;
        };
        // Ends the stages before this one.
        input.close().await;
        input.rest().await;
        end
    });
    judge(world, async move {
        let received = row.output.rest().await.len();
        source.join().await;
        let failed = all(&stages).await.iter().any(Result::is_err);
        check(failed || received == 3, "a run without errors has too few items")
    });
}

/// A run that was cancelled reports the same end as a complete one.
pub fn cancelled_looks_complete(world: &mut World<'_>) {
    let row = narrow(world);
    let token = Token::new(world, [&row.feed]);
    let canceller = spawn(world, "canceller", async move { token.cancel().await });
    let source = generate(world, row.feed);
    let stages = crew(world, row.stages, add);
    judge(world, async move {
        let received = row.output.rest().await.len();
        all(&stages).await;
        // BUG: the source knows whether there was more, and nobody asks it. (Right: `!_more`.)
        let _more = source.join().await;
        let complete = true;
        canceller.join().await;
        check(!complete || received == 3, "a complete run has too few items")
    });
}

/// The stages have a token of their own, which nobody cancels.
pub fn fresh_token_in_stage(world: &mut World<'_>) {
    let row = narrow(world);
    let [(_, a), (_, b)] = &row.stages;
    // BUG: nobody will ever cancel the second one, which the stages hear. (Right: one token that all hear,
    // `Token::new(world, [&row.feed, a, b])`.)
    let (token, _own) = (Token::new(world, [&row.feed]), Token::new(world, [a, b]));
    let source = generate(world, row.feed);
    let stages = crew(world, row.stages, async |input: &Port, output: &Port| {
        // The input ends with the cancel, so only the wait for room needs the token.
        while let Ok(n) = input.recv().await {
            if output.send_or_cancel(n + 10).await.is_err() {
                break;
            }
        }
        input.close().await;
        input.rest().await;
    });
    stops_after_one(world, token, source, stages, row.output);
}

/// The buffers between the stages have no bound, so nothing slows the source down.
pub fn unbounded_between_stages(world: &mut World<'_>) {
    // BUG: all three items may sit in one buffer at once. (Right: `bounded(1)`.)
    let row = row(world, [(); 3].map(|()| unbounded(2)));
    let source = producer(world, row.feed, 3);
    let stages = crew(world, row.stages, add);
    judge(world, async move {
        check(row.output.rest().await.len() == 3, "each item comes")?;
        source.join().await;
        all(&stages).await;
        Ok(())
    });
}

/// The generator notices that its output is gone when it sends, and while its source is idle it never sends.
pub fn generator_outlives_output(world: &mut World<'_>) {
    // A subscription: three items, then nothing for ever, and no end.
    let ([], [source]) = bounded(3).holding([0, 1, 2]).endless().open(world);
    // Who has no receiver any more hangs up on the queue before it.
    let ([feed], [a]) = bounded(1).hanging_up(&source).open(world);
    let ([b], [c]) = bounded(1).hanging_up(&a).open(world);
    let ([d], [output]) = bounded(1).hanging_up(&c).open(world);
    spawn(world, "generator", async move {
        // BUG: the output may be gone, and the stages with it; it waits here for ever. (Right:
        // `recv_or_cancel`, as in the stages.)
        while let Ok(n) = source.recv().await {
            if feed.send(n).await.is_err() {
                break;
            }
        }
        source.leave().await;
        feed.leave().await;
    });
    let stages = crew(world, [(a, b), (c, d)], async |input: &Port, output: &Port| {
        while let Ok(n) = input.recv_or_cancel().await {
            if output.send(n + 10).await.is_err() {
                return;
            }
        }
    });
    judge(world, async move {
        for n in 0..3 {
            check(output.recv().await == Ok(n + 20), "each item comes")?;
        }
        output.leave().await;
        all(&stages).await;
        Ok(())
    });
}

/// The stages note on one board who is busy, and one keeps it locked while it waits for room.
pub fn guard_over_send(world: &mut World<'_>) {
    let row = row(world, [bounded(3).holding([0, 1, 2]), bounded(1), bounded(1)]);
    let [board_a, board_b, end] = lock(world, [false; 2], 15);
    let mut place = 0;
    let [a, b] = row.stages;
    let stages = [(a, board_a), (b, board_b)].map(|((input, output), board)| {
        let own = place;
        place += 1;
        spawn(world, "stage", async move {
            loop {
                let mut busy = board.lock().await;
                busy[own] = false;
                board.unlock(busy).await;
                let Ok(n) = input.recv().await else { break };
                let mut busy = board.lock().await;
                busy[own] = true;
                // BUG: the next stage makes room once it has the board. (Right: below the unlock.)
                let _ = output.send(n + 10).await;
                board.unlock(busy).await;
            }
            output.leave().await;
        })
    });
    judge(world, async move {
        row.feed.leave().await;
        check(row.output.rest().await.len() == 3, "each item comes")?;
        all(&stages).await;
        let busy = end.lock().await;
        end.unlock(busy).await;
        check(busy == [false; 2], "all are idle")
    });
}
