//! Wrong: a dispatcher deals the items to the branches in turn, and so waits for a branch that is not
//! being read while another one starves.
//!
//! Checklist: buffer sizing, exit paths. Law: `Deadlock`.

use rt::sync::mpsc;
use selvedge_rt as rt;

/// Deals `0..jobs` to the branches.
async fn dispatch(jobs: u64, branches: Vec<mpsc::Sender<u64>>) {
    for item in 0..jobs {
        // BUG: it decides who gets the item before anybody asks for one. The branch may be full: then
        // no branch gets anything. (Right: the branches pull, so only one with room takes an item.)
        let branch = &branches[item as usize % branches.len()];
        if branch.send(item).await.is_err() {
            return;
        }
    }
}

/// Deals `jobs` items, and reads the branches to their end one after another.
///
/// Goes wrong from `jobs = workers * (buffer + 1)` on; a larger buffer only hides it for longer.
pub async fn scenario(workers: usize, jobs: u64, buffer: usize) {
    let (outputs, branches): (Vec<_>, Vec<_>) = (0..workers).map(|_| mpsc::channel(buffer)).unzip();
    let dispatcher = rt::spawn(dispatch(jobs, outputs));

    let mut seen = Vec::new();
    for mut branch in branches {
        while let Some(item) = branch.recv().await {
            seen.push(item);
        }
    }
    dispatcher.await.expect("the dispatcher does not panic");
    seen.sort();
    assert_eq!(seen, (0..jobs).collect::<Vec<_>>());
}
