//! What a run is asked about: how long items take, and how many are held.

use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// One item under way.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Which one, and what the jobs made of it.
    pub n: u64,
    /// When the producer had it, if the probe is on.
    pub at: Option<Instant>,
}

/// Watches items from producer to consumer; clones watch together. Off, it costs a branch.
#[derive(Clone, Debug, Default)]
pub struct Probe(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    latency: Mutex<Histogram<u64>>,
    held: AtomicI64,
    held_max: AtomicI64,
    in_flight: AtomicI64,
}

/// What a probe has seen.
#[derive(Clone, Debug)]
pub struct Reading {
    /// From producer to consumer, in nanoseconds.
    pub latency: Histogram<u64>,
    /// Most items at once between producer and consumer: in buffers, in hands, and in work.
    pub held_max: i64,
    /// Items held when the run was told to stop; 0 where it never was.
    pub in_flight: i64,
}

impl Probe {
    /// One that sees nothing.
    pub fn off() -> Probe {
        Probe(None)
    }

    /// One that watches.
    pub fn on() -> Probe {
        // Two digits, up to a minute: 60 kB.
        let latency = Histogram::new_with_bounds(1, 60_000_000_000, 2).expect("fixed bounds");
        let latency = Mutex::new(latency);
        let (held, held_max, in_flight) = Default::default();
        Probe(Some(Arc::new(Shared { latency, held, held_max, in_flight })))
    }

    /// The producer has an item, since `due` where that is earlier than now.
    pub fn item(&self, n: u64, due: Option<Instant>) -> Item {
        let at = self.0.as_ref().map(|shared| {
            let held = shared.held.fetch_add(1, Relaxed) + 1;
            shared.held_max.fetch_max(held, Relaxed);
            due.unwrap_or_else(Instant::now)
        });
        Item { n, at }
    }

    /// The consumer has it.
    pub fn received(&self, item: &Item) {
        if let (Some(shared), Some(at)) = (&self.0, item.at) {
            shared.held.fetch_sub(1, Relaxed);
            let ns = at.elapsed().as_nanos() as u64;
            shared.latency.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(ns);
        }
    }

    /// The run is told to stop.
    pub fn told(&self) {
        if let Some(shared) = &self.0 {
            shared.in_flight.store(shared.held.load(Relaxed), Relaxed);
        }
    }

    /// What it has seen; `None` if it is off.
    pub fn read(&self) -> Option<Reading> {
        let shared = self.0.as_ref()?;
        let latency = shared.latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let held_max = shared.held_max.load(Relaxed);
        Some(Reading { latency, held_max, in_flight: shared.in_flight.load(Relaxed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_counts_what_is_held_at_most_and_every_latency() {
        let probe = Probe::on();
        let items = [probe.item(0, None), probe.item(1, None)];
        probe.received(&items[0]);
        probe.told();
        let third = probe.item(2, None);
        [items[1], third].iter().for_each(|item| probe.received(item));
        let reading = probe.read().unwrap();
        assert_eq!((reading.held_max, reading.latency.len(), reading.in_flight), (2, 3, 1));
    }

    #[test]
    fn a_probe_that_is_off_takes_no_time_stamp() {
        assert!(Probe::off().item(0, Some(Instant::now())).at.is_none());
    }
}
