//! What a `TaskTracker` announces.

use super::*;

#[test]
fn a_tracker_announces_each_change_and_look() {
    let ((), log) = run(async {
        let tracker = TaskTracker::new();
        let task = tracker.spawn(async {});
        assert!(!tracker.is_empty());
        assert_eq!(tracker.len(), 1);
        assert!(tracker.close());
        assert!(tracker.is_closed());
        tracker.wait().await;
        task.await.unwrap();
        assert!(tracker.reopen());
    });
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Track", "0 Len", "0 Len = 1", "0 CloseTracker = 1", "0 IsClosed = 1",
        "0 Listen", "0 WaitTracked pending", "1 Untrack(1)", "1 Finish(1)", "0 WaitTracked", "0 Join(1)",
        "0 ReopenTracker = 1", "0 Finish",
    ]);
}
