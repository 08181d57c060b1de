//! `JoinSet`: a member that is taken without waiting was looked at.

use super::check;
use rt::task::JoinSet;
use selvedge::{Check, Law};
use selvedge_rt as rt;

#[test]
fn end_that_was_taken_without_waiting_is_not_taken_again() {
    // Who ended first, and who second.
    check(&[12, 21], |seen| async move {
        let mut set = JoinSet::new();
        set.spawn(async { 1 });
        set.spawn(async { 2 });
        let mut order = 0;
        while order < 10 {
            match set.try_join_next() {
                Some(ended) => order = order * 10 + ended.unwrap(),
                None => order = order * 10 + set.join_next().await.unwrap().unwrap(),
            }
        }
        assert!(set.try_join_next().is_none());
        seen.note(order);
    });
}

/// A member panics; its set is looked at without waiting, or dropped.
fn panics(looked_at: bool) -> selvedge::Report {
    Check::new("panics").waive(Law::Unjoined, "what is left behind is the point").explore(
        move || async move {
            let mut set = JoinSet::new();
            set.spawn(async { panic!("on purpose") });
            if !looked_at {
                return;
            }
            let ended = match set.try_join_next() {
                Some(ended) => ended,
                None => set.join_next().await.unwrap(),
            };
            assert!(ended.is_err_and(|e| e.is_panic()));
        },
    )
}

#[test]
fn panic_that_was_looked_at_without_waiting_is_not_swallowed() {
    panics(true).assert_proved();
    panics(false).assert_violates(Law::SwallowedError);
}
