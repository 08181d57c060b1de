//! What every lock guard can do, beside letting go when it is dropped.

/// `Deref`, `Debug`, `Display` and, with `mut`, `DerefMut` of a guard with a field `real`.
macro_rules! guard {
    ($guard:ident <$a:lifetime, T> $(, $mut:tt)?) => {
        $crate::check::sync::guard!(@impl [T: ?Sized] $guard<'_, T>, T $(, $mut)?);
    };
    ($guard:ident <T> $(, $mut:tt)?) => {
        $crate::check::sync::guard!(@impl [T: ?Sized] $guard<T>, T $(, $mut)?);
    };
    ($guard:ident <T, U> $(, $mut:tt)?) => {
        $crate::check::sync::guard!(@impl [T: ?Sized, U: ?Sized] $guard<T, U>, U $(, $mut)?);
    };
    (@impl [$($generics:tt)*] $guard:ty, $target:ty, mut) => {
        $crate::check::sync::guard!(@impl [$($generics)*] $guard, $target);

        impl<$($generics)*> DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut $target {
                self.real.written();
                &mut self.real
            }
        }
    };
    (@impl [$($generics:tt)*] $guard:ty, $target:ty) => {
        impl<$($generics)*> Deref for $guard {
            type Target = $target;

            #[inline]
            fn deref(&self) -> &$target {
                &self.real
            }
        }

        impl<$($generics)*> fmt::Debug for $guard
        where
            $target: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, f)
            }
        }

        impl<$($generics)*> fmt::Display for $guard
        where
            $target: fmt::Display,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&**self, f)
            }
        }
    };
}

/// `map` and `try_map` of a guard that sees `$from`, to one that sees `$to`: the same lock, held on. `$own`
/// are the other fields of the guard, `$kept` those of them that the new one has; `$f` are the generics of the
/// two, as tokio has them.
macro_rules! map {
    (
        [$($generics:tt)*] $guard:ident [$($args:tt)*] sees $from:ident { $($own:ident)? }
        => [$($f:tt)*] $mapped:ident [$($to_args:tt)*] sees $to:ident { $($kept:ident)? } $($mut:tt)?
    ) => {
        impl<$($generics)*> $guard<$($args)*> {
            /// A guard of the part that `f` gives, which holds the lock on.
            pub fn map<$($f)*>(this: Self, f: F) -> $mapped<$($to_args)*>
            where
                F: FnOnce($crate::check::sync::map!(@ref $from $($mut)?))
                    -> $crate::check::sync::map!(@ref $to $($mut)?),
            {
                let real = this.real.map(|real| real::$guard::map(real, f));
                $mapped { real, $($kept: this.$kept)? }
            }

            /// A guard of the part that `f` gives, if it gives one.
            ///
            /// # Errors
            ///
            /// Gives this guard back if it gives none.
            pub fn try_map<$($f)*>(this: Self, f: F) -> Result<$mapped<$($to_args)*>, Self>
            where
                F: FnOnce($crate::check::sync::map!(@ref $from $($mut)?))
                    -> Option<$crate::check::sync::map!(@ref $to $($mut)?)>,
            {
                match this.real.try_map(|real| real::$guard::try_map(real, f)) {
                    Ok(real) => Ok($mapped { real, $($kept: this.$kept)? }),
                    Err(real) => Err($guard { real, $($own: this.$own)? }),
                }
            }
        }
    };
    (@ref $target:ident) => { &$target };
    (@ref $target:ident mut) => { &mut $target };
}

pub(crate) use guard;
pub(crate) use map;
