//! What all engines run, by name.

/// Hands what all engines run to a macro, by the file that has it: bugs that every course has and a pool
/// that has none, then the wrong variants of each pattern, as the gallery has them.
macro_rules! scenarios {
    ($with:ident) => {
        $with! {
            basics: lost_update, ab_ba, lost_wakeup, pool_2x2;
            worker_pool: bare_result_send, coordinator_keeps_sender, every_worker_closes,
                first_worker_closes, guard_across_job, panic_kills_worker, whole_loop_cancelled,
                detached_workers, no_closed_check, unbounded_queue, clone_numbers_jobs;
            err_group: try_join_detaches, awaits_in_spawn_order, returns_before_drain, cancel_then_record,
                permit_by_hand, ignores_join_error, shared_push_as_index, told_before_stored,
                guard_over_await, permit_inside_task, outcomes_sender_kept, spawn_deaf_to_cancel;
            fan: bare_branch_send, round_robin_dispatch, sender_kept, ends_on_first_none, biased_merge,
                broadcast_not_compete, error_breaks_branch, opposite_locks, close_without_join;
            pipeline: no_cancel_on_recv, no_cancel_on_send, forgets_close, filter_returns, swallows_errors,
                cancelled_looks_complete, fresh_token_in_stage, unbounded_between_stages,
                generator_outlives_output, guard_over_send;
            rate_limit: sleep_per_worker, clone_copies_state, burst_after_idle, fixed_window,
                check_then_wait, commit_before_sleep, bare_result_send, parked_acquire, float_refill,
                acquire_ignores_cancel, timer_not_stopped, timer_kept, every_source_closes,
                two_limits_crossed;
            shutdown: returns_without_join, blocking_send, spins_on_error, no_deadline, break_before_drain,
                closed_check_not_atomic, owner_keeps_sender, second_signal_ignored,
                drained_before_registered, magic_queue_100, clone_has_own_tracker,
                registry_locked_over_drain;
        }
    };
}

/// A list of their names.
macro_rules! names {
    ($($file:ident: $($name:ident),+;)+) => {
        &[$($(concat!(stringify!($file), "/", stringify!($name))),+),+]
    };
}

/// A list of their names, each with the function of that name in the file.
macro_rules! functions {
    ($($file:ident: $($name:ident),+;)+) => {
        &[$($((concat!(stringify!($file), "/", stringify!($name)), $file::$name)),+),+]
    };
}

/// All of them.
pub const SCENARIOS: &[&str] = scenarios!(names);
/// The one without a bug.
pub const RIGHT: &str = "basics/pool_2x2";

/// What a list has under a name.
pub fn find<T: Copy>(all: &[(&str, T)], scenario: &str) -> T {
    let found = all.iter().find(|(name, _)| *name == scenario);
    found.unwrap_or_else(|| panic!("no scenario `{scenario}`; there are {SCENARIOS:?}")).1
}
