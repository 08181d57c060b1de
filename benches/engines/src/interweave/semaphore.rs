//! A semaphore, which interweave has not: a process that hands out permits.
//!
//! As with the lock, what comes back has a channel of its own, so asks and returns are in no order.

use interweave::{Receiver, Sender, World};

/// What one process has of a semaphore.
pub struct Semaphore {
    ask: Sender<Sender<()>>,
    grant: Sender<()>,
    granted: Receiver<()>,
    back: Sender<()>,
}

/// A semaphore for `N` processes, which acquire so many times together: one that waits for more when they
/// have ended would be a deadlock. So is a permit that does not come back.
pub fn semaphore<const N: usize>(
    world: &mut World<'_>,
    permits: usize,
    times: usize,
) -> [Semaphore; N] {
    let (ask, asked) = world.channel::<Sender<()>>("ask");
    let (back, returned) = world.channel("back");
    world.spawn("semaphore", async move {
        for turn in 0..times {
            if turn >= permits {
                returned.recv().await;
            }
            asked.recv().await.send(()).await;
        }
        for _ in 0..permits.min(times) {
            returned.recv().await;
        }
        Ok(())
    });
    [(); N].map(|()| {
        let (grant, granted) = world.channel("grant");
        Semaphore { ask: ask.clone(), grant, granted, back: back.clone() }
    })
}

impl Semaphore {
    /// Waits for a permit.
    pub async fn acquire(&self) {
        self.ask.send(self.grant.clone()).await;
        self.granted.recv().await;
    }

    /// Gives one back.
    pub async fn release(&self) {
        self.back.send(()).await;
    }
}
