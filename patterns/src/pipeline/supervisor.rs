//! The supervisor: the one task that owns the workers, and closes the buffers when the end is not theirs.
//!
//! 1. It ends after every worker; its output is the pipeline's account.
//! 2. Only it closes buffers explicitly, all of them, once: on a cancel, or when a worker ends with
//!    something in hand. (A buffer may have ended by itself meanwhile: then there is nothing to close.)
//! 3. It holds a receiver of every buffer, so that no buffer ends, or is lost, with the stage behind it.
//! 4. What the workers left in the buffers it takes out when they are gone; except for the last one,
//!    which the output reads.

use super::stage::{Failed, Item, Left, StageEnd};
use rt::async_channel::Receiver;
use rt::sync::CancellationToken;
use rt::task::{JoinError, JoinSet};
use selvedge_rt as rt;

/// A buffer, whatever is in it.
pub(super) trait Link: Send {
    /// Refuses more items, and wakes whoever waits for room or for an item.
    fn close(&self);

    /// Takes out what is in it, on its way to stage `at`.
    fn take_back(&self, at: usize, into: &mut Vec<Left>);
}

impl<T: Send + 'static> Link for Receiver<Item<T>> {
    fn close(&self) {
        Receiver::close(self);
    }

    fn take_back(&self, at: usize, into: &mut Vec<Left>) {
        while let Ok(Item { index, value }) = self.try_recv() {
            into.push(Left { index, at, value: Some(Box::new(value)) });
        }
    }
}

/// What became of all items that were not delivered.
#[derive(Default)]
pub(super) struct Account {
    pub(super) taken: u64,
    pub(super) exhausted: bool,
    pub(super) rejected: u64,
    pub(super) left: Vec<Left>,
    /// In the order in which the workers ended.
    pub(super) failed: Vec<Failed>,
}

impl Account {
    fn add(&mut self, end: StageEnd) {
        self.taken += end.taken;
        self.exhausted |= end.exhausted;
        self.rejected += end.rejected;
        self.left.extend(end.left);
        self.failed.extend(end.failed);
    }
}

/// Owns the workers until they have ended.
pub(super) struct Supervisor {
    pub(super) tasks: JoinSet<StageEnd>,
    /// The buffer behind each stage.
    pub(super) links: Vec<Box<dyn Link>>,
    pub(super) token: CancellationToken,
}

impl Supervisor {
    /// Waits for the end of the pipeline.
    pub(super) async fn run(mut self) -> Account {
        let mut account = Account::default();
        let cancelled = self.token.cancelled();
        rt::pin!(cancelled);
        let cut = loop {
            // Ends first: of a failure and a cancel at the same time the failure says more.
            rt::select! {
                biased;
                ended = self.tasks.join_next() => match ended.map(own_end) {
                    Some(end) => {
                        let stop = end.left.is_some() || !end.failed.is_empty();
                        account.add(end);
                        if stop {
                            break true;
                        }
                    }
                    None => break false,
                },
                () = &mut cancelled => break true,
            }
        };
        if cut {
            // The source watches the token, and concurrent stages do while their futures run.
            self.token.cancel();
            self.links.iter().for_each(|link| link.close());
            while let Some(ended) = self.tasks.join_next().await {
                account.add(own_end(ended));
            }
            let between = self.links.split_last().map_or(&[][..], |(_, between)| between);
            for (stage, link) in between.iter().enumerate() {
                link.take_back(stage + 1, &mut account.left);
            }
        }
        account
    }
}

/// How a worker ended. User code cannot bring one down and nobody aborts one, so anything else than its
/// own end is a bug here, or a runtime that is shut down, in which case nobody hears this.
fn own_end(ended: Result<StageEnd, JoinError>) -> StageEnd {
    ended.unwrap_or_else(|error| panic!("a worker did not come to its own end: {error}"))
}
