//! Fan-out and fan-in: two branches of a source, or a merge of two sources, with room for one item.

use crate::messages::crew::{AtWork, join};
use crate::messages::queue::{Item, Queue, Sender, bounded, filled};
use crate::messages::record::Record;
use crate::messages::token::Token;
use std::collections::BTreeSet;
use std::sync::Arc;
use traceforge::channel::Builder;
use traceforge::sync::Mutex;
use traceforge::thread::{self, JoinHandle};

const BRANCHES: u32 = 2;
const JOBS: u32 = 3;
const BUFFER: usize = 1;

/// So many queues, by their two ends.
fn queues() -> (Vec<Sender>, Vec<Queue>) {
    (0..BRANCHES).map(|_| bounded(BUFFER)).unzip()
}

/// Starts a branch of the source for each output.
fn start(source: &Queue, outputs: Vec<Sender>, work: fn(&Queue, &Sender)) -> Vec<JoinHandle<()>> {
    let branch = |output: Sender| {
        let source = source.clone();
        thread::spawn(move || work(&source, &output))
    };
    outputs.into_iter().map(branch).collect()
}

/// Offers so many items, or those before the source is closed; how many that were.
fn offer(jobs: u32, source: Sender) -> JoinHandle<usize> {
    thread::spawn(move || (0..jobs).take_while(|item| source.send(*item).is_ok()).count())
}

/// A branch hears the cancel while it waits for an item, but not while it waits for its consumer.
pub fn bare_branch_send() {
    let (fill, source) = bounded(BUFFER);
    let (outputs, branches) = queues();
    let token = Token::over(branches.iter().chain([&source]));
    let tasks = start(&source, outputs, |source, output| {
        while let Ok(item) = source.recv_or_cancel() {
            // BUG: with its buffer full and nobody reading, it waits here through the cancel for ever. (Right:
            // `send_or_cancel`.)
            if output.send(item * 10).is_err() {
                return;
            }
        }
    });
    let producer = offer(4, fill);
    branches[0].recv().expect("the other one has not room for all");
    token.cancel();
    source.close();
    join(tasks);
    for branch in branches {
        branch.drain();
    }
    source.take_left();
    producer.join().unwrap();
}

/// A dispatcher deals the items in turn, and so waits for a branch that is not being read.
pub fn round_robin_dispatch() {
    let jobs = 4;
    let (outputs, branches) = queues();
    let dispatcher = thread::spawn(move || {
        for item in 0..jobs {
            // BUG: it decides who gets the item before anybody asks for one. (Right: one queue for all, from
            // which the branches pull.)
            let output = &outputs[(item % BRANCHES) as usize];
            output.send(item).expect("the branches are open");
        }
    });
    let seen: usize = branches.iter().map(Queue::drain).sum();
    join([dispatcher]);
    assert_eq!(seen, jobs as usize);
}

/// The merge clones its sender into a task for each source and keeps the original.
pub fn sender_kept() {
    let (deliver, merged) = bounded(BUFFER);
    let mut tasks = Vec::new();
    for _ in 0..BRANCHES {
        let (source, merged) = (filled(0..JOBS), deliver.clone());
        tasks.push(thread::spawn(move || {
            while let Ok(item) = source.recv() {
                merged.send(item).expect("whoever merges reads to the end");
            }
        }));
    }
    // BUG: `deliver` itself lives on to the end of this function. (Right: `drop(deliver)` here.)
    assert_eq!(merged.drain() as u32, BRANCHES * JOBS);
    join(tasks);
}

/// The merge takes the end of one source for the end of all.
pub fn ends_on_first_none() {
    let (items, mixed) = Builder::<Option<Item>>::new().build();
    let sources = [JOBS, 1].map(|jobs| {
        let items = items.clone();
        thread::spawn(move || {
            (0..jobs).for_each(|item| items.send_msg(Some(item)));
            items.send_msg(None);
        })
    });
    let (deliver, merged) = bounded(BUFFER);
    let merge = thread::spawn(move || {
        let mut ended = 0;
        while ended < sources.len() {
            match mixed.recv_msg_block() {
                Some(item) => _ = deliver.send(item).expect("the caller reads to the end"),
                // BUG: this is the end of one of them. (Right: `ended += 1`.)
                None => ended = sources.len(),
            }
        }
        join(sources);
    });
    assert_eq!(merged.drain() as u32, JOBS + 1);
    join([merge]);
}

/// The merge asks its sources in the same order every time, so one that is always ready starves the other.
pub fn biased_merge() {
    let (deliver, merged) = bounded(BUFFER);
    let merge = thread::spawn(move || {
        let mut sources: Vec<_> = (0..BRANCHES).map(std::iter::repeat).collect();
        let mut first = 0;
        loop {
            let mut places = (first..first + sources.len()).map(|place| place % BRANCHES as usize);
            let next = places.find_map(|place| Some((place, sources[place].next()?)));
            let (served, item) = next.expect("the sources have no end");
            // BUG: source 0 is always ready, so no other is ever asked. (Right: `served + 1`.)
            first = served;
            if deliver.send(item).is_err() {
                return;
            }
        }
    });
    let mut missing: BTreeSet<Item> = (0..BRANCHES).collect();
    for round in 0.. {
        assert!(round < 10, "goes round and round");
        missing.remove(&merged.recv().expect("the sources have no end"));
        if missing.is_empty() {
            break;
        }
    }
    merged.close();
    merged.drain();
    join([merge]);
}

/// Every branch gets a copy of every item, where the branches should share the work.
pub fn broadcast_not_compete() {
    let done = Record::empty();
    let (mut inputs, mut tasks) = (Vec::new(), Vec::new());
    // BUG: a queue for each, and each item into all of them. (Right: one queue, made before this loop.)
    for _ in 0..BRANCHES {
        let (input, items) = bounded(BUFFER);
        let done = done.clone();
        tasks.push(thread::spawn(move || {
            while let Ok(item) = items.recv() {
                done.note(item);
            }
        }));
        inputs.push(input);
    }
    for item in 0..JOBS {
        for input in &inputs {
            input.send(item).expect("the branches end after their input");
        }
    }
    drop(inputs);
    join(tasks);
    assert_eq!(done.sorted(), (0..JOBS).collect::<Vec<_>>());
}

/// One bad item ends its branch, and nobody looks at how a branch ended.
pub fn error_breaks_branch() {
    const BAD: Item = u32::MAX;
    let (fill, source) = bounded(BUFFER);
    let (output, values) = bounded(BUFFER);
    let tasks = start(&source, vec![output.clone(), output], |source, output| {
        while let Ok(item) = source.recv() {
            let value = if item == 0 { BAD } else { item * 10 };
            if value == BAD {
                // BUG: it ends the branch and not only the item. (Right: send it on, for the consumer to see.)
                return;
            }
            output.send(value).expect("the caller reads to the end");
        }
    });
    let producer = offer(JOBS, fill);
    let seen = values.drain() + source.drain();
    assert_eq!(seen, producer.join().unwrap(), "an error that nobody saw");
    join(tasks);
}

/// The splitter and the merger take the same two locks in opposite order; one waits for the other.
pub fn opposite_locks() {
    let split = Arc::new(Mutex::new(Vec::new()));
    let merged = Arc::new(Mutex::new(Vec::new()));
    let (hand_out, batch) = Builder::new().build();
    let (to, back) = (split.clone(), merged.clone());
    let splitter = thread::spawn(move || {
        for item in 0..JOBS {
            let mut split = to.blocking_lock();
            let merged = back.blocking_lock();
            if !merged.contains(&item) {
                split.push(item);
            }
        }
        hand_out.send_msg(());
    });
    let back = merged.clone();
    let merger = thread::spawn(move || {
        batch.recv_msg_block();
        // BUG: the splitter takes `split` first. (Right: the same order here.)
        let mut merged = back.blocking_lock();
        let mut split = split.blocking_lock();
        merged.append(&mut split);
    });
    join([splitter, merger]);
    assert_eq!(*merged.blocking_lock(), (0..JOBS).collect::<Vec<_>>());
}

/// `close` tells the branches to stop and returns, while one may still be at work.
pub fn close_without_join() {
    let (source, at_work) = (filled(0..JOBS), AtWork::nobody());
    let (output, values) = bounded(BUFFER);
    let token = Token::over([&source, &values]);
    let branch = |_| {
        let (source, output) = (source.clone(), output.clone());
        at_work.spawn(move || {
            while let Ok(item) = source.recv_or_cancel() {
                if output.send_or_cancel(item * 10).is_err() {
                    return;
                }
            }
        })
    };
    let branches: Vec<_> = (0..BRANCHES).map(branch).collect();
    values.recv().expect("an item comes");
    token.cancel();
    // BUG: a cancel asks and does not wait. (Right: `join(branches)`.)
    drop(branches);
    values.close();
    values.take_left();
    source.take_left();
    at_work.assert_nobody();
}
