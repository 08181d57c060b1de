//! Wrong: limited sources share an output, and each of them closes it when it is through, though only the
//! last one may.
//!
//! Checklist: channel ownership. Law: `DoubleClose`. (While another source still delivers it is
//! `SendAfterClose` too; this caller is careful to read every item before it ends the inputs.)

use super::INTERVAL;
use rt::async_channel::{Receiver, Sender, bounded};
use rt::task::JoinSet;
use rt::time::sleep;
use selvedge_rt as rt;

/// Passes items on, one an interval, until the input ends.
async fn limited(from: Receiver<u64>, to: Sender<u64>) {
    while let Ok(item) = from.recv().await {
        if to.send(item).await.is_err() {
            return;
        }
        sleep(INTERVAL).await;
    }
    // BUG: to the first source the end of its own input looks like the end of the output. (Right: drop the
    // sender; the output ends with the last one.)
    to.close();
}

/// Reads `jobs` items of each of so many sources, then ends the inputs.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (deliver, output) = bounded(buffer);
    let (mut inputs, mut tasks) = (Vec::new(), JoinSet::new());
    for _ in 0..workers {
        let (feed, from) = bounded(jobs as usize);
        for item in 0..jobs {
            feed.try_send(item).expect("there is room for all");
        }
        inputs.push(feed);
        tasks.spawn(limited(from, deliver.clone()));
    }
    drop(deliver);

    for _ in 0..workers as u64 * jobs {
        output.recv().await.expect("every item comes");
    }
    drop(inputs);
    output.recv().await.expect_err("the output ends with the inputs");
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no source panics");
    }
}
