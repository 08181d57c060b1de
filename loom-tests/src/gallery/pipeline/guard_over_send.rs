//! Wrong: the stages note on one board which of them is busy, and a stage keeps the board locked while it
//! waits for room in its output. The next stage makes that room, once it has noted that it is idle.
//!
//! Checklist: lock ordering. Law: `Deadlock`. Where no buffer is ever full, all goes well.

use rt::sync::{Mutex, mpsc};
use selvedge_rt as rt;
use std::sync::Arc;

/// Adds 10 to each item, until the input ends.
async fn stage(
    place: usize,
    mut input: mpsc::Receiver<u64>,
    output: mpsc::Sender<u64>,
    busy: Arc<Mutex<Vec<bool>>>,
) {
    loop {
        busy.lock().await[place] = false;
        let Some(n) = input.recv().await else { return };
        let mut busy = busy.lock().await;
        busy[place] = true;
        // BUG: the guard lives to the end of this block, and so through this wait. (Right: in one
        // statement, as above, whose guard is gone with it.)
        output.send(n + 10).await.expect("whoever is next reads to the end");
    }
}

/// Puts all items into the input, runs the stages, and looks at the board.
///
/// Goes wrong with two stages, from `items = buffer + 1` on: the input of the second stage full, and one
/// more item in the hand of the first.
pub async fn scenario(stages: usize, items: u64, buffer: usize) {
    let (feed, mut output) = mpsc::channel(items as usize);
    for n in 0..items {
        feed.send(n).await.expect("the input has room for all");
    }
    drop(feed);
    let busy = Arc::new(Mutex::new(vec![false; stages]));
    let mut tasks = Vec::new();
    for place in 0..stages {
        let (next, after) = mpsc::channel(buffer);
        tasks.push(rt::spawn(stage(place, output, next, busy.clone())));
        output = after;
    }

    let mut received = 0;
    while output.recv().await.is_some() {
        received += 1;
    }
    assert_eq!(received, items);
    for task in tasks {
        task.await.expect("no stage panics");
    }
    assert_eq!(*busy.lock().await, vec![false; stages]);
}
