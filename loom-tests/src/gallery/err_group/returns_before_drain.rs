//! Wrong: with the first failure the group cancels the rest and returns, as if told to stop meant
//! stopped.
//!
//! Checklist: resource cleanup, exit paths. Law: `IncompleteShutdown`.

use rt::sync::CancellationToken;
use rt::task::JoinSet;
use selvedge::shutdown_complete;
use selvedge_rt as rt;

/// The last task fails; the others wait for the cancel.
async fn work(n: u64, tasks: u64, token: CancellationToken) -> Result<u64, u64> {
    if n == tasks - 1 {
        return Err(n);
    }
    token.cancelled().await;
    Ok(n)
}

/// Waits for the group: its first error, if there is one.
async fn wait(group: &mut JoinSet<Result<u64, u64>>, token: &CancellationToken) -> Result<(), u64> {
    while let Some(ended) = group.join_next().await {
        if let Err(error) = ended.expect("no task panics") {
            token.cancel();
            // BUG: the siblings have heard the cancel at best; they still run, and the caller closes
            // what they use. (Right: keep the error, and go on until `None`.)
            return Err(error);
        }
    }
    Ok(())
}

/// Runs `tasks` tasks, the last of which fails, and waits for the group.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let token = CancellationToken::new();
    let mut group = JoinSet::new();
    for n in 0..tasks {
        group.spawn(work(n, tasks, token.clone()));
    }
    let ended = wait(&mut group, &token).await;
    shutdown_complete();
    assert_eq!(ended, Err(tasks - 1));
}
