//! A pipeline: two stages in a row, each of which adds ten to an item, with room for one item between them.

use crate::messages::crew::join;
use crate::messages::queue::{Item, Queue, Sender, bounded, filled, first_of, watched};
use crate::messages::token::Token;
use std::sync::Arc;
use traceforge::channel::Builder;
use traceforge::msg::Message;
use traceforge::sync::Mutex;
use traceforge::thread::{self, JoinHandle};

const STAGES: usize = 2;
const ITEMS: u32 = 3;
const BUFFER: usize = 1;

/// Puts the stages in a row; what each of them sends into, and their threads.
fn row<T: Message + 'static>(
    input: &Queue,
    link: impl Fn() -> (Sender, Queue),
    stage: impl Fn(usize, Queue, Sender) -> T + Clone + Send + 'static,
) -> ([Queue; STAGES], Vec<JoinHandle<T>>) {
    let (mut input, mut stages) = (input.clone(), Vec::new());
    let outputs = std::array::from_fn(|place| {
        let (output, after) = link();
        let (before, stage) = (std::mem::replace(&mut input, after.clone()), stage.clone());
        stages.push(thread::spawn(move || stage(place, before, output)));
        after
    });
    (outputs, stages)
}

fn buffer() -> (Sender, Queue) {
    bounded(BUFFER)
}

/// Adds ten to each item, until the input ends.
fn add(input: &Queue, output: &Sender) {
    while let Ok(n) = input.recv() {
        output.send(n + 10).expect("whoever is next reads to the end");
    }
}

/// Generates items, until there are no more, or nobody takes them, or the cancel; how many that were.
fn generate(output: Sender) -> JoinHandle<usize> {
    thread::spawn(move || (0..ITEMS).take_while(|n| output.send_or_cancel(*n).is_ok()).count())
}

/// The stage hears the cancel while it waits for room, but not while it waits for an item.
pub fn no_cancel_on_recv() {
    let (feed, input) = buffer();
    let ([between, output], stages) = row(&input, buffer, |_, input, output| {
        // BUG: on an input that is open and idle it waits here for ever. (Right: `recv_or_cancel`.)
        while let Ok(n) = input.recv() {
            if output.send_or_cancel(n + 10).is_err() {
                return;
            }
        }
    });
    for n in 0..ITEMS {
        feed.send(n).expect("the first stage takes items");
        assert_eq!(output.recv(), Ok(n + 20));
    }
    Token::over([&input, &between, &output]).cancel();
    join(stages);
}

/// The stage hears the cancel while it waits for an item, but not while it waits for room.
pub fn no_cancel_on_send() {
    let (first, input) = buffer();
    let source = generate(first);
    let ([between, output], stages) = row(&input, buffer, |_, input, output| {
        let mut stuck = 0;
        while let Ok(n) = input.recv_or_cancel() {
            // BUG: with the output full and nobody reading, it waits here through the cancel for ever. (Right:
            // `send_or_cancel`.)
            if output.send(n + 10).is_err() {
                stuck += 1;
                break;
            }
        }
        input.close();
        stuck + input.drain()
    });
    output.recv().expect("the first item comes");
    Token::over([&input, &between, &output]).cancel();
    let generated = source.join().unwrap();
    let stuck: usize = stages.into_iter().map(|stage| stage.join().unwrap()).sum();
    assert_eq!(1 + stuck + output.drain(), generated, "each item comes back");
}

/// A stage ends and its output does not, because the stage hands its sender out instead of dropping it.
pub fn forgets_close() {
    let handed_out = Arc::new(Mutex::new(Vec::new()));
    let (first, input) = buffer();
    let source = generate(first);
    let later = handed_out.clone();
    let ([_, output], stages) = row(&input, buffer, move |_, input, output| {
        add(&input, &output);
        // BUG: kept, so that somebody may add to the output later, it does not end. (Right: `drop(output)`.)
        later.blocking_lock().push(output);
    });
    assert_eq!(output.drain(), ITEMS as usize);
    source.join().unwrap();
    join(stages);
}

/// A filter ends with the first item that it rejects, and everything behind that item is lost.
pub fn filter_returns() {
    let ([_, output], stages) = row(&filled(0..ITEMS), buffer, |_, input, output| {
        while let Ok(n) = input.recv() {
            if n % 2 == 1 {
                // BUG: to the next stage this looks like a clean end. (Right: `continue`.)
                return;
            }
            output.send(n).expect("whoever is next reads to the end");
        }
    });
    let received: Vec<_> = std::iter::from_fn(|| output.recv().ok()).collect();
    assert_eq!(received, [0, 2]);
    join(stages);
}

/// A stage skips the items that it fails on, and the run looks complete.
pub fn swallows_errors() {
    #[derive(Clone, Debug, PartialEq)]
    struct Broken;
    fn work(n: Item) -> Result<Item, Broken> {
        if n % 10 == 1 { Err(Broken) } else { Ok(n + 10) }
    }
    let (first, input) = buffer();
    let source = generate(first);
    let ([_, output], stages) = row(&input, buffer, |_, input, output| {
        let end: Result<(), Broken> = loop {
            let Ok(n) = input.recv() else { break Ok(()) };
            // BUG: the error is gone, and the item with it. (Right: `break Err(Broken)`.)
            let Ok(n) = work(n) else { continue };
            output.send(n).expect("whoever is next reads to the end");
        };
        input.close();
        input.drain();
        end
    });
    let received = output.drain();
    source.join().unwrap();
    let mut failed = false;
    for stage in stages {
        failed |= stage.join().unwrap().is_err();
    }
    assert!(failed || received == ITEMS as usize, "without errors, {received} of {ITEMS} items");
}

/// A run that was cancelled reports the same end as a complete one.
pub fn cancelled_looks_complete() {
    /// How many items came out, and whether these are all.
    fn run(first: Sender, input: &Queue) -> (usize, bool) {
        let source = generate(first);
        let ([_, output], stages) = row(input, buffer, |_, input, output| add(&input, &output));
        let received = output.drain();
        join(stages);
        let _generated = source.join().unwrap();
        // BUG: the end of the output is taken for the end of the source, and nobody asks that. (Right:
        // `_generated == ITEMS as usize`.)
        (received, true)
    }
    let (first, input) = buffer();
    let token = Token::over([&input]);
    let canceller = thread::spawn(move || token.cancel());
    let (received, complete) = run(first, &input);
    join([canceller]);
    assert!(!complete || received == ITEMS as usize, "a complete run has {received} items");
}

/// A stage makes a token of its own where a child of the pipeline's belongs, so no cancel reaches it.
pub fn fresh_token_in_stage() {
    let (first, input) = buffer();
    let source = generate(first);
    // The input ends with the cancel, so only the wait for room needs to hear it.
    let (outputs, stages) = row(&input, buffer, |_, input, output| {
        let mut stuck = 0;
        while let Ok(n) = input.recv() {
            if output.send_or_cancel(n + 10).is_err() {
                stuck += 1;
                break;
            }
        }
        input.close();
        stuck + input.drain()
    });
    let mut token = Token::default();
    token.reach(&input);
    for output in &outputs {
        // BUG: nobody will ever cancel this one. (Right: `token.reach(output)`.)
        Token::default().reach(output);
    }
    let [_, output] = outputs;
    output.recv().expect("the first item comes");
    token.cancel();
    let generated = source.join().unwrap();
    let stuck: usize = stages.into_iter().map(|stage| stage.join().unwrap()).sum();
    assert_eq!(1 + stuck + output.drain(), generated, "each item comes back");
}

/// The buffers between the stages have no bound, so a fast source fills the memory.
pub fn unbounded_between_stages() {
    // BUG: nothing slows the source down to the pace of the slowest stage. (Right: `BUFFER`.)
    let link = || watched(usize::MAX, 2);
    let (first, input) = link();
    let source = generate(first);
    let ([_, output], stages) = row(&input, link, |_, input, output| add(&input, &output));
    assert_eq!(output.drain(), ITEMS as usize);
    source.join().unwrap();
    join(stages);
}

/// The generator notices that its output is gone when it sends, and while its source is idle it never does.
pub fn generator_outlives_output() {
    let (feed, input) = buffer();
    let generator = thread::spawn(move || {
        for n in 0..ITEMS {
            if feed.send(n).is_err() {
                return;
            }
        }
        // BUG: a source that is idle for ever. (Right: `feed.ask_end()`, and wait for this answer.)
        let (_source, idle) = Builder::<()>::new().build();
        idle.recv_msg_block();
    });
    let ([_, output], stages) = row(&input, buffer, |_, input, output| {
        let end = output.ask_end();
        while let (Ok(n), 1) = first_of(&end, &input.ask_item()) {
            if output.send(n + 10).is_err() {
                break;
            }
        }
        input.close();
    });
    for n in 0..ITEMS {
        assert_eq!(output.recv(), Ok(n + 20));
    }
    output.close();
    join(stages);
    join([generator]);
}

/// The stages note on one board who is busy, and a stage keeps it locked while it waits for room.
pub fn guard_over_send() {
    let busy = Arc::new(Mutex::new([false; STAGES]));
    let board = busy.clone();
    let ([_, output], stages) = row(&filled(0..ITEMS), buffer, move |place, input, output| {
        loop {
            board.blocking_lock()[place] = false;
            let Ok(n) = input.recv() else { return };
            let mut busy = board.blocking_lock();
            busy[place] = true;
            // BUG: the guard lives through this wait. (Right: in one statement, as above.)
            output.send(n + 10).expect("whoever is next reads to the end");
        }
    });
    assert_eq!(output.drain(), ITEMS as usize);
    join(stages);
    assert_eq!(*busy.blocking_lock(), [false; STAGES]);
}
