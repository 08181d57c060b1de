//! Programs on which a reduced search once reached other outcomes than plain search, or none at all. Each
//! is as small as it could be made; its name says what was wrong.

use crate::support::compare::difference;
use crate::support::program::Step::{self, *};
use crate::support::program::Verb::{self, *};
use crate::support::program::{Act, End, Kind, Program};

/// A verb that needs the sending side, or the only one.
fn tx(object: usize, verb: Verb) -> Act {
    Act { object, end: End::Tx, verb }
}

/// A verb that needs the receiving side.
fn rx(object: usize, verb: Verb) -> Act {
    Act { object, end: End::Rx, verb }
}

fn program(objects: &[Kind], tasks: &[&[Step]]) -> Program {
    Program {
        objects: objects.to_vec(),
        tasks: tasks.iter().map(|steps| steps.to_vec()).collect(),
        keep: true,
        identify: true,
        racing: false,
        by_poll: false,
        closures: false,
    }
}

#[track_caller]
fn agrees(program: Program) {
    if let Some(why) = difference(&program) {
        panic!("{why}\n{program:?}");
    }
}

#[test]
fn giving_way_is_no_observation_but_it_is_state() {
    agrees(program(&[Kind::Atomic], &[&[Yield], &[]]));
}

#[test]
fn a_notified_made_before_a_broadcast_is_not_one_made_after() {
    agrees(program(&[Kind::Notify], &[&[Do(tx(0, NotifyWaiters))], &[Do(tx(0, EnableFirst))]]));
}

#[test]
fn a_broadcast_leaves_the_stored_permit_to_others() {
    let one = [Do(tx(0, NotifyWaiters)), Do(tx(0, NotifyOne)), Do(tx(0, Notified))];
    let two = [Do(tx(0, NotifyWaiters)), Do(tx(0, NotifyWaiters)), Do(tx(0, Notified))];
    agrees(program(&[Kind::Notify], &[&one, &two]));
}

#[test]
fn two_notified_of_one_task_stand_in_the_queue_one_by_one() {
    let waits = [Biased(tx(0, Notified), tx(0, ListenFirst))];
    let wakes = [Do(tx(0, NotifyOne)), Do(tx(0, NotifyWaiters))];
    agrees(program(&[Kind::Notify], &[&waits, &wakes]));
}

#[test]
fn a_sleeper_keeps_its_object_from_one_execution_to_the_next() {
    let closes = [Do(tx(0, Len)), Select(rx(0, CloseRx), rx(1, CloseRx))];
    agrees(program(&[Kind::Mpmc(2), Kind::Mpmc(2)], &[&[], &[Once(rx(1, Recv))], &closes]));
}

#[test]
fn who_waits_first_for_a_lock_is_state() {
    let one = [Select(tx(0, Release), tx(0, Critical))];
    let other = [Select(tx(0, Acquire), tx(0, Critical))];
    agrees(program(&[Kind::RwLock], &[&[], &one, &other]));
}

#[test]
fn the_value_behind_a_lock_is_state() {
    for (kind, verb) in [
        (Kind::Blocking, LockTwice),
        (Kind::Mutex, Critical),
        (Kind::RwLock, Critical),
        (Kind::Mutex, Acquire),
    ] {
        let task = [Do(tx(0, verb))];
        agrees(program(&[kind], &[&task, &task]));
    }
}

#[test]
fn a_choice_at_the_grain_of_polls_is_not_the_poll_before_it() {
    for object in [Kind::Tracker, Kind::Notify] {
        let act = if object == Kind::Tracker { Track } else { ListenFirst };
        let task = [Select(tx(0, act), tx(0, if act == Track { Len } else { NotifyOne }))];
        agrees(Program { by_poll: true, ..program(&[object], &[&[], &task]) });
    }
}

#[test]
fn an_abort_comes_before_what_is_settled() {
    let spawns = [Spawn(tx(0, TrySend))];
    agrees(program(&[Kind::Unbounded], &[&[Do(rx(0, CloseRx))], &spawns]));
}

#[test]
fn two_acquires_of_one_task_are_told_apart_by_their_place() {
    let holds = [Do(tx(0, TryRead)), Do(tx(0, TryAcquire)), Do(tx(0, TryAcquire))];
    let waits = [Once(tx(0, Acquire)), Select(tx(0, Acquire), tx(0, Acquire))];
    agrees(Program { keep: false, ..program(&[Kind::RwLock], &[&holds, &waits]) });
}

#[test]
fn an_operation_that_panics_is_an_observation() {
    let receives = [Do(rx(0, TryRecv)), Do(rx(0, Recv))];
    agrees(program(&[Kind::Oneshot], &[&[Do(tx(0, Send))], &receives]));
}

#[test]
fn an_execution_that_is_cut_while_a_lock_is_held_can_be_wound_up() {
    let tasks: [&[Step]; 3] =
        [&[Do(tx(1, LockTwice))], &[Do(tx(0, ForgetFree))], &[Do(tx(1, Lock))]];
    agrees(program(&[Kind::Semaphore(2), Kind::Blocking], &tasks));
}

#[test]
fn branches_that_do_the_same_are_still_two_branches() {
    agrees(program(&[Kind::Blocking], &[&[Select(tx(0, Lock), tx(0, Lock))], &[]]));
}

#[test]
fn a_recv_many_takes_what_is_there() {
    let takes = [Do(tx(0, TrySend)), Do(rx(0, RecvMany))];
    agrees(program(&[Kind::Unbounded], &[&takes, &[Do(tx(0, TrySend))]]));
}

#[test]
fn where_a_join_is_in_its_order_is_state() {
    let joins = [Both(tx(0, ListenFirst), tx(0, Notified))];
    let tasks: [&[Step]; 3] = [&[Do(tx(0, Notified))], &joins, &[Do(tx(0, EnableFirst))]];
    agrees(program(&[Kind::Notify], &tasks));
}

#[test]
fn whoever_counts_tracked_tasks_notices_one_more() {
    let tracks = [AwaitOr(0, tx(0, Close)), Do(tx(0, Track))];
    agrees(program(&[Kind::Tracker], &[&[], &[Do(tx(0, Len))], &tracks]));
}

#[test]
fn a_wait_of_a_tracker_looks_at_it_when_it_is_made() {
    let waits = [Do(tx(1, NotifyOne)), Do(tx(0, Wait))];
    let reopens = [Do(tx(0, Close)), Do(tx(0, Reopen))];
    agrees(program(&[Kind::Tracker, Kind::Notify], &[&waits, &reopens]));
}

#[test]
fn a_slot_that_was_handed_over_before_the_close_is_still_in_hand() {
    let reserves = [Biased(tx(0, ReserveDrop), tx(0, TrySend)), Yield];
    let closes = [Do(rx(0, CloseRx)), Biased(rx(0, Recv), tx(0, ReserveSend))];
    let tasks: [&[Step]; 3] = [&reserves, &[Do(tx(0, Send))], &closes];
    agrees(Program { identify: false, ..program(&[Kind::Mpsc(1)], &tasks) });
}
