//! What is read from a cell is an observation, whatever is written after it.

use super::check;
use rt::cell::UnsafeCell;
use rt::sync::{Notify, Semaphore};
use selvedge_rt as rt;
use std::sync::Arc;

/// A number that is only touched by who has the one permit. (Of a lock it would be seen whether anybody had it
/// before.)
struct Number {
    turn: Semaphore,
    value: UnsafeCell<u64>,
}

// SAFETY: whoever touches the value has the permit.
unsafe impl Sync for Number {}

impl Number {
    async fn set(&self, value: u64) {
        let _turn = self.turn.acquire().await;
        // SAFETY: with the permit.
        self.value.with_mut(|number| unsafe { *number = value });
    }

    async fn get(&self) -> u64 {
        let _turn = self.turn.acquire().await;
        // SAFETY: with the permit.
        self.value.with(|number| unsafe { *number })
    }
}

#[test]
fn value_that_was_read_is_known_when_it_is_overwritten() {
    check(&[0, 1, 2], |seen| async move {
        let number = Arc::new(Number { turn: Semaphore::new(1), value: 0.into() });
        let overwritten = Arc::new(Notify::new());
        let written = number.clone();
        let writer = rt::spawn(async move { written.set(1).await });
        let (theirs, told) = (number.clone(), overwritten.clone());
        let reader = rt::spawn(async move {
            let value = theirs.get().await;
            told.notified().await;
            seen.note(value);
        });
        writer.await.unwrap();
        // Alike for who has read 0 and who has read 1.
        number.set(2).await;
        overwritten.notify_one();
        reader.await.unwrap();
    });
}
