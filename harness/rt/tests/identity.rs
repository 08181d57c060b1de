//! Production pays nothing: every name of the facade *is* the real one, by type identity.
//!
//! The table below is compared with the names that `src/production.rs` re-exports, so that none can be
//! added there without being proved here.

#![cfg(not(feature = "check"))]

use std::any::TypeId;
use std::collections::BTreeSet;
use std::future::Ready;

/// Compiles only where both are the same function: each has a type of its own.
fn same_function<F>(_: F, _: F) {}

/// Rows `name [generics] = real`, checked one by one. Returns the names.
macro_rules! types {
    ($($($name:ident)::+ [$($arg:tt)*] = $($real:ident)::+;)*) => {
        vec![$({
            let name = [$(stringify!($name)),+].join("::");
            let ours = TypeId::of::<selvedge_rt::$($name)::+<$($arg)*>>();
            let real = TypeId::of::<$($real)::+<$($arg)*>>();
            assert_eq!(ours, real, "{name} is not {}", stringify!($($real)::+));
            name
        }),*]
    };
}

/// The same for functions, checked by the compiler.
macro_rules! functions {
    ($($($name:ident)::+ [$($arg:tt)*] = $($real:ident)::+;)*) => {
        vec![$({
            same_function(selvedge_rt::$($name)::+::<$($arg)*>, $($real)::+::<$($arg)*>);
            [$(stringify!($name)),+].join("::")
        }),*]
    };
}

#[rustfmt::skip]
fn proved_types() -> Vec<String> {
    types! {
        task::AbortHandle [] = tokio::task::AbortHandle;
        task::Id [] = tokio::task::Id;
        task::JoinError [] = tokio::task::JoinError;
        task::JoinHandle [u8] = tokio::task::JoinHandle;
        task::JoinSet [u8] = tokio::task::JoinSet;
        task::AbortOnDropHandle [u8] = tokio_util::task::AbortOnDropHandle;
        task::TaskTracker [] = tokio_util::task::TaskTracker;

        sync::AcquireError [] = tokio::sync::AcquireError;
        sync::Barrier [] = tokio::sync::Barrier;
        sync::BarrierWaitResult [] = tokio::sync::BarrierWaitResult;
        sync::MappedMutexGuard ['static, u8] = tokio::sync::MappedMutexGuard;
        sync::Mutex [u8] = tokio::sync::Mutex;
        sync::MutexGuard ['static, u8] = tokio::sync::MutexGuard;
        sync::Notify [] = tokio::sync::Notify;
        sync::OnceCell [u8] = tokio::sync::OnceCell;
        sync::OwnedMappedMutexGuard [u16, u8] = tokio::sync::OwnedMappedMutexGuard;
        sync::OwnedMutexGuard [u8] = tokio::sync::OwnedMutexGuard;
        sync::OwnedRwLockMappedWriteGuard [u16, u8] = tokio::sync::OwnedRwLockMappedWriteGuard;
        sync::OwnedRwLockReadGuard [u16, u8] = tokio::sync::OwnedRwLockReadGuard;
        sync::OwnedRwLockWriteGuard [u8] = tokio::sync::OwnedRwLockWriteGuard;
        sync::OwnedSemaphorePermit [] = tokio::sync::OwnedSemaphorePermit;
        sync::RwLock [u8] = tokio::sync::RwLock;
        sync::RwLockMappedWriteGuard ['static, u8] = tokio::sync::RwLockMappedWriteGuard;
        sync::RwLockReadGuard ['static, u8] = tokio::sync::RwLockReadGuard;
        sync::RwLockWriteGuard ['static, u8] = tokio::sync::RwLockWriteGuard;
        sync::Semaphore [] = tokio::sync::Semaphore;
        sync::SemaphorePermit ['static] = tokio::sync::SemaphorePermit;
        sync::SetError [u8] = tokio::sync::SetError;
        sync::TryAcquireError [] = tokio::sync::TryAcquireError;
        sync::TryLockError [] = tokio::sync::TryLockError;
        sync::futures::Notified ['static] = tokio::sync::futures::Notified;
        sync::futures::OwnedNotified [] = tokio::sync::futures::OwnedNotified;
        sync::CancellationToken [] = tokio_util::sync::CancellationToken;
        sync::DropGuard [] = tokio_util::sync::DropGuard;
        sync::WaitForCancellationFuture ['static] = tokio_util::sync::WaitForCancellationFuture;
        sync::WaitForCancellationFutureOwned [] = tokio_util::sync::WaitForCancellationFutureOwned;

        sync::broadcast::Receiver [u8] = tokio::sync::broadcast::Receiver;
        sync::broadcast::Sender [u8] = tokio::sync::broadcast::Sender;
        sync::broadcast::error::RecvError [] = tokio::sync::broadcast::error::RecvError;
        sync::broadcast::error::SendError [u8] = tokio::sync::broadcast::error::SendError;
        sync::broadcast::error::TryRecvError [] = tokio::sync::broadcast::error::TryRecvError;

        sync::mpsc::OwnedPermit [u8] = tokio::sync::mpsc::OwnedPermit;
        sync::mpsc::Permit ['static, u8] = tokio::sync::mpsc::Permit;
        sync::mpsc::Receiver [u8] = tokio::sync::mpsc::Receiver;
        sync::mpsc::Sender [u8] = tokio::sync::mpsc::Sender;
        sync::mpsc::UnboundedReceiver [u8] = tokio::sync::mpsc::UnboundedReceiver;
        sync::mpsc::UnboundedSender [u8] = tokio::sync::mpsc::UnboundedSender;
        sync::mpsc::error::SendError [u8] = tokio::sync::mpsc::error::SendError;
        sync::mpsc::error::TrySendError [u8] = tokio::sync::mpsc::error::TrySendError;
        sync::mpsc::error::TryRecvError [] = tokio::sync::mpsc::error::TryRecvError;

        sync::oneshot::Receiver [u8] = tokio::sync::oneshot::Receiver;
        sync::oneshot::Sender [u8] = tokio::sync::oneshot::Sender;
        sync::oneshot::error::RecvError [] = tokio::sync::oneshot::error::RecvError;
        sync::oneshot::error::TryRecvError [] = tokio::sync::oneshot::error::TryRecvError;

        sync::watch::Receiver [u8] = tokio::sync::watch::Receiver;
        sync::watch::Ref ['static, u8] = tokio::sync::watch::Ref;
        sync::watch::Sender [u8] = tokio::sync::watch::Sender;
        sync::watch::error::RecvError [] = tokio::sync::watch::error::RecvError;
        sync::watch::error::SendError [u8] = tokio::sync::watch::error::SendError;

        sync::atomic::AtomicBool [] = std::sync::atomic::AtomicBool;
        sync::atomic::AtomicI32 [] = std::sync::atomic::AtomicI32;
        sync::atomic::AtomicI64 [] = std::sync::atomic::AtomicI64;
        sync::atomic::AtomicU32 [] = std::sync::atomic::AtomicU32;
        sync::atomic::AtomicU64 [] = std::sync::atomic::AtomicU64;
        sync::atomic::AtomicUsize [] = std::sync::atomic::AtomicUsize;
        sync::atomic::Ordering [] = std::sync::atomic::Ordering;

        blocking::LockResult [u8] = std::sync::LockResult;
        blocking::Mutex [u8] = std::sync::Mutex;
        blocking::MutexGuard ['static, u8] = std::sync::MutexGuard;
        blocking::PoisonError [u8] = std::sync::PoisonError;

        async_channel::Receiver [u8] = async_channel::Receiver;
        async_channel::RecvError [] = async_channel::RecvError;
        async_channel::SendError [u8] = async_channel::SendError;
        async_channel::Sender [u8] = async_channel::Sender;
        async_channel::TryRecvError [] = async_channel::TryRecvError;
        async_channel::TrySendError [u8] = async_channel::TrySendError;

        tokio_stream::wrappers::BroadcastStream [u8] = tokio_stream::wrappers::BroadcastStream;
        tokio_stream::wrappers::IntervalStream [] = tokio_stream::wrappers::IntervalStream;
        tokio_stream::wrappers::ReceiverStream [u8] = tokio_stream::wrappers::ReceiverStream;
        tokio_stream::wrappers::UnboundedReceiverStream [u8] = tokio_stream::wrappers::UnboundedReceiverStream;
        tokio_stream::wrappers::WatchStream [u8] = tokio_stream::wrappers::WatchStream;
        tokio_stream::wrappers::errors::BroadcastStreamRecvError [] = tokio_stream::wrappers::errors::BroadcastStreamRecvError;

        time::Duration [] = std::time::Duration;
        time::Instant [] = tokio::time::Instant;
        time::Interval [] = tokio::time::Interval;
        time::MissedTickBehavior [] = tokio::time::MissedTickBehavior;
        time::Sleep [] = tokio::time::Sleep;
        time::Timeout [u8] = tokio::time::Timeout;
        time::error::Elapsed [] = tokio::time::error::Elapsed;
        time::error::Error [] = tokio::time::error::Error;
    }
}

#[rustfmt::skip]
fn proved_functions() -> Vec<String> {
    functions! {
        spawn [Ready<u8>] = tokio::spawn;
        task::id [] = tokio::task::id;
        task::spawn [Ready<u8>] = tokio::task::spawn;
        task::spawn_blocking [fn() -> u8, u8] = tokio::task::spawn_blocking;
        task::try_id [] = tokio::task::try_id;
        task::yield_now [] = tokio::task::yield_now;
        sync::broadcast::channel [u8] = tokio::sync::broadcast::channel;
        sync::mpsc::channel [u8] = tokio::sync::mpsc::channel;
        sync::mpsc::unbounded_channel [u8] = tokio::sync::mpsc::unbounded_channel;
        sync::oneshot::channel [u8] = tokio::sync::oneshot::channel;
        sync::watch::channel [u8] = tokio::sync::watch::channel;
        async_channel::bounded [u8] = async_channel::bounded;
        async_channel::unbounded [u8] = async_channel::unbounded;
        time::interval [] = tokio::time::interval;
        time::interval_at [] = tokio::time::interval_at;
        time::sleep [] = tokio::time::sleep;
        time::sleep_until [] = tokio::time::sleep_until;
        time::timeout [Ready<u8>] = tokio::time::timeout;
        time::timeout_at [Ready<u8>] = tokio::time::timeout_at;
    }
}

/// A re-exported name, and the real path behind it.
type Export = (String, String);

/// The `pub use` items of a file of nested modules.
fn exports(source: &str) -> Vec<Export> {
    let code: String = source.lines().filter(|line| !line.trim().starts_with("//")).collect();
    let (mut modules, mut exports) = (Vec::new(), Vec::new());
    let mut rest = code.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("pub mod ") {
            let (name, after) = after.split_once('{').expect("a module has a body");
            modules.push(name.trim());
            rest = after.trim();
        } else if let Some(after) = rest.strip_prefix('}') {
            modules.pop().expect("a brace closes a module");
            rest = after.trim();
        } else if let Some(after) = rest.strip_prefix("pub use ") {
            let (item, after) = after.split_once(';').expect("an item ends");
            let (path, names) = match item.split_once('{') {
                Some((path, names)) => (path, names.trim_end().trim_end_matches('}')),
                None => item.split_at(item.rfind("::").expect("a path") + 2),
            };
            for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let ours = modules.iter().copied().chain([name]).collect::<Vec<_>>().join("::");
                exports.push((ours, format!("{}{name}", path.trim_start_matches("::"))));
            }
            rest = after.trim();
        } else {
            panic!("production.rs holds something else than re-exports: {rest:.60}");
        }
    }
    assert!(modules.is_empty(), "every module is closed");
    exports
}

#[test]
fn every_name_of_the_facade_is_the_real_one() {
    let proved: Vec<_> = proved_types().into_iter().chain(proved_functions()).collect();
    let exports = exports(include_str!("../src/production.rs"));
    let macros = BTreeSet::from(["join", "pin", "select"]);
    let mut used = BTreeSet::new();
    for (name, real) in &exports {
        if macros.contains(name.as_str()) {
            // A macro has no type: that it is tokio's can only be read.
            assert_eq!(*real, format!("tokio::{name}"));
            continue;
        }
        // A module is proved by what is in it.
        let inside = format!("{name}::");
        let rows: Vec<_> =
            proved.iter().filter(|row| *row == name || row.starts_with(&inside)).collect();
        assert!(!rows.is_empty(), "`{name}` is re-exported but its identity is not proved here");
        used.extend(rows);
    }
    assert_eq!(used.len(), proved.len(), "each row proves a name that production.rs re-exports");
}

#[test]
fn the_macros_expand_to_tokios() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (selected, joined) = runtime.block_on(async {
        let one = async { 1 };
        selvedge_rt::pin!(one);
        let selected = selvedge_rt::select! { n = &mut one => n, else => 0 };
        (selected, selvedge_rt::join!(async { 2 }, async { 3 }))
    });
    assert_eq!((selected, joined), (1, (2, 3)));
}

#[test]
fn this_build_announces_nothing() {
    const { assert!(!selvedge_rt::CHECKED) }
}

#[test]
fn a_plain_item_and_a_nested_list_are_read_alike() {
    let source = "//! x\npub use a::b;\npub mod m {\n    pub use ::c::d::{E, f,\n    g};\n}\n";
    let expected = [("b", "a::b"), ("m::E", "c::d::E"), ("m::f", "c::d::f"), ("m::g", "c::d::g")];
    let read = exports(source);
    let read: Vec<_> = read.iter().map(|(ours, real)| (ours.as_str(), real.as_str())).collect();
    assert_eq!(read, expected);
}
