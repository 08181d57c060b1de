//! A bounded queue, which interweave has not: a process that serves who sends and who receives.
//!
//! 1. Who waits is served in the order of the asks.
//! 2. A wait hears the cancel where it says so, and then nothing has happened: no item is lost.
//! 3. A send is refused when the queue is closed or all receivers have left. A receiver gets what there
//!    is, and the end when the queue is closed or all senders have left.
//! 4. What Rust drops is left by hand, because leaving is a step. Whom the queue told that it is over has
//!    left. With the last one the process ends.
//! 5. It is an error to leave an item in it; for a sender to close it twice, or to send when one has
//!    closed it; and to put more into it than its mark.

use super::check;
use interweave::{ProcessResult, Receiver, Sender, World};
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::ops::Range;

/// Why an ask came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room, or no item, and the ask does not wait.
    NotNow,
    /// The cancel came.
    Cancelled,
    /// The queue is closed, or nobody is on the other side.
    Over,
}

/// The item that was sent or received.
type Reply<T> = Result<T, Refusal>;

/// How long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    Never,
    /// Until the cancel.
    UntilCancelled,
    /// As long as it takes.
    Forever,
}

/// What a port asks.
#[derive(Clone, Copy, Debug)]
pub enum Ask<T> {
    /// Takes an item in.
    Put(T, Wait),
    /// Gives one out.
    Take(Wait),
    /// Takes no more in.
    Close,
    /// The port is not used any more.
    Leave,
}

/// What the process hears.
#[derive(Debug)]
pub enum Letter<T> {
    /// An ask of a port.
    Ask(usize, Ask<T>),
    /// The cancel.
    Cancel,
}

/// What one process has of a queue.
#[derive(Debug)]
pub struct Port<T = u32> {
    place: usize,
    letters: Sender<Letter<T>>,
    replies: Receiver<Reply<T>>,
    over: Cell<bool>,
}

impl<T: Copy + Debug + 'static> Port<T> {
    /// Sends, and waits for room as long as it takes.
    pub async fn send(&self, item: T) -> Reply<T> {
        self.ask(Ask::Put(item, Wait::Forever)).await
    }

    /// Sends, and waits for room until the cancel.
    pub async fn send_or_cancel(&self, item: T) -> Reply<T> {
        self.ask(Ask::Put(item, Wait::UntilCancelled)).await
    }

    /// Sends where there is room.
    pub async fn try_send(&self, item: T) -> Reply<T> {
        self.ask(Ask::Put(item, Wait::Never)).await
    }

    /// Receives, and waits for an item as long as it takes.
    pub async fn recv(&self) -> Reply<T> {
        self.ask(Ask::Take(Wait::Forever)).await
    }

    /// Receives, and waits for an item until the cancel.
    pub async fn recv_or_cancel(&self) -> Reply<T> {
        self.ask(Ask::Take(Wait::UntilCancelled)).await
    }

    /// Receives to the end.
    pub async fn rest(&self) -> Vec<T> {
        let mut items = Vec::new();
        while let Ok(item) = self.recv().await {
            items.push(item);
        }
        items
    }

    /// Closes the queue. A receiver may still take what is in it; a sender has left with this.
    pub async fn close(&self) {
        self.letters.send(Letter::Ask(self.place, Ask::Close)).await;
    }

    /// Sends or receives no more.
    pub async fn leave(&self) {
        if !self.over.replace(true) {
            self.letters.send(Letter::Ask(self.place, Ask::Leave)).await;
        }
    }

    /// Where the queue hears the cancel.
    pub fn letters(&self) -> Sender<Letter<T>> {
        self.letters.clone()
    }

    async fn ask(&self, ask: Ask<T>) -> Reply<T> {
        if self.over.get() {
            return Err(Refusal::Over);
        }
        self.letters.send(Letter::Ask(self.place, ask)).await;
        let reply = self.replies.recv().await;
        self.over.set(matches!(reply, Err(Refusal::Over)));
        reply
    }
}

/// A queue, which its process serves once it is open.
pub struct Queue<T = u32> {
    items: VecDeque<T>,
    room: usize,
    mark: usize,
    /// How many items are in it at the end.
    stay: usize,
    endless: bool,
    before: Option<Sender<Letter<T>>>,
    replies: Vec<Sender<Reply<T>>>,
    senders: Range<usize>,
    receivers: Range<usize>,
    left: Vec<bool>,
    waiting: Vec<(usize, Ask<T>)>,
    cancelled: bool,
    closed: bool,
    closed_by_sender: bool,
}

/// A queue with room for so many items.
pub fn bounded<T: Copy + Debug + 'static>(room: usize) -> Queue<T> {
    Queue {
        items: VecDeque::new(),
        room,
        mark: usize::MAX,
        stay: 0,
        endless: false,
        before: None,
        replies: Vec::new(),
        senders: 0..0,
        receivers: 0..0,
        left: Vec::new(),
        waiting: Vec::new(),
        cancelled: false,
        closed: false,
        closed_by_sender: false,
    }
}

/// A queue with room for everything, where more than `mark` items are an error.
pub fn unbounded<T: Copy + Debug + 'static>(mark: usize) -> Queue<T> {
    Queue { mark, ..bounded(usize::MAX) }
}

impl<T: Copy + Debug + 'static> Queue<T> {
    /// With these items in it.
    pub fn holding(mut self, items: impl IntoIterator<Item = T>) -> Self {
        self.items.extend(items);
        self
    }

    /// What is in it now must be in it at the end.
    pub fn all_back(mut self) -> Self {
        self.stay = self.items.len();
        self
    }

    /// Its senders are elsewhere and do not leave: it has no end.
    pub fn endless(mut self) -> Self {
        self.endless = true;
        self
    }

    /// Cancels the queue of that port when all its own receivers have left.
    pub fn hanging_up(mut self, before: &Port<T>) -> Self {
        self.before = Some(before.letters());
        self
    }

    /// Opens it to `S` senders and `R` receivers.
    pub fn open<const S: usize, const R: usize>(
        self,
        world: &mut World<'_>,
    ) -> ([Port<T>; S], [Port<T>; R]) {
        let mut ports = self.serve(world, 0..S, S..S + R).into_iter();
        let mut next = |()| ports.next().expect("there are as many");
        ([(); S].map(&mut next), [(); R].map(next))
    }

    fn serve(
        mut self,
        world: &mut World<'_>,
        senders: Range<usize>,
        receivers: Range<usize>,
    ) -> Vec<Port<T>> {
        let (letters, heard) = world.channel("letters");
        let (replies, ports) = (0..receivers.end)
            .map(|place| {
                let (reply, replies) = world.channel("reply");
                (reply, Port { place, letters: letters.clone(), replies, over: Cell::new(false) })
            })
            .unzip();
        self.left = vec![false; receivers.end];
        (self.replies, self.senders, self.receivers) = (replies, senders, receivers);
        world.spawn("queue", self.run(heard));
        ports
    }

    async fn run(mut self, heard: Receiver<Letter<T>>) -> ProcessResult {
        while self.left.contains(&false) {
            match heard.recv().await {
                Letter::Cancel => self.cancelled = true,
                Letter::Ask(place, Ask::Leave) => self.left[place] = true,
                Letter::Ask(place, Ask::Close) => {
                    if self.senders.contains(&place) {
                        check(!self.closed_by_sender, "a sender closes what is closed")?;
                        self.closed_by_sender = true;
                        self.left[place] = true;
                    }
                    self.closed = true;
                }
                Letter::Ask(place, ask) => {
                    let late = self.closed_by_sender && matches!(ask, Ask::Put(..));
                    check(!late, "sent into what a sender has closed")?;
                    self.waiting.push((place, ask));
                }
            }
            while let Some((place, reply)) = self.next() {
                self.left[place] |= matches!(reply, Err(Refusal::Over));
                self.replies[place].send(reply).await;
            }
            check(self.items.len() <= self.mark, "more items than the mark")?;
            if self.all_left(&self.receivers)
                && let Some(before) = self.before.take()
            {
                before.send(Letter::Cancel).await;
            }
        }
        check(self.items.len() == self.stay, "an item is lost in the queue")
    }

    /// The first that waits and need not any more.
    fn next(&mut self) -> Option<(usize, Reply<T>)> {
        for turn in 0..self.waiting.len() {
            let (place, ask) = self.waiting[turn];
            if let Some(reply) = self.answer(ask) {
                self.waiting.remove(turn);
                return Some((place, reply));
            }
        }
        None
    }

    fn answer(&mut self, ask: Ask<T>) -> Option<Reply<T>> {
        let (Ask::Put(_, wait) | Ask::Take(wait)) = ask else { return None };
        if wait == Wait::UntilCancelled && self.cancelled {
            return Some(Err(Refusal::Cancelled));
        }
        let over = match ask {
            Ask::Put(item, _) => {
                let over = self.closed || self.all_left(&self.receivers);
                if !over && self.items.len() < self.room {
                    self.items.push_back(item);
                    return Some(Ok(item));
                }
                over
            }
            _ => {
                if let Some(item) = self.items.pop_front() {
                    return Some(Ok(item));
                }
                self.closed || !self.endless && self.all_left(&self.senders)
            }
        };
        match wait {
            _ if over => Some(Err(Refusal::Over)),
            Wait::Never => Some(Err(Refusal::NotNow)),
            _ => None,
        }
    }

    fn all_left(&self, side: &Range<usize>) -> bool {
        self.left[side.clone()].iter().all(|left| *left)
    }
}
