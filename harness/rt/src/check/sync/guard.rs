//! What every lock guard can do, beside letting go when it is dropped.

/// `Deref`, `Debug`, `Display` and, with `mut`, `DerefMut` of a guard with a field `real`.
macro_rules! guard {
    ($guard:ident <$($a:lifetime,)? T>) => {
        impl<T: ?Sized> Deref for $crate::check::sync::guard!(@type $guard $($a)?) {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.real
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $crate::check::sync::guard!(@type $guard $($a)?) {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, f)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display
            for $crate::check::sync::guard!(@type $guard $($a)?)
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&**self, f)
            }
        }
    };
    ($guard:ident <$($a:lifetime,)? T>, mut) => {
        $crate::check::sync::guard!($guard<$($a,)? T>);

        impl<T: ?Sized> DerefMut for $crate::check::sync::guard!(@type $guard $($a)?) {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                self.real.written();
                &mut self.real
            }
        }
    };
    (@type $guard:ident) => { $guard<T> };
    (@type $guard:ident $a:lifetime) => { $guard<'_, T> };
}

pub(crate) use guard;
