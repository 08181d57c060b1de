//! A cancel: a message to each queue whose waits it ends, and to each thread that listens.

use crate::messages::queue::Queue;
use traceforge::channel::{Builder, Receiver, Sender};

/// Tells those whom it knew when it was cloned.
#[derive(Clone, Default)]
pub struct Token {
    queues: Vec<Queue>,
    threads: Vec<Sender<()>>,
}

impl Token {
    pub fn over<'a>(queues: impl IntoIterator<Item = &'a Queue>) -> Token {
        Token { queues: queues.into_iter().cloned().collect(), threads: Vec::new() }
    }

    pub fn reach(&mut self, queue: &Queue) {
        self.queues.push(queue.clone());
    }

    /// Where one thread hears of it.
    pub fn listen(&mut self) -> Receiver<()> {
        let (tell, told) = Builder::new().build();
        self.threads.push(tell);
        told
    }

    pub fn cancel(&self) {
        for queue in &self.queues {
            queue.cancel();
        }
        for thread in &self.threads {
            thread.send_msg(());
        }
    }
}
