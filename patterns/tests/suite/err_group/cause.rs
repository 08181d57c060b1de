//! Contract 2, 3 and 7: which failure is the cause, and what is kept beside it.

use super::{Bomb, Group, error, panic, reacts};
use crate::runtimes::{on_every_runtime, on_one_thread, settle};
use selvedge_patterns::End;
use selvedge_patterns::err_group::{Cause, ErrGroup, Failure, GroupError};
use selvedge_rt::sync::CancellationToken;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Barrier;

type Failed = GroupError<u64, &'static str>;

/// Four tasks: `broken` is the third, the others react to the cancel.
async fn with_reactions<Fut>(broken: impl FnOnce() -> Fut + Send + 'static) -> Failed
where
    Fut: Future<Output = Result<u64, &'static str>> + Send + 'static,
{
    let mut group = Group::new(&CancellationToken::new());
    let together = Arc::new(Barrier::new(4));
    let mut broken = Some(broken);
    for n in 0..4 {
        let (together, broken) = (together.clone(), if n == 2 { broken.take() } else { None });
        let task = move |token| async move {
            // So that each is there when it happens.
            together.wait().await;
            match broken {
                Some(broken) => broken().await,
                None => reacts(token).await,
            }
        };
        group.spawn(task).await.unwrap();
    }
    group.wait().await.unwrap_err()
}

#[track_caller]
fn check_reactions(failed: Failed) {
    let reaction = Failure::Error("reaction");
    let others: Vec<_> = [0, 1, 3].map(|n| (n, reaction.clone())).into();
    assert_eq!((failed.failures, failed.cancelled), (others, vec![]));
}

#[test]
fn the_first_error_is_the_cause_and_the_reactions_to_its_cancel_are_listed() {
    on_every_runtime(|| async {
        let failed = with_reactions(|| async { Err("broken") }).await;
        assert_eq!((&failed.cause, failed.end()), (&error(2, "broken"), End::Failed));
        check_reactions(failed);
    });
}

#[test]
fn a_panic_is_a_failure_and_cancels_the_rest() {
    on_every_runtime(|| async {
        let failed = with_reactions(|| async { panic!("broken {}", 2) }).await;
        assert_eq!((&failed.cause, failed.end()), (&panic(2, "broken 2"), End::Panicked));
        check_reactions(failed);
    });
}

#[test]
fn a_panic_of_the_closure_before_there_is_a_future_is_a_failure() {
    on_every_runtime(|| async {
        let mut group = Group::new(&CancellationToken::new());
        fn closure(_: CancellationToken) -> std::future::Ready<Result<u64, &'static str>> {
            panic!("no future")
        }
        group.spawn(closure).await.unwrap();
        assert_eq!(group.wait().await.unwrap_err().cause, panic(0, "no future"));
    });
}

#[test]
fn a_panic_of_a_destructor_is_a_failure() {
    on_every_runtime(|| async {
        let mut group = Group::new(&CancellationToken::new());
        let task = |_| async {
            let _bomb = Bomb;
            Ok(1)
        };
        group.spawn(task).await.unwrap();
        assert_eq!(group.wait().await.unwrap_err().cause, panic(0, "dropped"));
    });
}

#[test]
fn a_panic_of_a_closure_that_is_dropped_unstarted_is_listed() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token);
        let bomb = Bomb;
        let task = |_| async {
            let _bomb = bomb;
            Ok(1)
        };
        group.spawn(task).await.unwrap();
        token.cancel();
        let failed = group.wait().await.unwrap_err();
        assert_eq!(failed.cause, Cause::Cancelled);
        assert_eq!(failed.failures, [(0, Failure::Panic("dropped".into()))]);
    });
}

#[test]
fn a_failure_after_the_callers_cancel_is_listed_and_is_not_the_cause() {
    on_every_runtime(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token);
        let together = Arc::new(Barrier::new(3));
        for n in 0..2 {
            let together = together.clone();
            let task = move |token: CancellationToken| async move {
                together.wait().await;
                token.cancelled().await;
                assert!(n != 1, "reaction");
                Err("reaction")
            };
            group.spawn(task).await.unwrap();
        }
        together.wait().await;
        token.cancel();
        let failed = group.wait().await.unwrap_err();
        assert_eq!((&failed.cause, failed.end()), (&Cause::Cancelled, End::Cancelled));
        let [first, second] = [Failure::Error("reaction"), Failure::Panic("reaction".into())];
        assert_eq!(failed.failures, [(0, first), (1, second)]);
    });
}

#[test]
fn an_error_recorded_before_the_callers_cancel_stays_the_cause() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut group = Group::new(&token);
        group.spawn(|_| async { Err("broken") }).await.unwrap();
        settle().await;
        token.cancel();
        assert_eq!(group.wait().await.unwrap_err().cause, error(0, "broken"));
    });
}

#[test]
fn the_siblings_are_cancelled_though_the_owner_neither_spawns_nor_waits() {
    on_one_thread(|| async {
        let mut group = Group::new(&CancellationToken::new());
        let (tell, told) = tokio::sync::oneshot::channel();
        let task = |token: CancellationToken| async move {
            token.cancelled().await;
            tell.send(()).unwrap();
            Ok(0)
        };
        group.spawn(task).await.unwrap();
        group.spawn(|_| async { Err("broken") }).await.unwrap();
        told.await.unwrap();
        assert_eq!(group.wait().await.unwrap_err().cause, error(1, "broken"));
    });
}

#[test]
fn a_failure_keeps_the_results_that_there_are_in_spawn_order() {
    on_one_thread(|| async {
        let mut group = Group::new(&CancellationToken::new());
        for n in 0..5 {
            let task = move |token: CancellationToken| async move {
                match n {
                    2 => settle().await,
                    // Ends after the failure, with a result all the same.
                    0 => token.cancelled().await,
                    _ => {}
                }
                if n == 2 { Err("broken") } else { Ok(n) }
            };
            group.spawn(task).await.unwrap();
        }
        let failed = group.wait().await.unwrap_err();
        assert_eq!(failed.results, [(0, 0), (1, 1), (3, 3), (4, 4)]);
        assert_eq!((failed.cause.clone(), failed.spawned()), (error(2, "broken"), 5));
    });
}

#[derive(Clone, Debug, PartialEq)]
struct Broken(u8);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken {}", self.0)
    }
}

impl Error for Broken {}

#[test]
fn the_error_names_the_task_and_its_source_is_the_tasks_error() {
    on_one_thread(|| async {
        let token = CancellationToken::new();
        let mut group = ErrGroup::<(), Broken>::new(&token);
        group.spawn(|_| async { Ok(()) }).await.unwrap();
        group.spawn(|_| async { Err(Broken(9)) }).await.unwrap();
        let failed = group.wait().await.unwrap_err();
        assert_eq!(failed.to_string(), "task 1 failed");
        assert_eq!(failed.source().unwrap().downcast_ref(), Some(&Broken(9)));

        let mut group = ErrGroup::<(), Broken>::new(&token);
        group.spawn(|_| async { panic!("oh") }).await.unwrap();
        let failed = group.wait().await.unwrap_err();
        assert_eq!(failed.to_string(), "task 0 panicked: oh");
        assert!(failed.source().is_none());

        token.cancel();
        let failed = ErrGroup::<(), Broken>::new(&token).wait().await.unwrap_err();
        assert_eq!(failed.to_string(), "the group was cancelled");
        assert!(failed.source().is_none());
        assert_eq!(Failure::Error(Broken(3)).to_string(), "broken 3");
    });
}
