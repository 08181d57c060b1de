//! Signals: the real ones, but under an engine there are none.

#![cfg(all(unix, feature = "signal"))]

/// Compiles only where both are the same function: each has a type of its own.
#[cfg(not(feature = "check"))]
fn same_function<F>(_: F, _: F) {}

#[cfg(not(feature = "check"))]
#[test]
fn every_name_of_the_facade_is_the_real_one() {
    use std::any::TypeId;
    use {selvedge_rt::signal as ours, tokio::signal as real};
    same_function(ours::ctrl_c, real::ctrl_c);
    same_function(ours::unix::signal, real::unix::signal);
    assert_eq!(TypeId::of::<ours::unix::Signal>(), TypeId::of::<real::unix::Signal>());
    assert_eq!(TypeId::of::<ours::unix::SignalKind>(), TypeId::of::<real::unix::SignalKind>());
}

#[test]
fn with_no_engine_running_a_listener_is_the_real_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _in_runtime = runtime.enter();
    let listens =
        selvedge_rt::signal::unix::signal(tokio::signal::unix::SignalKind::window_change());
    assert!(listens.is_ok());
}
