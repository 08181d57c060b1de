//! A pipeline: the wrong variants.

use super::crew::{each, join};
use super::peer::sync::Mutex;
use super::peer::thread::{self, JoinHandle};
use super::queue::{Queue, Sender, queue, source};
use super::token::{Cancel, Token};
use std::sync::Arc;

const STAGES: usize = 2;
const ITEMS: u64 = 3;
const BUFFER: usize = 1;

type Items = Arc<Queue<u64>>;
/// What a stage reads, and where it sends.
type Link = (Items, Sender<u64>);

/// What the stages in a row read and send, from `first` on, and what the last one sends to. The token is
/// over what they send to.
fn row(token: &Token, capacity: usize, first: Items) -> (Vec<Link>, Items) {
    let (mut links, mut input) = (Vec::new(), first);
    for _ in 0..STAGES {
        let (output, next) = token.queue(capacity);
        links.push((input, output));
        input = next;
    }
    (links, input)
}

/// Generates all items, until it is cancelled or nobody takes them; returns whether these were all.
fn generate(output: Sender<u64>) -> JoinHandle<bool> {
    thread::spawn(move || (0..ITEMS).all(|n| output.send_or_cancel(n).is_ok()))
}

/// Adds 10 to each item, until the input ends.
fn stage(input: &Queue<u64>, output: &Sender<u64>) {
    while let Some(n) = input.recv() {
        output.send(n + 10).unwrap();
    }
}

/// Reads until the output ends.
fn read(output: &Queue<u64>) -> Vec<u64> {
    std::iter::from_fn(|| output.recv()).collect()
}

/// Stops after one item, and joins all before it reads the rest.
fn stop_after_one(
    token: &Token,
    source: JoinHandle<bool>,
    stages: Vec<JoinHandle<()>>,
    output: &Queue<u64>,
) {
    output.recv();
    token.cancel();
    source.join().unwrap();
    join(stages);
}

/// The stage hears the cancel while it waits for room, but not while it waits for an item.
pub fn no_cancel_on_recv() {
    let token = Token::new();
    let (feed, first) = token.queue(BUFFER);
    let (links, output) = row(&token, BUFFER, first);
    let stages = each(links, |_, (input, output)| {
        // BUG: on an input that is open and idle it waits through the cancel. (Right: `recv_or_cancel`.)
        while let Some(n) = input.recv() {
            if output.send_or_cancel(n + 10).is_err() {
                return;
            }
        }
    });
    for n in 0..ITEMS {
        feed.send(n).unwrap();
        assert_eq!(output.recv(), Some(n + 20));
    }
    token.cancel();
    join(stages);
    drop(feed);
}

/// The stage hears the cancel while it waits for an item, but not while it waits for room.
pub fn no_cancel_on_send() {
    let token = Token::new();
    let (feed, first) = token.queue(BUFFER);
    let (links, output) = row(&token, BUFFER, first);
    let source = generate(feed);
    let stages = each(links, |_, (input, output)| {
        while let Some(n) = input.recv_or_cancel() {
            // BUG: with the output full and nobody reading, it waits through the cancel. (Right:
            // `send_or_cancel`.)
            if output.send(n + 10).is_err() {
                return;
            }
        }
    });
    stop_after_one(&token, source, stages, &output);
}

/// A stage ends and its output does not, because it hands its sender out.
pub fn forgets_close() {
    let (feed, first) = queue(BUFFER);
    let (links, output) = row(&Token::new(), BUFFER, first);
    let source = generate(feed);
    let stages = each(links, |_, (input, output)| {
        stage(&input, &output);
        // BUG: it lives on with the thread's result. (Right: drop it.)
        output
    });
    assert_eq!(read(&output).len() as u64, ITEMS);
    source.join().unwrap();
    join(stages);
}

/// A filter ends with the first item that it rejects.
pub fn filter_returns() {
    let (links, output) = row(&Token::new(), BUFFER, source(ITEMS));
    let stages = each(links, |_, (input, output)| {
        while let Some(n) = input.recv() {
            if n % 2 == 1 {
                // BUG: everything behind it is lost. (Right: `continue`.)
                return;
            }
            output.send(n).unwrap();
        }
    });
    assert_eq!(read(&output), [0, 2]);
    join(stages);
}

/// A stage skips the items that it fails on, and the run looks complete.
pub fn swallows_errors() {
    let (feed, first) = queue(BUFFER);
    let (links, output) = row(&Token::new(), BUFFER, first);
    let source = generate(feed);
    let stages = each(links, |_, (input, output)| {
        let work = |n| if n % 10 == 1 { Err(n) } else { Ok(n + 10) };
        let end = loop {
            let Some(n) = input.recv() else { break Ok::<(), u64>(()) };
            // BUG: the error is gone, and the item with it. (Right: break with the error.)
            let Ok(n) = work(n) else { continue };
            output.send(n).unwrap();
        };
        input.close();
        end
    });
    let received = read(&output).len() as u64;
    source.join().unwrap();
    let failed = join(stages).iter().any(Result::is_err);
    assert!(failed || received == ITEMS, "a run without errors has {received} items");
}

/// A run that was cancelled reports the same end as a complete one.
pub fn cancelled_looks_complete() {
    let token = Token::new();
    let (feed, first) = token.queue(BUFFER);
    let (links, output) = row(&Token::new(), BUFFER, first);
    let canceller = thread::spawn(move || token.cancel());
    let source = generate(feed);
    let stages = each(links, |_, (input, output)| stage(&input, &output));
    let received = read(&output).len() as u64;
    join(stages);
    let _all = source.join().unwrap();
    // BUG: the source knows whether there was more, and nobody asks it. (Right: `_all`.)
    let complete = true;
    canceller.join().unwrap();
    assert!(!complete || received == ITEMS, "a complete run has {received} items");
}

/// The stages have a token of their own, where a child of the pipeline's belongs.
pub fn fresh_token_in_stage() {
    let token = Token::new();
    let (feed, first) = token.queue(BUFFER);
    // BUG: nobody will ever cancel this one. (Right: `token.child()`.)
    let own = Token::new();
    let (links, output) = row(&own, BUFFER, first);
    let source = generate(feed);
    let stages = each(links, |_, (input, output)| {
        // The input ends with the cancel, so only the wait for room needs the token.
        while let Some(n) = input.recv() {
            if output.send_or_cancel(n + 10).is_err() {
                return;
            }
        }
    });
    stop_after_one(&token, source, stages, &output);
}

/// The buffers between the stages have no bound, so a fast source fills the memory.
pub fn unbounded_between_stages() {
    // BUG: no send ever waits. (Right: `BUFFER`.)
    let capacity = usize::MAX;
    let (feed, first) = queue(capacity);
    let (links, output) = row(&Token::new(), capacity, first);
    let mut buffers: Vec<Items> = links.iter().map(|link| link.0.clone()).collect();
    buffers.push(output);
    let source = generate(feed);
    let stages = each(links, |_, (input, output)| stage(&input, &output));
    assert_eq!(read(&buffers[STAGES]).len() as u64, ITEMS);
    source.join().unwrap();
    join(stages);
    let most = buffers.iter().map(|buffer| buffer.most()).max();
    assert!(most <= Some(2), "{most:?} items in one buffer");
}

/// The generator sees that nobody reads when it sends, and while its source is idle it never sends.
pub fn generator_outlives_output() {
    // A subscription: some items, then nothing, and no end.
    let (publish, subscription) = queue(ITEMS as usize);
    (0..ITEMS).for_each(|n| publish.send(n).unwrap());
    std::mem::forget(publish);
    let (feed, first) = queue(BUFFER);
    let (links, output) = row(&Token::new(), BUFFER, first.clone());
    // Whoever no longer reads `from` tells who may be waiting in `before` to fill it.
    let gone = |from: &Queue<u64>, before: &Queue<u64>| {
        from.close();
        before.cancel();
    };
    let before = [subscription.clone(), first];
    let last = links[STAGES - 1].0.clone();
    // Ends when nobody reads: nobody need wait for it.
    drop(thread::spawn(move || {
        // BUG: idle, it never hears that nobody reads. (Right: `recv_or_cancel`.)
        while let Some(n) = subscription.recv() {
            if feed.send(n).is_err() {
                return;
            }
        }
    }));
    let with = links.into_iter().zip(before).collect();
    let stages = each(with, move |_, ((input, output), before)| {
        while let Some(n) = input.recv_or_cancel() {
            if output.send(n + 10).is_err() {
                break;
            }
        }
        gone(&input, &before);
    });
    for n in 0..ITEMS {
        assert_eq!(output.recv(), Some(n + 20));
    }
    gone(&output, &last);
    join(stages);
}

/// The stages note on one board who is busy, and keep it locked while they wait for room.
pub fn guard_over_send() {
    let busy = Arc::new(Mutex::new([false; STAGES]));
    let (links, output) = row(&Token::new(), BUFFER, source(ITEMS));
    let with = links.into_iter().map(|link| (link, busy.clone())).collect();
    let stages = each(with, |place, ((input, output), busy)| {
        let place = place as usize;
        loop {
            busy.lock().unwrap()[place] = false;
            let Some(n) = input.recv() else { return };
            let mut busy = busy.lock().unwrap();
            busy[place] = true;
            // BUG: the guard lives to the end of the block. (Right: in one statement, as above.)
            output.send(n + 10).unwrap();
        }
    });
    assert_eq!(read(&output).len() as u64, ITEMS);
    join(stages);
    assert_eq!(*busy.lock().unwrap(), [false; STAGES]);
}
