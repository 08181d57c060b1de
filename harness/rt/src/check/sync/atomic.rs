//! Atomics: those of std, wrapped.
//!
//! 1. Values are told as 64 bits, sign-extended.
//! 2. A read-modify-write is an `Rmw`, whose argument is its operand and whose outcome the value that it
//!    read; what it wrote follows as a `Wrote`, unless it wrote nothing.
//! 3. Where the engine has cells with a memory model, the value lives in one of those instead.
//! 4. `new` is not `const`, so an atomic in a `static` does not compile: it would be state that outlives
//!    an execution.

use crate::check::engine::{ObjectKind, OpKind, Outcome, Site, WeakCell};
use crate::check::object::Object;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location};
use std::sync::atomic as real;

pub use std::sync::atomic::Ordering;

/// The value as it is told to an engine, and back.
trait Bits: Copy {
    fn bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;
}

macro_rules! bits {
    ($($value:ty),*) => {$(
        impl Bits for $value {
            #[inline]
            fn bits(self) -> u64 {
                self as i64 as u64
            }

            #[inline]
            fn from_bits(bits: u64) -> Self {
                bits as Self
            }
        }
    )*};
}

bits!(i32, i64, u32, u64, usize);

impl Bits for bool {
    #[inline]
    fn bits(self) -> u64 {
        u64::from(self)
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        bits != 0
    }
}

/// The order of the load of an update that stores nothing.
fn on_failure(success: Ordering) -> Ordering {
    match success {
        Ordering::Release => Ordering::Relaxed,
        Ordering::AcqRel => Ordering::Acquire,
        other => other,
    }
}

fn read<T: Bits>(value: &T) -> Outcome {
    Outcome::Done(value.bits())
}

fn read_either<T: Bits>(result: &Result<T, T>) -> Outcome {
    let (Ok(value) | Err(value)) = result;
    read(value)
}

/// The engine's cell, where it has one.
type Weak = Option<AssertUnwindSafe<Box<dyn WeakCell>>>;

fn weak(object: &Object, initial: u64) -> Weak {
    Some(AssertUnwindSafe(object.engine()?.0.weak_cell(initial)?))
}

macro_rules! atomic {
    ($atomic:ident, $value:ty, $($fetch:ident: $next:expr, $doc:literal;)*) => {
        #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "`].")]
        pub struct $atomic {
            real: real::$atomic,
            weak: Weak,
            object: Object,
        }

        impl $atomic {
            /// A new one.
            #[track_caller]
            pub fn new(v: $value) -> Self {
                let object = Object::new(ObjectKind::Atomic);
                $atomic { real: real::$atomic::new(v), weak: weak(&object, v.bits()), object }
            }

            /// The value.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                let real = || match &self.weak {
                    None => self.real.load(order),
                    Some(cell) => Bits::from_bits(cell.load(order)),
                };
                self.object.op(OpKind::Load, 0, Location::caller(), real, read)
            }

            /// Stores `val`.
            #[track_caller]
            pub fn store(&self, val: $value, order: Ordering) {
                let real = || match &self.weak {
                    None => self.real.store(val, order),
                    Some(cell) => cell.store(val.bits(), order),
                };
                self.object.effect(OpKind::Store, val.bits(), Location::caller(), real);
            }

            /// Stores `val` and gives the old value.
            #[track_caller]
            pub fn swap(&self, val: $value, order: Ordering) -> $value {
                let real = |real: &real::$atomic| real.swap(val, order);
                self.rmw(val, order, Location::caller(), real, |_| val)
            }

            /// Stores `new` if the value is `current`.
            ///
            /// # Errors
            ///
            /// Gives the value if it is not.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let real = || match &self.weak {
                    None => self.real.compare_exchange(current, new, success, failure),
                    Some(cell) => {
                        let next = &mut |bits| (bits == current.bits()).then_some(new.bits());
                        let result = cell.update(success, failure, next);
                        result.map(Bits::from_bits).map_err(Bits::from_bits)
                    }
                };
                let site = Location::caller();
                let result = self.object.op(OpKind::Rmw, new.bits(), site, real, read_either);
                if result.is_ok() {
                    self.wrote(new, site);
                }
                result
            }

            /// The same. It never fails without cause here: that would be a choice of the machine,
            /// different each time the same schedule runs.
            ///
            /// # Errors
            ///
            /// Gives the value if it is not `current`.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            /// Stores what `f` gives for the value, if it gives anything, as one operation: `f` must
            /// only compute, and do no operation of its own.
            ///
            /// # Errors
            ///
            /// Gives the value if `f` gave nothing.
            #[track_caller]
            pub fn fetch_update<F>(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: F,
            ) -> Result<$value, $value>
            where
                F: FnMut($value) -> Option<$value>,
            {
                let operand = self.object.identity(&f);
                let mut wrote = None;
                let mut next = |old| {
                    wrote = f(old);
                    wrote
                };
                let real = || match &self.weak {
                    None => self.real.fetch_update(set_order, fetch_order, next),
                    Some(cell) => {
                        let next = &mut |bits| next(Bits::from_bits(bits)).map(Bits::bits);
                        let result = cell.update(set_order, fetch_order, next);
                        result.map(Bits::from_bits).map_err(Bits::from_bits)
                    }
                };
                let site = Location::caller();
                let result = self.object.op(OpKind::Rmw, operand, site, real, read_either);
                if let Some(new) = wrote {
                    self.wrote(new, site);
                }
                result
            }

            $(
                #[doc = $doc]
                #[track_caller]
                pub fn $fetch(&self, val: $value, order: Ordering) -> $value {
                    let real = |real: &real::$atomic| real.$fetch(val, order);
                    let next: fn($value, $value) -> $value = $next;
                    self.rmw(val, order, Location::caller(), real, |old| next(old, val))
                }
            )*

            /// The value. Nobody else has the atomic: no operation.
            pub fn into_inner(self) -> $value {
                match self.weak {
                    None => self.real.into_inner(),
                    Some(cell) => Bits::from_bits(cell.load(Ordering::Relaxed)),
                }
            }

            fn rmw(
                &self,
                operand: $value,
                order: Ordering,
                site: Site,
                real: impl FnOnce(&real::$atomic) -> $value,
                next: impl Fn($value) -> $value,
            ) -> $value {
                let real = || match &self.weak {
                    None => real(&self.real),
                    Some(cell) => {
                        let f = &mut |bits| Some(next(Bits::from_bits(bits)).bits());
                        let (Ok(old) | Err(old)) = cell.update(order, on_failure(order), f);
                        Bits::from_bits(old)
                    }
                };
                let old = self.object.op(OpKind::Rmw, operand.bits(), site, real, read);
                self.wrote(next(old), site);
                old
            }

            fn wrote(&self, new: $value, site: Site) {
                self.object.effect(OpKind::Wrote, new.bits(), site, || ());
            }
        }

        impl Default for $atomic {
            #[track_caller]
            fn default() -> Self {
                $atomic::new(<$value>::default())
            }
        }

        impl From<$value> for $atomic {
            #[track_caller]
            fn from(v: $value) -> Self {
                $atomic::new(v)
            }
        }

        impl fmt::Debug for $atomic {
            // Without its value: that would be a load that no engine sees.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($atomic)).finish_non_exhaustive()
            }
        }
    };
}

macro_rules! integers {
    ($($atomic:ident, $value:ty;)*) => {$(
        atomic! {
            $atomic, $value,
            fetch_add: <$value>::wrapping_add, "Adds, wrapping; gives the old value.";
            fetch_sub: <$value>::wrapping_sub, "Subtracts, wrapping; gives the old value.";
            fetch_and: |a, b| a & b, "Bitwise and; gives the old value.";
            fetch_or: |a, b| a | b, "Bitwise or; gives the old value.";
            fetch_xor: |a, b| a ^ b, "Bitwise exclusive or; gives the old value.";
            fetch_max: |a, b| a.max(b), "Maximum; gives the old value.";
            fetch_min: |a, b| a.min(b), "Minimum; gives the old value.";
        }
    )*};
}

atomic! {
    AtomicBool, bool,
    fetch_and: |a, b| a & b, "And; gives the old value.";
    fetch_or: |a, b| a | b, "Or; gives the old value.";
    fetch_xor: |a, b| a ^ b, "Exclusive or; gives the old value.";
}

integers! {
    AtomicI32, i32;
    AtomicI64, i64;
    AtomicU32, u32;
    AtomicU64, u64;
    AtomicUsize, usize;
}
