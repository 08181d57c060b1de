//! Wrong: a tenant's limit and the one that all tenants share are locked in one order to take a permit, and
//! in the other to give it back.
//!
//! Checklist: lock ordering. Law: `LockOrder`, though no schedule deadlocks today: the refunds happen to be
//! settled when nobody takes permits any more. Once they are settled as they come, it does.

use rt::sync::{Mutex, mpsc};
use rt::task::JoinSet;
use selvedge_rt as rt;
use std::sync::Arc;

/// What is left of a tenant's permits, and of everybody's.
#[derive(Clone)]
struct Limits {
    tenant: Arc<Mutex<u64>>,
    all: Arc<Mutex<u64>>,
}

impl Limits {
    /// Takes a permit of both, or of none.
    async fn try_acquire(&self) -> bool {
        let mut tenant = self.tenant.lock().await;
        let mut all = self.all.lock().await;
        let granted = *tenant > 0 && *all > 0;
        if granted {
            *tenant -= 1;
            *all -= 1;
        }
        granted
    }

    /// Gives a permit of both back, for work that was not done.
    async fn refund(&self) {
        let mut all = self.all.lock().await;
        // BUG: who acquires holds `tenant` here and waits for `all`. (Right: the same order everywhere.)
        let mut tenant = self.tenant.lock().await;
        *all += 1;
        *tenant += 1;
    }
}

/// Refunds what was not used, once it has heard of all.
async fn settle(mut unused: mpsc::Receiver<Limits>) {
    let mut due = Vec::new();
    while let Some(limits) = unused.recv().await {
        due.push(limits);
    }
    for limits in due {
        limits.refund().await;
    }
}

/// Tenants take up to `jobs` permits each, all of which go back.
pub async fn scenario(tenants: usize, jobs: u64, buffer: usize) {
    let all = Arc::new(Mutex::new(jobs));
    let (report, unused) = mpsc::channel(buffer);
    let settler = rt::spawn(settle(unused));
    let mut tasks = JoinSet::new();
    for _ in 0..tenants {
        let limits = Limits { tenant: Arc::new(Mutex::new(jobs)), all: all.clone() };
        let report = report.clone();
        tasks.spawn(async move {
            while limits.try_acquire().await {
                report.send(limits.clone()).await.expect("the settler reads to the end");
            }
        });
    }
    drop(report);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no tenant panics");
    }
    settler.await.expect("the settler does not panic");
    assert_eq!(*all.lock().await, jobs);
}
