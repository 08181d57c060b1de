//! A cancellation token: a cell to look at, and queues and processes that are told.

use super::queue::{Letter, Port};
use interweave::{Atomic, Receiver, Sender, World};

/// What a process cancels with.
#[derive(Clone)]
pub struct Token {
    cancelled: Atomic<bool>,
    queues: Vec<Sender<Letter<u32>>>,
    listeners: Vec<Sender<()>>,
}

impl Token {
    /// A token of which the waits in these ports' queues hear.
    pub fn new<const N: usize>(world: &mut World<'_>, ports: [&Port; N]) -> Self {
        let cancelled = world.atomic("cancelled", false);
        let queues = ports.map(Port::letters).into();
        Token { cancelled, queues, listeners: Vec::new() }
    }

    /// Where one process hears; to be made before the token is cloned.
    pub fn listener(&mut self, world: &mut World<'_>) -> Receiver<()> {
        let (tell, told) = world.channel("cancelled");
        self.listeners.push(tell);
        told
    }

    /// Cancels. Only the first time counts.
    pub async fn cancel(&self) {
        if self.cancelled.store(true).await {
            return;
        }
        for queue in &self.queues {
            queue.send(Letter::Cancel).await;
        }
        for listener in &self.listeners {
            listener.send(()).await;
        }
    }

    /// Whether it is cancelled.
    pub async fn is_cancelled(&self) -> bool {
        self.cancelled.load().await
    }
}
