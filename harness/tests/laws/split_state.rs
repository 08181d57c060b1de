//! `SplitState`: a clone that should share state, and does not.

use rt::sync::Semaphore;
use selvedge::{Check, Law, Report, Sampling, shares};
use selvedge_rt as rt;
use std::sync::Arc;

/// Permits that clones share, or do not.
struct Permits {
    inner: Arc<Semaphore>,
    shared: bool,
}

impl Clone for Permits {
    fn clone(&self) -> Self {
        let inner = match self.shared {
            true => self.inner.clone(),
            false => Arc::new(Semaphore::new(self.inner.available_permits())),
        };
        Permits { inner, shared: self.shared }
    }
}

async fn both(shared: bool) {
    let permits = Permits { inner: Arc::new(Semaphore::new(1)), shared };
    let copy = permits.clone();
    let task = rt::spawn(async move {
        let take = |permits: Permits| async move { drop(permits.inner.acquire().await.unwrap()) };
        shares("Permits", take(permits), take(copy)).await
    });
    task.await.unwrap();
}

pub(super) fn wrong() -> Report {
    Check::new("law").explore(|| both(false))
}

pub(super) fn right() -> Report {
    Check::new("law").explore(|| both(true))
}

#[test]
fn a_clone_with_state_of_its_own_is_found_and_one_that_shares_is_not() {
    let check = Check::new("clone");
    let report = check.explore(|| both(false));
    report.assert_violates(Law::SplitState);
    assert!(report.violations()[0].what.contains("`Permits` shares nothing"), "{report}");
    check.sample(Sampling::random(1).cases(5), || both(false)).assert_violates(Law::SplitState);
    check.explore(|| both(true)).assert_proved();
    check.sample(Sampling::random(1).cases(5), || both(true)).assert_passed();
    check.tokio_current_thread(|| both(false)).assert_passed();
    #[cfg(feature = "loom")]
    {
        check.loom(|| both(false)).assert_violates(Law::SplitState);
        check.loom(|| both(true)).assert_proved();
    }
}
