//! `JoinSet`: a member that is taken without waiting was looked at; and which of two it was, where it is asked.
//! And the handle that is a set of one.

use super::{all_noted, check};
use rt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use rt::task::{AbortOnDropHandle, JoinSet};
use selvedge::{Check, Law};
use selvedge_rt as rt;
use std::sync::Arc;

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

/// Two members that do `work`; whoever joins them comes when both have ended, or does not look at them.
async fn two_ends<T, F>(work: fn() -> F) -> Option<JoinSet<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut set = JoinSet::new();
    let members = [(); 2].map(|()| set.spawn(work()));
    if members.iter().all(|member| member.is_finished()) {
        return Some(set);
    }
    while set.join_next().await.is_some() {}
    None
}

#[test]
fn which_of_two_alike_ended_first_is_seen_by_whoever_asks() {
    check(&[0, 1, 2], |seen| async move {
        let Some(mut set) = two_ends(|| async {}).await else { return seen.note(2) };
        let (first, ()) = set.try_join_next_with_id().unwrap().unwrap();
        let (second, ()) = set.join_next_with_id().await.unwrap().unwrap();
        // Nobody asked before they ended: what was reduced up to there took for granted that none does.
        seen.note((first.to_string() < second.to_string()).into());
    });
}

#[test]
fn which_of_two_alike_panicked_first_is_seen_in_its_message() {
    check(&[0, 1, 2], |seen| async move {
        let both = two_ends::<(), _>(|| async { panic!("alike") }).await;
        let Some(mut set) = both else { return seen.note(2) };
        let first = set.join_next().await.unwrap().unwrap_err().to_string();
        let second = set.join_next().await.unwrap().unwrap_err().to_string();
        assert_ne!(first, second);
        seen.note((first < second).into());
    });
}

#[test]
fn task_has_the_same_id_whoever_was_started_first() {
    let scenario = |seen: super::Seen| async move {
        let spawners = [0, 1].map(|n| {
            let seen = seen.clone();
            rt::spawn(async move {
                let task = rt::spawn(async { rt::task::id() });
                let id = task.id();
                assert_eq!(task.await.unwrap(), id, "its own and the handle's");
                let number = u64::from_str_radix(&id.to_string(), 16).unwrap();
                seen.note(number << 1 | n);
            })
        });
        assert_eq!(rt::task::try_id(), None, "the root is no task");
        for spawner in spawners {
            spawner.await.unwrap();
        }
    };
    let noted = all_noted(scenario, |root| Check::new("ids").explore(root));
    assert_eq!(noted.len(), 2, "one each, on every schedule");
}

#[test]
fn handle_that_goes_aborts_its_task_unless_that_was_joined() {
    // Dropped before it began, after its first step, or at its end.
    check(&[0, 1, 2], |seen| async move {
        let steps = Arc::new(AtomicU64::new(0));
        let theirs = steps.clone();
        let task = rt::spawn(async move {
            theirs.store(1, SeqCst);
            rt::task::yield_now().await;
            theirs.store(2, SeqCst);
        });
        let abort = task.abort_handle();
        drop(AbortOnDropHandle::new(task));
        while !abort.is_finished() {
            rt::task::yield_now().await;
        }
        seen.note(steps.load(SeqCst));
        let joined = AbortOnDropHandle::new(rt::spawn(async { 7 }));
        assert_eq!(joined.await.unwrap(), 7);
    });
}
