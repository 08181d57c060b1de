//! What a run is asked to do: capacity, workers, the job, the producer, the consumer.

use crate::probe::{Item, Probe};
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep};

/// Items of one burst.
pub const BURST: u64 = 64;
/// The pause after a burst, and the wait of [`Cost::Wait`]. Tokio's timers tick every millisecond, so it
/// takes one to two.
pub const PAUSE: Duration = Duration::from_millis(1);
/// Rounds of [`spin`] that take about a microsecond; a run reports what they took on its machine.
pub const ROUNDS_PER_US: u32 = 1_000;

/// What one job costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cost {
    /// Nothing: only the pattern is left.
    Free,
    /// About a microsecond of CPU.
    Us1,
    /// About 20 microseconds of CPU.
    Us20,
    /// An async wait of [`PAUSE`].
    Wait,
}

impl Cost {
    /// For names of cases.
    pub fn name(self) -> &'static str {
        match self {
            Cost::Free => "free",
            Cost::Us1 => "1us",
            Cost::Us20 => "20us",
            Cost::Wait => "wait",
        }
    }

    /// Does the CPU part, and gives the item back.
    pub fn spend(self, mut item: Item) -> Item {
        item.n = match self {
            Cost::Us1 => spin(item.n, ROUNDS_PER_US),
            Cost::Us20 => spin(item.n, 20 * ROUNDS_PER_US),
            Cost::Free | Cost::Wait => item.n,
        };
        item
    }

    /// Does the job, and gives the item back.
    pub async fn run(self, item: Item) -> Item {
        if self == Cost::Wait {
            sleep(PAUSE).await;
        }
        self.spend(item)
    }
}

/// Work that no compiler can leave out: each round needs the one before.
pub fn spin(seed: u64, rounds: u32) -> u64 {
    (0..rounds)
        .fold(seed, |x, _| std::hint::black_box(x.wrapping_mul(6364136223846793005) ^ x >> 7))
}

/// How items come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Producer {
    /// The next one is always there.
    Steady,
    /// [`BURST`] at once, then a pause of [`PAUSE`].
    Bursty,
}

/// How results are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consumer {
    /// At once.
    Fast,
    /// With two microseconds of CPU for each.
    Slow,
}

impl Consumer {
    /// Receives an item.
    pub fn take(self, item: Item, probe: &Probe) {
        probe.received(&item);
        if self == Consumer::Slow {
            std::hint::black_box(spin(item.n, 2 * ROUNDS_PER_US));
        }
    }
}

/// Everything that a run is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// How many items its buffer takes; `None`: the whole run, so that nobody ever waits for room.
    pub capacity: Option<usize>,
    /// How many jobs run at once.
    pub workers: usize,
    /// What each costs.
    pub cost: Cost,
    /// How they come.
    pub producer: Producer,
    /// How their results are taken.
    pub consumer: Consumer,
    /// How many there are.
    pub items: u64,
}

impl Load {
    /// Two workers, a steady producer and a fast consumer.
    pub fn steady(cost: Cost) -> Load {
        Load {
            capacity: Some(1),
            workers: 2,
            cost,
            producer: Producer::Steady,
            consumer: Consumer::Fast,
            items: match cost {
                Cost::Free | Cost::Us1 => 2_000,
                Cost::Us20 => 400,
                Cost::Wait => 64,
            },
        }
    }

    /// The same from a bursty producer.
    pub fn bursty(self) -> Load {
        Load { producer: Producer::Bursty, items: self.items.clamp(4 * BURST, 10 * BURST), ..self }
    }

    /// The same into a slow consumer.
    pub fn slow(self) -> Load {
        Load { consumer: Consumer::Slow, ..self }
    }

    /// The same with so many workers.
    pub fn workers(self, workers: usize) -> Load {
        Load { workers, ..self }
    }

    /// The capacity of the buffer, for a pattern that wants a number.
    pub fn room(&self) -> NonZeroUsize {
        nonzero(self.capacity.unwrap_or(self.items as usize))
    }

    /// The case's name: everything but the capacity. Only letters, digits and `_`, as it names folders.
    pub fn name(&self) -> String {
        let Load { workers, cost, .. } = self;
        let producer = if self.producer == Producer::Bursty { "_bursty" } else { "" };
        let consumer = if self.consumer == Consumer::Slow { "_slow" } else { "" };
        format!("{}_{workers}w{producer}{consumer}", cost.name())
    }

    /// The items of this load, or a share of them.
    pub fn source(&self, items: u64, probe: &Probe) -> Source {
        let probe = probe.clone();
        Source { next: 0, items, producer: self.producer, probe, due: None, pause: None }
    }
}

/// A number that is known not to be zero.
pub fn nonzero(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("a size of a benchmark")
}

/// The producer's items, as a stream.
///
/// A bursty item is stamped with the time of its burst, whenever it is taken: so the wait for room counts
/// as latency, and a pattern that holds up the producer does not look better for it. A steady item is
/// there when it is asked for.
pub struct Source {
    next: u64,
    items: u64,
    producer: Producer,
    probe: Probe,
    due: Option<Instant>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Stream for Source {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let this = self.get_mut();
        if this.next == this.items {
            return Poll::Ready(None);
        }
        if this.producer == Producer::Bursty && this.next.is_multiple_of(BURST) && this.next > 0 {
            let pause = this.pause.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
            ready!(pause.as_mut().poll(cx));
            this.pause = None;
            this.due = None;
        }
        let item = match this.producer {
            Producer::Steady => this.probe.item(this.next, None),
            Producer::Bursty => {
                let due = *this.due.get_or_insert_with(Instant::now);
                this.probe.item(this.next, Some(due))
            }
        };
        this.next += 1;
        Poll::Ready(Some(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn a_bursty_item_is_as_old_as_its_burst() {
        let load = Load::steady(Cost::Free).bursty();
        let items: Vec<Item> = load.source(BURST + 2, &Probe::on()).collect().await;
        let at = |n: u64| items[n as usize].at.expect("the probe is on");
        assert_eq!(at(0), at(BURST - 1));
        assert!(at(BURST) >= at(0) + PAUSE);
        assert_eq!(at(BURST), at(BURST + 1));
    }

    #[test]
    fn two_loads_that_differ_have_two_names() {
        let load = Load::steady(Cost::Us1);
        let all = [load, load.bursty(), load.slow(), load.bursty().slow(), load.workers(4)];
        let names: std::collections::BTreeSet<String> = all.iter().map(Load::name).collect();
        assert_eq!(names.len(), all.len());
    }
}
