//! Atomics and cells that are set once, on both sides of the facade.

use super::{on_tokio, poll_once, send_sync, spawnable};
use selvedge_rt::sync::atomic::{
    AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
use selvedge_rt::sync::{OnceCell, SetError};
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

const SEQ: Ordering = Ordering::SeqCst;

macro_rules! integer {
    ($test:ident, $atomic:ident, $value:ty) => {
        #[test]
        fn $test() {
            let cell = $atomic::new(5);
            send_sync(&cell);
            cell.store(6, Ordering::Release);
            assert_eq!(cell.load(Ordering::Acquire), 6);
            assert_eq!(cell.swap(7, Ordering::AcqRel), 6);
            assert_eq!(cell.compare_exchange(7, 8, SEQ, SEQ), Ok(7));
            assert_eq!(cell.compare_exchange(7, 9, SEQ, SEQ), Err(8));
            while cell.compare_exchange_weak(8, 9, SEQ, Ordering::Relaxed).is_err() {}
            assert_eq!(cell.compare_exchange_weak(8, 1, SEQ, Ordering::Relaxed), Err(9));
            assert_eq!(cell.fetch_update(SEQ, SEQ, |v| Some(v + 1)), Ok(9));
            assert_eq!(cell.fetch_update(SEQ, SEQ, |_| None), Err(10));
            assert_eq!(cell.fetch_add(<$value>::MAX, SEQ), 10);
            assert_eq!(
                cell.fetch_sub(<$value>::MAX, SEQ),
                (10 as $value).wrapping_add(<$value>::MAX)
            );
            assert_eq!(cell.fetch_and(6, SEQ), 10);
            assert_eq!(cell.fetch_or(5, SEQ), 2);
            assert_eq!(cell.fetch_xor(1, SEQ), 7);
            assert_eq!(cell.fetch_max(9, SEQ), 6);
            assert_eq!(cell.fetch_min(3, SEQ), 9);
            assert_eq!(cell.into_inner(), 3);
            assert_eq!($atomic::default().into_inner() + $atomic::from(2).into_inner(), 2);
        }
    };
}

integer!(atomic_i32_does_what_stds_does, AtomicI32, i32);
integer!(atomic_i64_does_what_stds_does, AtomicI64, i64);
integer!(atomic_u32_does_what_stds_does, AtomicU32, u32);
integer!(atomic_u64_does_what_stds_does, AtomicU64, u64);
integer!(atomic_usize_does_what_stds_does, AtomicUsize, usize);

#[test]
fn atomic_bool_does_what_stds_does() {
    let cell = AtomicBool::new(false);
    cell.store(true, Ordering::Release);
    assert!(cell.load(Ordering::Acquire) && cell.swap(false, SEQ));
    assert_eq!(cell.compare_exchange(false, true, SEQ, SEQ), Ok(false));
    assert_eq!(cell.compare_exchange(false, true, SEQ, SEQ), Err(true));
    assert_eq!(cell.compare_exchange_weak(false, true, SEQ, SEQ), Err(true));
    assert_eq!(cell.fetch_update(SEQ, SEQ, |v| (!v).then_some(v)), Err(true));
    assert!(cell.fetch_and(false, SEQ));
    assert!(!cell.fetch_or(true, SEQ));
    assert!(cell.fetch_xor(true, SEQ));
    assert!(!cell.into_inner());
}

#[test]
fn once_cell_does_what_tokios_does() {
    on_tokio(async {
        let mut cell = OnceCell::<u32>::new();
        send_sync(&cell);
        assert!(cell.get().is_none() && !cell.initialized() && cell.get_mut().is_none());
        assert_eq!(spawnable(cell.get_or_try_init(|| ready(Err::<u32, _>("no")))).await, Err("no"));
        {
            let mut begun = pin!(spawnable(cell.get_or_init(pending)));
            assert!(poll_once(begun.as_mut()).is_pending());
            assert!(matches!(cell.set(1), Err(SetError::InitializingError(1))));
            let mut next = pin!(cell.get_or_init(|| ready(2)));
            assert!(poll_once(next.as_mut()).is_pending());
            begun.set(spawnable(cell.get_or_init(pending)));
            assert_eq!(poll_once(next), Poll::Ready(&2));
        }
        assert!(matches!(cell.set(3), Err(SetError::AlreadyInitializedError(3))));
        assert_eq!((cell.get(), cell.initialized()), (Some(&2), true));
        assert_eq!(cell.get_or_init(pending).await, &2);
        *cell.get_mut().unwrap() += 1;
        assert_eq!((cell.take(), cell.take()), (Some(3), None));
        cell.set(4).unwrap();
        assert_eq!(cell.into_inner(), Some(4));
        assert_eq!(OnceCell::from(5).into_inner(), OnceCell::new_with(Some(5)).into_inner());
        assert_eq!(OnceCell::<u32>::default().into_inner(), None);
    });
}

#[test]
fn once_cell_whose_initialiser_panics_is_left_to_the_next() {
    on_tokio(async {
        let cell = OnceCell::<u32>::new();
        let mut panics = Box::pin(cell.get_or_init(|| async { panic!("no value") }));
        let poll = || poll_once(panics.as_mut()).is_ready();
        assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
        drop(panics);
        assert_eq!(cell.get_or_init(|| ready(1)).await, &1);
    });
}

#[test]
fn unsafe_cell_is_read_and_written_in_closures() {
    let mut cell = selvedge_rt::cell::UnsafeCell::new(1);
    *cell.get_mut() += 1;
    // SAFETY: nobody else has the cell.
    cell.with_mut(|value| unsafe { *value += 1 });
    // SAFETY: nobody else has the cell.
    assert_eq!(cell.with(|value| unsafe { *value }), 3);
    assert_eq!(cell.into_inner(), 3);
    let text = selvedge_rt::cell::UnsafeCell::from(String::from("text"));
    assert_eq!(text.into_inner(), "text");
    assert_eq!(selvedge_rt::cell::UnsafeCell::<u8>::default().into_inner(), 0);
}
