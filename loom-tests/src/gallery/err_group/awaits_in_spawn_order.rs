//! Wrong: the owner awaits the handles in spawn order, so it learns of a failure only when every task
//! before that one has ended; and it is the owner who would tell those to stop.
//!
//! Checklist: error handling. Law: `Deadlock`. Where the tasks before it do end by themselves, the
//! failure is only noticed late.

use rt::sync::CancellationToken;
use selvedge_rt as rt;

/// The last task fails; the others serve until they are told to stop.
async fn work(n: u64, tasks: u64, token: CancellationToken) -> Result<u64, u64> {
    if n == tasks - 1 {
        return Err(n);
    }
    token.cancelled().await;
    Ok(n)
}

/// Runs `tasks` tasks, the last of which fails, and waits for all.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let token = CancellationToken::new();
    let group: Vec<_> = (0..tasks).map(|n| rt::spawn(work(n, tasks, token.clone()))).collect();
    let mut cause = None;
    // BUG: this waits for task 0, which waits for the cancel, which comes after the last task has been
    // looked at. (Right: `JoinSet::join_next`, which gives whichever ends first; or each task cancels.)
    for task in group {
        if let Err(error) = task.await.expect("no task panics") {
            cause.get_or_insert(error);
            token.cancel();
        }
    }
    assert_eq!(cause, Some(tasks - 1));
}
