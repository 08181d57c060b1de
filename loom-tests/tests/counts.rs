//! How much the search of the production pool takes, pinned: a change in a reduction, or in the
//! operations that the pool does, shows here first. Not a promise to anybody; renew the numbers when
//! they change for a reason, and say the reason.

use selvedge::{Check, Grain, Law, Record, Report};
use selvedge_loom_tests::scenario::{Scenario, shape};
use selvedge_loom_tests::scenarios;
use selvedge_rt as rt;

fn scenario(name: &str) -> Scenario {
    scenarios::all().into_iter().find(|s| s.name == name).expect("a scenario of that name")
}

fn counts(report: &Report) -> (u64, u64, u64) {
    report.assert_proved();
    let c = report.coverage;
    (c.executions, c.states, c.outcomes)
}

#[test]
fn operation_grain() {
    let pool = scenario("cancel_at_any_time_loses_nothing");
    let at = |w, j, b| counts(&pool.check().explore(pool.at(shape(w, j, b))));
    assert_eq!(at(1, 1, 1), (724, 1_176, 2));
    assert_eq!(at(2, 2, 2), (9_817, 14_197, 4));
}

#[test]
fn poll_grain() {
    let pool = scenario("cancel_at_any_time_loses_nothing");
    let at = |w, j, b| counts(&pool.check().grain(Grain::Poll).explore(pool.at(shape(w, j, b))));
    assert_eq!(at(2, 2, 2), (138, 81, 2));
    assert_eq!(at(3, 4, 2), (3_634, 1_689, 4));
}

/// The prototype's own pool, on the facade: what the design's table was measured with.
#[test]
fn the_prototypes_pool() {
    async fn pool(workers: usize, jobs: u64, buffer: usize) {
        let (submit, queue) = rt::async_channel::bounded::<u64>(buffer);
        let (deliver, results) = rt::async_channel::bounded::<u64>(buffer);
        let token = rt::sync::CancellationToken::new();
        let (did, got) = (Record::new("did"), Record::new("got"));
        let mut pool = rt::task::JoinSet::new();
        for _ in 0..workers {
            let (queue, deliver, token, did) =
                (queue.clone(), deliver.clone(), token.clone(), did.clone());
            pool.spawn(async move {
                loop {
                    let job = rt::select! {
                        biased;
                        () = token.cancelled() => return,
                        job = queue.recv() => match job {
                            Ok(job) => job,
                            Err(_) => return,
                        },
                    };
                    did.note(job);
                    rt::select! {
                        biased;
                        () = token.cancelled() => return,
                        sent = deliver.send(job * job) => if sent.is_err() { return },
                    }
                }
            });
        }
        drop((deliver, queue));
        for job in 0..jobs {
            submit.send(job).await.expect("the workers take jobs");
        }
        drop(submit);
        token.cancel();
        while let Ok(result) = results.recv().await {
            got.note(result);
        }
        while pool.join_next().await.is_some() {}
    }
    let check = |w, j, b| {
        let check = Check::new("prototype").equal_tasks().identify::<u64>();
        // It loses results at cancel by design: it was written to be counted, not to be right.
        let check = check.waive(Law::LostItem, "the prototype drops what it cannot send");
        counts(&check.explore(move || pool(w, j, b)))
    };
    assert_eq!(check(1, 1, 1), (33, 49, 3));
    assert_eq!(check(2, 2, 2), (1_186, 1_891, 7));
}
