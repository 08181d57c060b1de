//! Panics of the code under test are data: caught by the facade, and kept off the terminal.

use std::cell::{Cell, RefCell};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics of this thread off the terminal, and remembers the last one, until dropped.
pub(crate) struct Quiet(bool);

pub(crate) fn quiet() -> Quiet {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if QUIET.try_with(Cell::get).unwrap_or(false) {
                let payload = info.payload();
                let owned = payload.downcast_ref::<String>().map(String::as_str);
                let message = payload.downcast_ref::<&str>().copied().or(owned);
                let message = message.unwrap_or("a value that is no string");
                let at = info.location().map(|l| format!(" at {}:{}", l.file(), l.line()));
                LAST.with(|last| {
                    *last.borrow_mut() = Some(format!("{message}{}", at.unwrap_or_default()))
                });
            } else {
                before(info);
            }
        }));
    });
    Quiet(QUIET.replace(true))
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}

/// The message of the last panic on this thread, with its place.
pub(crate) fn last() -> Option<String> {
    LAST.with(|last| last.borrow().clone())
}

/// Forgets it.
pub(crate) fn forget() {
    LAST.with(|last| last.borrow_mut().take());
}
