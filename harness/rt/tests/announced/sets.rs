//! What a `JoinSet` announces.

use super::*;

#[test]
fn members_are_taken_in_the_order_in_which_they_finish() {
    let (order, log) = run(async {
        let mut set = JoinSet::new();
        set.spawn(async {
            yield_now().await;
            1_u32
        });
        set.spawn(async { 2_u32 });
        assert!(set.try_join_next().is_none());
        let first = set.join_next().await.unwrap().unwrap();
        let second = set.join_next().await.unwrap().unwrap();
        assert!(set.join_next().await.is_none());
        assert!(set.try_join_next().is_none());
        [first, second]
    });
    assert_eq!(order, [2, 1]);
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 TryJoin(any) busy", "0 Join(any) pending", "1 Yield pending", "2 Finish(2) = 2",
        "1 Yield", "1 Finish(1) = 1", "0 Join(any)", "0 Join(any)", "0 Join(any) closed",
        "0 TryJoin(any) closed", "0 Finish",
    ]);
}

#[test]
fn a_shutdown_aborts_and_joins_every_member() {
    let (left, log) = run(async {
        let mut set = JoinSet::new();
        set.spawn(pending_of_this_file());
        set.spawn(pending_of_this_file());
        set.shutdown().await;
        set.len()
    });
    assert_eq!(left, 0);
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Abort(1)", "0 Abort(2)", "0 Join(any) pending", "1 Finish(1) aborted",
        "2 Finish(2) aborted", "0 Join(any) aborted", "0 Join(any) aborted", "0 Join(any) closed",
        "0 Finish",
    ]);
}

#[test]
fn a_dropped_set_aborts_and_detaches_whom_it_did_not_take() {
    let ((), log) = run(async {
        let tracker = TaskTracker::new();
        let output = announced_drop(&tracker);
        let mut set = JoinSet::new();
        set.spawn(async { Some(output) });
        set.spawn(async { None });
        set.spawn(async {
            pending_of_this_file().await;
            None
        });
        // Whichever was first.
        assert!(set.join_next().await.unwrap().unwrap().is_some());
    });
    // Member 2 has finished but was not taken: whether it has is not for its owner to look at.
    #[rustfmt::skip]
    assert_eq!(log, [
        "0 Track", "0 Join(any) pending", "1 Finish(1)", "2 Finish(2)", "0 Join(any)", "0 Untrack",
        "0 Abort(2)", "0 Abort(3)", "0 Detach(2)", "0 Detach(3)", "0 Finish",
        "3 Finish(3) aborted",
    ]);
}

#[test]
fn outputs_left_in_a_set_are_dropped_by_its_owner() {
    let ((), log) = run(async {
        let tracker = TaskTracker::new();
        let output = announced_drop(&tracker);
        let mut set = JoinSet::new();
        set.spawn(async { Some(output) });
        yield_now().await;
        set.detach_all();
        assert!(set.is_empty());
    });
    let expected = ["1 Finish(1)", "0 Yield", "0 Detach(1)", "0 Untrack", "0 Finish"];
    assert_eq!(log[2..], expected);
}

async fn pending_of_this_file() {
    pending().await
}
