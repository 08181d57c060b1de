//! Numbers that can be worked out by hand: how many schedules there are, and which outcomes they reach.

use rt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use rt::sync::{Notify, mpsc};
use selvedge::{Check, Law, Record, Reductions, Report};
use selvedge_rt as rt;
use std::sync::Arc;

const NONE: Reductions = Reductions::NONE;
const MERGING: Reductions = Reductions { merging: true, fingerprints: true, ..NONE };
const SLEEP_SETS: Reductions = Reductions { sleep_sets: true, ..NONE };

/// Schedules of tasks that do so many operations each: the multinomial coefficient.
fn interleavings(operations: &[u64]) -> u64 {
    let choose = |n: u64, k: u64| (1..=k).fold(1, |c, i| c * (n - k + i) / i);
    let mut total = 0;
    operations.iter().map(|k| (total += k, choose(total, *k)).1).product()
}

/// A task that does nothing more and never ends, so that its end is no step either.
async fn for_ever() {
    selvedge::daemon();
    std::future::pending::<()>().await;
}

/// Starts one task for each number, which counts so many times on a cell: the cell that all share, or
/// its own. Each notes what it found. The root does nothing beside.
fn counters(operations: &'static [u64], shared: bool, reductions: Reductions) -> Report {
    Check::new("counters").unjoined().reductions(reductions).explore(move || async move {
        let notes = Record::new("found");
        let all = Arc::new(AtomicU64::new(0));
        for (t, count) in operations.iter().enumerate() {
            let cell = if shared { all.clone() } else { Arc::new(AtomicU64::new(0)) };
            let notes = notes.clone();
            drop(rt::spawn(async move {
                for _ in 0..*count {
                    notes.note((t, cell.fetch_add(1, SeqCst)));
                }
                for_ever().await;
            }));
        }
        for_ever().await;
    })
}

const SHAPES: [&[u64]; 8] =
    [&[1, 1], &[2, 2], &[3, 3], &[4, 4], &[4, 2], &[1, 1, 1], &[2, 2, 2], &[2, 1, 2, 1]];

#[test]
fn plain_search_makes_one_execution_for_each_interleaving() {
    assert_eq!(interleavings(&[4, 2]), 15);
    assert_eq!(interleavings(&[2, 2, 2]), 90);
    for shape in SHAPES {
        for shared in [true, false] {
            let report = counters(shape, shared, NONE);
            let made = (report.coverage.executions, report.coverage.ends);
            assert_eq!(made, (interleavings(shape), interleavings(shape)), "{shape:?}:\n{report}");
        }
    }
}

#[test]
fn the_end_of_each_task_is_one_step_more() {
    let report = Check::new("ends").unjoined().reductions(NONE).explore(|| async {
        let cell = Arc::new(AtomicU64::new(0));
        for _ in 0..2 {
            let cell = cell.clone();
            drop(rt::spawn(async move { cell.store(1, SeqCst) }));
        }
        for_ever().await;
    });
    assert_eq!(report.coverage.executions, interleavings(&[2, 2]), "{report}");
}

#[test]
fn a_root_that_joins_in_order_adds_only_where_it_waits() {
    // One task: a store and its end. The root: a poll that waits, or comes after the end. Before the
    // store, between the two, or after both; it is polled again right after the end.
    let report = Check::new("join").reductions(NONE).explore(|| async {
        let cell = Arc::new(AtomicU64::new(0));
        rt::spawn(async move { cell.store(1, SeqCst) }).await.unwrap();
    });
    assert_eq!(report.coverage.executions, 3, "{report}");
}

#[test]
fn every_interleaving_on_one_cell_is_an_outcome_of_its_own_under_every_reduction() {
    for shape in SHAPES {
        for reductions in [NONE, MERGING, SLEEP_SETS, Reductions::default()] {
            let report = counters(shape, true, reductions);
            let outcomes = report.outcomes.len() as u64;
            assert_eq!(outcomes, interleavings(shape), "{shape:?}, {reductions:?}:\n{report}");
        }
    }
}

#[test]
fn sleep_sets_leave_one_complete_schedule_of_independent_tasks() {
    for shape in SHAPES {
        let report = counters(shape, false, SLEEP_SETS);
        assert_eq!(report.coverage.ends, 1, "{shape:?}:\n{report}");
        assert_eq!(report.outcomes.len(), 1);
    }
}

#[test]
fn merging_leaves_one_state_for_each_position_of_independent_tasks() {
    // Each task stands before one of its operations or after the last; a state counts where at least two
    // tasks can still go on.
    let positions = |shape: &[u64]| {
        let all: u64 = shape.iter().map(|m| m + 1).product();
        let one_left: u64 = shape.iter().sum();
        all - one_left - 1
    };
    assert_eq!(positions(&[3, 3]), 9);
    for shape in SHAPES {
        let report = counters(shape, false, MERGING);
        assert_eq!(report.coverage.states, positions(shape), "{shape:?}:\n{report}");
        assert_eq!(report.outcomes.len(), 1);
    }
}

/// Two tasks add to a cell, read and write apart; the root looks at the sum.
fn lost_update(allowed: &'static [u64]) -> Report {
    Check::new("lost update").explore(move || async move {
        let cell = Arc::new(AtomicU64::new(0));
        let mut tasks = rt::task::JoinSet::new();
        for _ in 0..2 {
            let cell = cell.clone();
            tasks.spawn(async move {
                let old = cell.load(SeqCst);
                cell.store(old + 1, SeqCst);
            });
        }
        while tasks.join_next().await.is_some() {}
        let sum = cell.load(SeqCst);
        assert!(allowed.contains(&sum), "the sum is {sum}");
    })
}

#[test]
fn an_increment_in_two_operations_reaches_one_and_two_and_nothing_else() {
    lost_update(&[1, 2]).assert_proved();
    for missing in [&[1], &[2]] {
        lost_update(missing).assert_violates(Law::Panic);
    }
}

/// How many outcomes a scenario has, by what it notes; the same under every reduction.
#[track_caller]
fn outcomes<F>(root: impl Fn() -> F + Send + Sync + Clone + 'static) -> usize
where
    F: Future<Output = ()> + Send + 'static,
{
    let plain = Check::new("outcomes").reductions(NONE).explore(root.clone());
    let reduced = Check::new("outcomes").explore(root);
    plain.assert_proved();
    reduced.assert_proved();
    assert_eq!(plain.outcomes, reduced.outcomes);
    plain.outcomes.len()
}

#[test]
fn select_takes_every_ready_branch_and_biased_the_first() {
    let select = |biased: bool| {
        outcomes(move || async move {
            let taken = Record::new("taken");
            let ready: [Notify; 3] = std::array::from_fn(|_| Notify::new());
            ready.iter().for_each(Notify::notify_one);
            let [a, b, c] = &ready;
            let branch = if biased {
                rt::select! {
                    biased;
                    () = a.notified() => 0,
                    () = b.notified() => 1,
                    () = c.notified() => 2,
                }
            } else {
                rt::select! {
                    () = a.notified() => 0,
                    () = b.notified() => 1,
                    () = c.notified() => 2,
                }
            };
            taken.note(branch);
        })
    };
    assert_eq!(select(false), 3);
    assert_eq!(select(true), 1);
}

#[test]
fn a_join_set_gives_its_members_in_every_order() {
    let orders = outcomes(|| async {
        let order = Record::new("order");
        let mut tasks = rt::task::JoinSet::new();
        for t in 0..3 {
            tasks.spawn(async move { t });
        }
        let mut nth = 0;
        while let Some(ended) = tasks.join_next().await {
            order.note((nth, ended.unwrap()));
            nth += 1;
        }
    });
    assert_eq!(orders, 6);
}

#[test]
fn a_channel_keeps_the_order_of_each_sender_and_mixes_them_in_every_way() {
    let orders = outcomes(|| async {
        let order = Record::new("order");
        let (tx, mut rx) = mpsc::channel(1);
        let mut tasks = rt::task::JoinSet::new();
        for (t, count) in [(0, 2), (1, 1)] {
            let tx = tx.clone();
            tasks.spawn(async move {
                for i in 0..count {
                    tx.send((t, i)).await.unwrap();
                }
            });
        }
        drop(tx);
        let mut nth = 0;
        while let Some(item) = rx.recv().await {
            order.note((nth, item));
            nth += 1;
        }
        while tasks.join_next().await.is_some() {}
    });
    assert_eq!(orders as u64, interleavings(&[2, 1]));
}

#[test]
fn waiters_of_a_mutex_are_served_in_every_order_in_which_they_can_come() {
    let orders = outcomes(|| async {
        let order = Record::new("order");
        let turn = Arc::new(rt::sync::Mutex::new(0));
        let mut tasks = rt::task::JoinSet::new();
        for t in 0..3 {
            let (turn, order) = (turn.clone(), order.clone());
            tasks.spawn(async move {
                let mut turn = turn.lock().await;
                order.note((*turn, t));
                *turn += 1;
            });
        }
        while tasks.join_next().await.is_some() {}
    });
    assert_eq!(orders, 6);
}

#[test]
fn at_the_grain_of_polls_a_task_is_not_interrupted() {
    use selvedge::Grain;
    let at = |grain: Grain| {
        let check = Check::new("grain").unjoined().reductions(NONE).grain(grain);
        check.explore(|| async {
            let cell = Arc::new(AtomicU64::new(0));
            let notes = Record::new("found");
            for t in 0..2 {
                let (cell, notes) = (cell.clone(), notes.clone());
                drop(rt::spawn(async move {
                    notes.note((t, cell.fetch_add(1, SeqCst)));
                    notes.note((t, cell.fetch_add(1, SeqCst)));
                    for_ever().await;
                }));
            }
            for_ever().await;
        })
    };
    assert_eq!(at(Grain::Operation).outcomes.len() as u64, interleavings(&[2, 2]));
    assert_eq!(at(Grain::Poll).outcomes.len() as u64, interleavings(&[1, 1]));
    assert!(at(Grain::Poll).outcomes.is_subset(&at(Grain::Operation).outcomes));
}
