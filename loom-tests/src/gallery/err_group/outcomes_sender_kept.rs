//! Wrong: the tasks report over a channel, the group keeps the sender that it clones for them, and `wait`
//! reads until the channel ends.
//!
//! Checklist: channel ownership. Law: `NeverClosed`.

use rt::sync::mpsc;
use rt::task::JoinSet;
use selvedge_rt as rt;

/// Tasks, and how each ended.
struct Group {
    tasks: JoinSet<()>,
    report: mpsc::Sender<Result<u64, u64>>,
    outcomes: mpsc::Receiver<Result<u64, u64>>,
}

impl Group {
    /// A group of at most `tasks` tasks.
    fn new(tasks: usize) -> Self {
        // Room for every outcome: nobody reads before `wait`.
        let (report, outcomes) = mpsc::channel(tasks);
        Group { tasks: JoinSet::new(), report, outcomes }
    }

    /// Starts a task.
    fn spawn(&mut self, task: impl Future<Output = Result<u64, u64>> + Send + 'static) {
        let report = self.report.clone();
        self.tasks.spawn(async move {
            let outcome = task.await;
            report.send(outcome).await.expect("the group reads to the end");
        });
    }

    /// Waits for every task: the results in any order, and how many failed.
    async fn wait(mut self) -> (Vec<u64>, usize) {
        let (mut results, mut failed) = (Vec::new(), 0);
        // BUG: `self.report` is a sender too, so the outcomes end with the group, which waits here for
        // their end. (Right: `drop(self.report)` above this loop.)
        while let Some(outcome) = self.outcomes.recv().await {
            match outcome {
                Ok(value) => results.push(value),
                Err(_) => failed += 1,
            }
        }
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("no task panics");
        }
        (results, failed)
    }
}

/// Runs `tasks` tasks, the last of which fails, and waits for all.
pub async fn scenario(_: usize, tasks: u64, _: usize) {
    let mut group = Group::new(tasks as usize);
    for n in 0..tasks {
        group.spawn(async move { if n == tasks - 1 { Err(n) } else { Ok(n) } });
    }
    let (mut results, failed) = group.wait().await;
    results.sort();
    assert_eq!((results, failed), ((0..tasks - 1).collect(), 1));
}
