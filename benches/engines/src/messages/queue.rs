//! A bounded queue, which a thread of its own serves.
//!
//! 1. It ends when it is closed, or when its last sender is gone; what is in it can still be received.
//! 2. A cancel ends the waits that hear it, those to come too. The others wait on.
//! 3. Who waits is served in the order of coming, as soon as there is an item, room, or an end.

use std::collections::VecDeque;
use std::ops::Deref;
use traceforge::channel::{self, Builder};
use traceforge::loc::CommunicationModel::CausalOrder;
use traceforge::{select_msg_block, thread};

/// What it holds.
pub type Item = u32;

/// Why an item did not go in or come out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum No {
    /// It is full, or empty, and who asked would not wait.
    NotNow,
    Closed,
    Cancelled,
}

/// The item that went in or came out.
pub type Answer = Result<Item, No>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Send(Item),
    Receive,
    /// Is done when the queue is at its end.
    AwaitEnd,
    Close,
    /// Is done at once: whether it was cancelled.
    Look,
}

/// How long one waits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wait {
    Never,
    Deaf,
    UntilCancelled,
}

#[derive(Clone, Debug, PartialEq)]
struct Ask {
    op: Op,
    wait: Wait,
    reply: channel::Sender<Answer>,
}

#[derive(Clone, Debug, PartialEq)]
enum Message {
    Ask(Ask),
    Cancel,
    SenderMade,
    SenderGone,
}

/// The thread's own.
struct Server {
    items: VecDeque<Item>,
    capacity: usize,
    high_water: usize,
    senders: usize,
    closed: bool,
    cancelled: bool,
    waiting: VecDeque<Ask>,
}

impl Server {
    fn serve(mut self, messages: &channel::Receiver<Message>) {
        loop {
            match messages.recv_msg_block() {
                Message::Ask(ask) => self.waiting.push_back(ask),
                Message::Cancel => self.cancelled = true,
                Message::SenderMade => self.senders += 1,
                Message::SenderGone => {
                    self.senders -= 1;
                    self.closed |= self.senders == 0;
                }
            }
            self.answer_all();
        }
    }

    /// Answers all who need not wait any more. One answer may make way for another, before it too.
    fn answer_all(&mut self) {
        let mut place = 0;
        while let Some(ask) = self.waiting.remove(place) {
            match self.answer(&ask) {
                Some(answer) => {
                    ask.reply.send_msg(answer);
                    place = 0;
                }
                None => {
                    self.waiting.insert(place, ask);
                    place += 1;
                }
            }
        }
    }

    fn answer(&mut self, ask: &Ask) -> Option<Answer> {
        match ask.op {
            Op::Close if !self.closed => {
                self.closed = true;
                Some(Ok(0))
            }
            _ if self.cancelled && ask.wait == Wait::UntilCancelled => Some(Err(No::Cancelled)),
            Op::Look => Some(Ok(0)),
            Op::Send(item) if !self.closed && self.items.len() < self.capacity => {
                self.items.push_back(item);
                assert!(self.items.len() <= self.high_water, "the queue grows without a bound");
                Some(Ok(item))
            }
            Op::Receive if !self.items.is_empty() => self.items.pop_front().map(Ok),
            _ if self.closed => Some(Err(No::Closed)),
            _ if ask.wait == Wait::Never => Some(Err(No::NotNow)),
            _ => None,
        }
    }
}

/// What all can do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue(channel::Sender<Message>);

/// A handle that counts: the last one to go ends the queue. Not for a message, which is cloned in passing.
pub struct Sender(Queue);

/// A queue with room for so many items.
pub fn bounded(capacity: usize) -> (Sender, Queue) {
    watched(capacity, capacity)
}

/// The same, and a check that there are never more items in it than `high_water`.
pub fn watched(capacity: usize, high_water: usize) -> (Sender, Queue) {
    let queue = start([], capacity, high_water, 1);
    (Sender(queue.clone()), queue)
}

/// So many permits, some of which are there; it ends when it is closed.
pub fn permits(capacity: usize, there: usize) -> Queue {
    start((0..).take(there), capacity, capacity, 1)
}

/// A queue that has all its items, and ends after them.
pub fn filled(items: impl IntoIterator<Item = Item>) -> Queue {
    start(items, 0, 0, 0)
}

fn start(
    items: impl IntoIterator<Item = Item>,
    capacity: usize,
    high_water: usize,
    senders: usize,
) -> Queue {
    let (ask, messages) = Builder::new().build();
    let (items, waiting) = (items.into_iter().collect(), VecDeque::new());
    let (closed, cancelled) = (senders == 0, false);
    let server = Server { items, capacity, high_water, senders, closed, cancelled, waiting };
    thread::spawn_daemon(move || server.serve(&messages));
    Queue(ask)
}

impl Queue {
    fn ask(&self, op: Op, wait: Wait) -> channel::Receiver<Answer> {
        let (reply, answer) = Builder::new().build();
        self.0.send_msg(Message::Ask(Ask { op, wait, reply }));
        answer
    }

    /// Waits for room, through a cancel too.
    pub fn send(&self, item: Item) -> Answer {
        self.ask(Op::Send(item), Wait::Deaf).recv_msg_block()
    }

    pub fn send_or_cancel(&self, item: Item) -> Answer {
        self.ask(Op::Send(item), Wait::UntilCancelled).recv_msg_block()
    }

    pub fn try_send(&self, item: Item) -> Answer {
        self.ask(Op::Send(item), Wait::Never).recv_msg_block()
    }

    /// Sends where there is room, which nobody need wait for.
    pub fn give_back(&self, item: Item) {
        self.ask(Op::Send(item), Wait::Never);
    }

    /// Waits for an item, through a cancel too.
    pub fn recv(&self) -> Answer {
        self.ask_item().recv_msg_block()
    }

    pub fn recv_or_cancel(&self) -> Answer {
        self.ask(Op::Receive, Wait::UntilCancelled).recv_msg_block()
    }

    pub fn try_recv(&self) -> Answer {
        self.ask(Op::Receive, Wait::Never).recv_msg_block()
    }

    /// Asks for an item, and does not wait for the answer.
    pub fn ask_item(&self) -> channel::Receiver<Answer> {
        self.ask(Op::Receive, Wait::Deaf)
    }

    /// Is answered when the queue is closed.
    pub fn ask_end(&self) -> channel::Receiver<Answer> {
        self.ask(Op::AwaitEnd, Wait::Deaf)
    }

    /// Whether this is what closed it.
    pub fn close(&self) -> bool {
        self.ask(Op::Close, Wait::Deaf).recv_msg_block().is_ok()
    }

    /// Receives until the end; how many that were.
    pub fn drain(&self) -> usize {
        std::iter::from_fn(|| self.recv().ok()).count()
    }

    /// Takes out what is in it, without a wait; how many that were.
    pub fn take_left(&self) -> usize {
        std::iter::from_fn(|| self.try_recv().ok()).count()
    }

    pub fn cancel(&self) {
        self.0.send_msg(Message::Cancel);
    }

    pub fn is_cancelled(&self) -> bool {
        self.ask(Op::Look, Wait::UntilCancelled).recv_msg_block().is_err()
    }
}

impl Deref for Sender {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        &self.0
    }
}

impl Clone for Sender {
    fn clone(&self) -> Sender {
        self.0.0.send_msg(Message::SenderMade);
        Sender(self.0.clone())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // Not where TraceForge takes an execution down.
        if !std::thread::panicking() {
            self.0.0.send_msg(Message::SenderGone);
        }
    }
}

/// The first of two answers, and of which question it is.
pub fn first_of(a: &channel::Receiver<Answer>, b: &channel::Receiver<Answer>) -> (Answer, usize) {
    select_msg_block([a, b].iter(), CausalOrder)
}
