//! Wrong: `spawn` asks whether the group is cancelled, and then waits for the limit, where it hears
//! nothing.
//!
//! Checklist: cancellation. Law: `IgnoredCancellation`. Where the tasks end with the cancel themselves it is
//! only late: one more is started after the cancel.

use rt::sync::{CancellationToken, Semaphore};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// Tasks, at most so many at once.
struct Group {
    token: CancellationToken,
    permits: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl Group {
    /// Starts a task when the limit lets it; `false` where the group was cancelled first.
    async fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        if self.token.is_cancelled() {
            return false;
        }
        // BUG: a cancel that comes after the look above is not heard here. (Right: a `select!` with
        // `token.cancelled()`.)
        let permit = self.permits.clone().acquire_owned().await.expect("it is never closed");
        self.tasks.spawn(async move {
            let _permit = permit;
            task.await;
        });
        true
    }
}

/// Serves up to `tasks` connections, each until it is hung up, at most `limit` at once. The caller cancels
/// the group, waits until no more is accepted, and hangs up. Goes wrong from `tasks = limit + 1` on.
pub async fn scenario(limit: usize, tasks: u64, _: usize) {
    let (token, hung_up) = (CancellationToken::new(), CancellationToken::new());
    let permits = Arc::new(Semaphore::new(limit));
    let mut group = Group { token: token.clone(), permits, tasks: JoinSet::new() };
    let connection = hung_up.clone();
    let acceptor = rt::spawn(async move {
        for _ in 0..tasks {
            let connection = connection.clone();
            if !group.spawn(async move { connection.cancelled().await }).await {
                break;
            }
        }
        group
    });

    token.cancel();
    let mut group = acceptor.await.expect("the acceptor does not panic");
    hung_up.cancel();
    while let Some(ended) = group.tasks.join_next().await {
        ended.expect("no task panics");
    }
}
