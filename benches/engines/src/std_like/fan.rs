//! Fan-out and fan-in: the wrong variants.

use super::crew::{crew, each, join};
use super::monitor::Monitor;
use super::peer::sync::Mutex;
use super::peer::thread;
use super::queue::{queue, source};
use super::token::Token;
use super::tracker::Tracker;
use std::iter::repeat;
use std::sync::Arc;

const BRANCHES: u64 = 2;
const ITEMS: u64 = 3;
const BUFFER: usize = 1;
/// As often a reader may be given what it has: more is a livelock.
const ROUNDS_MAX: u32 = 100;

/// The branch hears the cancel while it waits for an item, but not while it waits for its reader.
pub fn bare_branch_send() {
    let token = Token::new();
    let (offer, items) = token.queue(BUFFER);
    let (outputs, values): (Vec<_>, Vec<_>) = (0..BRANCHES).map(|_| token.queue(BUFFER)).unzip();
    let with = outputs.into_iter().map(|output| (items.clone(), output)).collect();
    let branches = each(with, |_, (items, output)| {
        while let Some(item) = items.recv_or_cancel() {
            // BUG: with its buffer full and nobody reading, it waits through the cancel. (Right:
            // `send_or_cancel`.)
            if output.send(item * 10).is_err() {
                return;
            }
        }
    });
    let producer = thread::spawn(move || (0..4u64).all(|item| offer.send(item).is_ok()));
    values[0].recv();
    token.cancel();
    items.close();
    join(branches);
    producer.join().unwrap();
}

/// A dispatcher deals the items in turn, and so waits for a branch that is not being read.
pub fn round_robin_dispatch() {
    let (outputs, branches): (Vec<_>, Vec<_>) = (0..BRANCHES).map(|_| queue(BUFFER)).unzip();
    let dispatcher = thread::spawn(move || {
        for item in 0..4 {
            // BUG: it decides who gets the item before anybody asks. (Right: one queue, from which the
            // branches pull.)
            outputs[item as usize % outputs.len()].send(item).unwrap();
        }
    });
    let mut seen: Vec<u64> = Vec::new();
    for branch in branches {
        while let Some(item) = branch.recv() {
            seen.push(item);
        }
    }
    dispatcher.join().unwrap();
    seen.sort();
    assert_eq!(seen, [0, 1, 2, 3]);
}

/// The merge clones its sender for each source and keeps the original: the merged items never end.
pub fn sender_kept() {
    let (deliver, merged) = queue(BUFFER);
    // BUG: the original lives to the end of this function. (Right: drop it after this.)
    let with = (0..2).map(|_| (source(ITEMS), deliver.clone())).collect();
    let tasks = each(with, |_, (source, deliver)| {
        while let Some(item) = source.recv() {
            deliver.send(item).unwrap();
        }
    });
    let mut seen = 0;
    while merged.recv().is_some() {
        seen += 1;
    }
    join(tasks);
    assert_eq!(seen, 2 * ITEMS);
}

/// The merge takes the end of one source for the end of all.
pub fn ends_on_first_none() {
    let (deliver, merged) = queue(BUFFER);
    let with = vec![(source(ITEMS), deliver.clone()), (source(1), deliver)];
    let sources = each(with, |_, (source, deliver)| {
        loop {
            // The end is sent too.
            let item = source.recv();
            if deliver.send(item).is_err() || item.is_none() {
                return;
            }
        }
    });
    let mut items = 0;
    while let Some(next) = merged.recv() {
        // BUG: this is the end of one of them. (Right: `continue`.)
        let Some(_) = next else { break };
        items += 1;
    }
    merged.close();
    join(sources);
    assert_eq!(items, ITEMS + 1, "items are lost");
}

/// The merge asks its sources in the same order every time: one that is always ready starves the other.
pub fn biased_merge() {
    let (deliver, merged) = queue(BUFFER);
    let merge = thread::spawn(move || {
        let mut sources = [0, 1].map(repeat);
        let mut first = 0;
        loop {
            // The first that is ready.
            let mut order = [first % 2, (first + 1) % 2].into_iter();
            let next = order.find_map(|place| Some((place, sources[place].next()?)));
            let (served, item) = next.expect("both are always ready");
            // BUG: so no other is ever asked. (Right: `served + 1`.)
            first = served;
            if deliver.send(item).is_err() {
                return;
            }
        }
    });
    let (mut missing, mut rounds) = (vec![0, 1], 0);
    while !missing.is_empty() {
        rounds += 1;
        assert!(rounds <= ROUNDS_MAX, "a livelock: never an item of {missing:?}");
        let item = merged.recv().expect("the sources have no end");
        missing.retain(|missing| *missing != item);
    }
    merged.close();
    merge.join().unwrap();
}

/// Every branch gets every item, where they should share the work.
pub fn broadcast_not_compete() {
    let done = Arc::new(Mutex::new(Vec::new()));
    // BUG: a queue for each branch, and each item into all. (Right: one queue, for all branches.)
    let (inputs, items): (Vec<_>, Vec<_>) = (0..BRANCHES).map(|_| queue(BUFFER)).unzip();
    let with = items.into_iter().map(|items| (items, done.clone())).collect();
    let branches = each(with, |_, (items, done)| {
        while let Some(item) = items.recv() {
            done.lock().unwrap().push(item);
        }
    });
    for item in 0..ITEMS {
        for input in &inputs {
            input.send(item).unwrap();
        }
    }
    drop(inputs);
    join(branches);
    let mut done = done.lock().unwrap();
    done.sort();
    assert_eq!(*done, Vec::from_iter(0..ITEMS));
}

/// One bad item ends its branch, and nobody looks at how a branch ended.
pub fn error_breaks_branch() {
    let (offer, items) = queue(BUFFER);
    let (output, values) = queue(BUFFER);
    let with = (items.clone(), output);
    // The values end when the last branch does: a reason to wait for that only, and to miss why.
    drop(crew(BRANCHES, with, |_, (items, output)| {
        let work = |item| if item == 0 { Err(item) } else { Ok(item * 10) };
        while let Some(item) = items.recv() {
            // BUG: it ends the branch, and the error goes where nobody looks. (Right: send `work(item)`.)
            let value = Ok(work(item)?);
            output.send(value).unwrap();
        }
        Ok::<(), u64>(())
    }));
    let producer = thread::spawn(move || (0..ITEMS).for_each(|item| offer.send(item).unwrap()));
    let (mut done, mut failed) = (0, 0);
    while let Some(value) = values.recv() {
        match value {
            Ok::<u64, u64>(_) => done += 1,
            Err(_) => failed += 1,
        }
    }
    while items.recv().is_some() {
        done += 1;
    }
    producer.join().unwrap();
    assert_eq!((done, failed), (ITEMS - 1, 1), "the error of item 0 is lost");
}

/// The splitter and the merger take two locks in opposite orders; the merger waits for the whole batch.
pub fn opposite_locks() {
    let (split, merged) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let batch = Arc::new(Monitor::new(false));
    let (from, to, whole) = (split.clone(), merged.clone(), batch.clone());
    let splitter = thread::spawn(move || {
        for item in 0..ITEMS {
            let mut split = split.lock().unwrap();
            if !merged.lock().unwrap().contains(&item) {
                split.push(item);
            }
        }
        batch.change(|batch| *batch = true);
    });
    let merger = thread::spawn(move || {
        whole.wait(|batch| batch.then_some(()));
        // BUG: the splitter takes `split` first. (Right: the same order.)
        let mut merged = to.lock().unwrap();
        let mut split = from.lock().unwrap();
        merged.append(&mut split);
        merged.clone()
    });
    splitter.join().unwrap();
    assert_eq!(merger.join().unwrap(), Vec::from_iter(0..ITEMS));
}

/// The close tells the branches to stop and returns, while one may still be at work.
pub fn close_without_join() {
    let (token, running) = (Token::new(), Tracker::new());
    let items = token.over(source(ITEMS));
    let (output, values) = token.queue(BUFFER);
    let with = (running.enter(), items, output);
    let branches = crew(BRANCHES, with, |_, (_here, items, output)| {
        while let Some(item) = items.recv_or_cancel() {
            if output.send_or_cancel(item * 10).is_err() {
                return;
            }
        }
    });
    values.recv();
    token.cancel();
    values.close();
    // BUG: a cancel asks and does not wait. (Right: `join`.)
    drop(branches);
    assert_eq!(running.count(), 0, "branches run after the close");
}
