//! Wrong: handles in a `try_join`. It returns with the first error and drops the other handles, and a
//! handle that is dropped detaches its task.
//!
//! Checklist: exit paths, resource cleanup. Law: `Unjoined`.

use futures_util::future::try_join_all;
use rt::sync::CancellationToken;
use rt::task::JoinHandle;
use selvedge_rt as rt;

/// The last task fails; the others wait for the cancel.
fn task(n: u64, tasks: u64, token: &CancellationToken) -> JoinHandle<Result<u64, u64>> {
    let token = token.clone();
    rt::spawn(async move {
        if n == tasks - 1 {
            token.cancel();
            return Err(n);
        }
        token.cancelled().await;
        Ok(n)
    })
}

/// A task's own end; none of them panics.
async fn end(task: JoinHandle<Result<u64, u64>>) -> Result<u64, u64> {
    task.await.expect("no task panics")
}

/// Runs `tasks` tasks together, the last of which fails.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let token = CancellationToken::new();
    let group: Vec<_> = (0..tasks).map(|n| task(n, tasks, &token)).collect();
    // BUG: after the first error nothing waits for the siblings any more, though they were told to stop:
    // they still run while the caller goes on, and what they hold is not free yet. (Right: join
    // every handle, and look at the errors then.)
    let failed = try_join_all(group.into_iter().map(end)).await;
    assert_eq!(failed, Err(tasks - 1));
}
