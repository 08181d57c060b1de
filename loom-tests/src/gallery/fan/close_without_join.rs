//! Wrong: `close` tells the branches to stop and returns, while one may still be at work.
//!
//! Checklist: resource cleanup. Law: `IncompleteShutdown`.

use rt::async_channel::{Receiver, bounded};
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinHandle;
use selvedge::shutdown_complete;
use selvedge_rt as rt;

/// Works until the source ends or the cancel comes.
async fn branch(source: Receiver<u64>, output: mpsc::Sender<u64>, token: CancellationToken) {
    loop {
        let item = rt::select! {
            biased;
            () = token.cancelled() => return,
            item = source.recv() => match item {
                Ok(item) => item,
                Err(_) => return,
            },
        };
        rt::select! {
            biased;
            () = token.cancelled() => return,
            room = output.reserve() => match room {
                Ok(room) => room.send(item * 10),
                Err(_) => return,
            },
        }
    }
}

/// Branches of one source, and what they make of its items.
struct FanOut {
    token: CancellationToken,
    source: Receiver<u64>,
    branches: Vec<JoinHandle<()>>,
    values: mpsc::Receiver<u64>,
}

impl FanOut {
    /// Splits `source` among so many branches.
    fn new(source: Receiver<u64>, branches: usize, buffer: usize) -> Self {
        let token = CancellationToken::new();
        let (output, values) = mpsc::channel(buffer);
        let start = |_| rt::spawn(branch(source.clone(), output.clone(), token.clone()));
        let branches = (0..branches).map(start).collect();
        FanOut { token, source, branches, values }
    }

    /// Ends the branches, and empties the source.
    fn close(&mut self) {
        self.token.cancel();
        // BUG: an abort asks and does not wait, and nor does a cancel: the caller closes what a branch is
        // about to use. (Right: await each branch.)
        for branch in &self.branches {
            branch.abort();
        }
        self.values.close();
        while self.source.try_recv().is_ok() {}
    }
}

/// Splits `jobs` items, reads one value, closes, and reads what was on its way.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (fill, source) = bounded(jobs as usize);
    for item in 0..jobs {
        fill.try_send(item).expect("there is room for all");
    }
    drop(fill);
    let mut fan = FanOut::new(source, workers, buffer);
    let _first = fan.values.recv().await;
    fan.close();
    shutdown_complete();
    while fan.values.recv().await.is_some() {}
}
