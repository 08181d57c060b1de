//! A lock, which interweave has not: a process that lends a value to one after another.
//!
//! No `Object`, although that is what the trait is for: with one whose operations all conflict, the choice
//! that the trait takes for safe, 0.1.1 calls `ab_ba` right after one execution. Between two acquisitions is
//! always a release, so they never race directly, and a release cannot be swapped with what it allows. Where
//! only acquisitions conflict, `ab_ba` is found, but then releases are in no order with what waits for them.

use interweave::{Receiver, Sender, World};
use std::fmt::Debug;

/// What one process has of a lock.
pub struct Lock<T> {
    ask: Sender<Sender<T>>,
    lend: Sender<T>,
    lent: Receiver<T>,
    back: Sender<T>,
}

/// A lock for `N` processes, which take it so many times together: one that waits for more when they have
/// ended would be a deadlock.
///
/// The value comes back on a channel of its own. Among the requests its place would make a difference,
/// and so more executions, for nothing.
pub fn lock<T: Debug + 'static, const N: usize>(
    world: &mut World<'_>,
    mut value: T,
    times: usize,
) -> [Lock<T>; N] {
    let (ask, asked) = world.channel::<Sender<T>>("ask");
    let (back, returned) = world.channel("back");
    world.spawn("lock", async move {
        for _ in 0..times {
            asked.recv().await.send(value).await;
            value = returned.recv().await;
        }
        Ok(())
    });
    [(); N].map(|()| {
        let (lend, lent) = world.channel("lend");
        Lock { ask: ask.clone(), lend, lent, back: back.clone() }
    })
}

impl<T: Debug> Lock<T> {
    /// Waits for the value.
    pub async fn lock(&self) -> T {
        self.ask().await;
        self.answer().await
    }

    /// Asks for it, and takes a place among those that wait.
    pub async fn ask(&self) {
        self.ask.send(self.lend.clone()).await;
    }

    /// Waits for the answer, or for what else comes into the inbox.
    pub async fn answer(&self) -> T {
        self.lent.recv().await
    }

    /// Where the answer comes.
    pub fn inbox(&self) -> Sender<T> {
        self.lend.clone()
    }

    /// Gives it back.
    pub async fn unlock(&self, value: T) {
        self.back.send(value).await;
    }
}
