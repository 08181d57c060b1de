//! Wrong: a task that fails cancels the rest first and records the error second. A sibling that reacts to
//! the cancel with an error of its own may be the first to record.
//!
//! Checklist: error handling. Law: `Panic`: no law knows which of two errors is the cause, so the scenario
//! asserts it.

use rt::blocking::Mutex;
use rt::sync::CancellationToken;
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// What a task that was told to stop returns.
const REACTION: u64 = u64::MAX;

/// The last task fails; the others react to the cancel.
async fn work(n: u64, tasks: u64, token: &CancellationToken) -> Result<u64, u64> {
    if n == tasks - 1 {
        return Err(n);
    }
    token.cancelled().await;
    Err(REACTION)
}

/// Runs `tasks` tasks, the last of which fails, and waits for all.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let token = CancellationToken::new();
    let cause = Arc::new(Mutex::new(None));
    let mut group = JoinSet::new();
    for n in 0..tasks {
        let (token, cause) = (token.clone(), cause.clone());
        group.spawn(async move {
            if let Err(error) = work(n, tasks, &token).await {
                // BUG: between these two lines a sibling sees the cancel, fails with "cancelled", and
                // records that as the cause: the report names a symptom. (Right: the other way round.)
                token.cancel();
                cause.lock().expect("no panic").get_or_insert(error);
            }
        });
    }
    while let Some(ended) = group.join_next().await {
        ended.expect("no task panics");
    }
    let cause = *cause.lock().expect("no panic");
    assert_eq!(cause, Some(tasks - 1), "a reaction masks the cause");
}
