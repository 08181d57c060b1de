//! Tasks and guards under labels: waited for, aborted, and listed under how each ended.
//!
//! 1. What was admitted is in the [`Account`] once, or among the [`leaked`](Crew::leaked).
//! 2. Each tells its own end through one channel, and a task only when its future is gone; so it is known
//!    whose end it is in any case, an abort too. A set of join handles would not say, and costs an
//!    allocation and two turns of a lock for each task.
//! 3. Told is not yet gone: the task itself is still to return to its runtime. So the handles of such are
//!    kept until they have.
//! 4. A panic is data, in the task's future and in the destructor that an abort runs.

use super::report::{Account, BoxError, TaskOutput};
use crate::panic::{Caught, catch};
use pin_project_lite::pin_project;
use rt::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use rt::task::JoinHandle;
use selvedge_rt as rt;
use slab::Slab;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// What was admitted, and the account of what has ended.
pub(super) struct Crew<L> {
    /// By number: labels, and the handles of tasks. A number is given again once its end was read.
    live: Slab<(L, Option<JoinHandle<()>>)>,
    /// Tasks that have told their end, and may not have returned.
    returning: Vec<JoinHandle<()>>,
    /// As many messages as are live, at most: each sends one, and they are read whenever one more comes.
    ended: UnboundedReceiver<(usize, Outcome)>,
    ends: Ends,
    aborting: bool,
    account: Account<L>,
}

/// Where ends are told. Shared, because to clone the sender itself is to count one more of them.
type Ends = Arc<UnboundedSender<(usize, Outcome)>>;

/// How one came to its end.
enum Outcome {
    Returned,
    Failed(BoxError),
    Panicked(String),
    /// Dropped at an await.
    Aborted,
    /// The end of a guard.
    Released,
}

/// The duty to tell one end.
pub(super) struct Ticket {
    number: usize,
    ends: Ends,
}

impl Ticket {
    fn tell(&self, outcome: Outcome) {
        // Refused where it has leaked, or the shutdown was dropped: nobody waits for it.
        let _ = self.ends.send((self.number, outcome));
    }

    /// Gives a guard back.
    pub(super) fn release(&self) {
        self.tell(Outcome::Released);
    }
}

impl<L> Crew<L> {
    pub(super) fn new() -> Self {
        let (ends, ended) = unbounded_channel();
        Crew {
            live: Slab::new(),
            returning: Vec::new(),
            ended,
            ends: Arc::new(ends),
            aborting: false,
            account: Account::default(),
        }
    }

    /// How many have not told their end, or it was not read.
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    /// Admits a guard, to be [released](Ticket::release) once.
    pub(super) fn guard(&mut self, label: L) -> Ticket {
        self.reap();
        Ticket { number: self.live.insert((label, None)), ends: self.ends.clone() }
    }

    /// Starts a task.
    pub(super) fn spawn<F>(&mut self, label: L, future: F)
    where
        F: Future + Send + 'static,
        F::Output: TaskOutput,
    {
        self.reap();
        // Listed first: where there is no runtime, its work is dropped here, and says so.
        let ticket = Ticket { number: self.live.insert((label, None)), ends: self.ends.clone() };
        let number = ticket.number;
        self.live[number].1 = Some(rt::spawn(Work { future: Caught::new(future), ticket }));
    }

    /// Books what has ended by now, so that it takes no memory.
    fn reap(&mut self) {
        while !self.live.is_empty()
            && let Ok((number, outcome)) = self.ended.try_recv()
        {
            self.book(number, outcome);
        }
        self.returning.retain(|task| !task.is_finished());
    }

    /// Waits for the end of one, and books it; `false` where none is left, and every task is gone.
    ///
    /// Cancel safe: dropped early, no end was taken.
    pub(super) async fn join_next(&mut self) -> bool {
        if !self.live.is_empty() {
            let (number, outcome) = self.ended.recv().await.expect("this holds a sender");
            self.book(number, outcome);
            return true;
        }
        while let Some(task) = self.returning.last_mut() {
            // Told already, if it was aborted.
            let _ = task.await;
            self.returning.pop();
        }
        false
    }

    /// Waits until everything is gone. Cancel safe: what was accounted for stays so.
    pub(super) async fn drain(&mut self) {
        while self.join_next().await {}
    }

    fn book(&mut self, number: usize, outcome: Outcome) {
        let (label, task) = self.live.remove(number);
        self.returning.extend(task.filter(|task| !task.is_finished()));
        match outcome {
            Outcome::Returned => self.account.drained += 1,
            Outcome::Failed(error) => self.account.failed.push((label, error)),
            Outcome::Panicked(message) => self.account.panicked.push((label, message)),
            // What a guard stood for may be done or cut short, and nobody can tell: the list is the safe
            // side.
            Outcome::Released if !self.aborting => self.account.drained += 1,
            Outcome::Released | Outcome::Aborted => self.account.aborted.push(label),
        }
    }

    /// Asks every task to end at its next await. Guards know from their token.
    pub(super) fn abort(&mut self) {
        // Guards that came back before are no victims of the abort.
        self.reap();
        self.aborting = true;
        self.live.iter().filter_map(|(_, (_, task))| task.as_ref()).for_each(JoinHandle::abort);
    }

    /// After an abort and a wait: what is still there. It is let go.
    pub(super) fn leaked(&mut self) -> Vec<L> {
        self.close();
        std::mem::take(&mut self.live).into_iter().map(|(_, (label, _))| label).collect()
    }

    /// The account, when nothing is left but what leaked.
    pub(super) fn settle(&mut self) -> Account<L> {
        std::mem::take(&mut self.account)
    }

    /// Takes no more ends, after those that were told by now.
    fn close(&mut self) {
        if !self.live.is_empty() {
            // Closed first: whoever ends from now on finds that out, and is in no buffer.
            self.ended.close();
            self.reap();
        }
    }
}

impl<L> Drop for Crew<L> {
    fn drop(&mut self) {
        self.abort();
        self.close();
    }
}

pin_project! {
    /// The future of one task.
    struct Work<F> {
        #[pin]
        future: Caught<F>,
        ticket: Ticket,
    }

    impl<F> PinnedDrop for Work<F> {
        fn drop(this: Pin<&mut Self>) {
            if !this.future.is_over() {
                let this = this.project();
                this.ticket.tell(match this.future.discard() {
                    Ok(()) => Outcome::Aborted,
                    Err(message) => Outcome::Panicked(message),
                });
            }
        }
    }
}

impl<F> Future for Work<F>
where
    F: Future,
    F::Output: TaskOutput,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let ended = ready!(this.future.poll(cx)).and_then(|output| catch(|| output.error()));
        this.ticket.tell(match ended {
            Ok(None) => Outcome::Returned,
            Ok(Some(error)) => Outcome::Failed(error),
            Err(message) => Outcome::Panicked(message),
        });
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_takes_no_room_however_much_is_admitted() {
        tokio_test::block_on(async {
            let mut crew = Crew::new();
            for n in 0..1000 {
                crew.spawn(n, async {});
                rt::task::yield_now().await;
                crew.guard(n).release();
            }
            assert!(crew.live.capacity() < 10 && crew.returning.capacity() < 10);
            crew.drain().await;
            assert_eq!(crew.settle().drained, 2000);
        });
    }
}
