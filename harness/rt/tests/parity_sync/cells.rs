//! Atomics, on both sides of the facade.

use super::send_sync;
use selvedge_rt::sync::atomic::{
    AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

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
