//! The table of states: open addressing in many small shards, each grown by a quarter at a time.
//!
//! A general hash map doubles, so that right after growing it holds twice its need, and three times
//! while it grows. Here a state takes 24 bytes at a load of 0.68 to 0.85: at most 36 bytes.

use crate::exec::Key;

/// What the table says of a state that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    New,
    /// Seen before. `wake`: asleep at every earlier visit, and not now; `asleep`: at all visits, this one too.
    Seen {
        wake: u32,
        asleep: u32,
        announced: u32,
    },
}

#[derive(Clone, Copy, Default)]
#[repr(C, align(8))]
struct Slot {
    /// The hash; `[0, 0]` is an empty slot.
    hash: [u64; 2],
    asleep: u32,
    announced: u32,
}

const SHARDS: usize = 256;
const FIRST: usize = 16;

#[derive(Default)]
struct Shard {
    slots: Vec<Slot>,
    used: usize,
}

pub(crate) struct Table {
    shards: Vec<Shard>,
}

impl Table {
    pub fn new() -> Self {
        Table { shards: (0..SHARDS).map(|_| Shard::default()).collect() }
    }

    pub fn len(&self) -> u64 {
        self.shards.iter().map(|s| s.used as u64).sum()
    }

    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|s| s.slots.capacity() * size_of::<Slot>()).sum()
    }

    /// Notes a visit. Of the tasks asleep at all visits, those that are awake now must be explored now.
    pub fn visit(&mut self, key: Key) -> Visit {
        // The top bits choose the shard, the low ones the slot.
        let hash = [key.hash as u64 | 1, (key.hash >> 64) as u64];
        let shard = &mut self.shards[(hash[1] >> 56) as usize % SHARDS];
        if (shard.used + 1) * 20 > shard.slots.len() * 17 {
            shard.grow();
        }
        let slot = shard.find(hash);
        if slot.hash == hash {
            let wake = slot.asleep & !key.asleep;
            slot.asleep &= key.asleep;
            return Visit::Seen { wake, asleep: slot.asleep, announced: slot.announced };
        }
        *slot = Slot { hash, asleep: key.asleep, announced: key.announced };
        shard.used += 1;
        Visit::New
    }
}

impl Shard {
    fn find(&mut self, hash: [u64; 2]) -> &mut Slot {
        let n = self.slots.len();
        // Multiply-shift instead of a remainder: `n` is no power of two.
        let mut i = ((hash[0] as u128 * n as u128) >> 64) as usize;
        while self.slots[i].hash != [0, 0] && self.slots[i].hash != hash {
            i = if i + 1 == n { 0 } else { i + 1 };
        }
        &mut self.slots[i]
    }

    fn grow(&mut self) {
        let size = (self.slots.len() + self.slots.len() / 4).max(FIRST);
        let mut bigger = Vec::with_capacity(size);
        bigger.resize(size, Slot::default());
        let old = std::mem::replace(&mut self.slots, bigger);
        for slot in old.into_iter().filter(|s| s.hash != [0, 0]) {
            *self.find(slot.hash) = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;

    fn key(i: u64, asleep: u32) -> Key {
        Key { hash: hash::part(i, 1), asleep, announced: i as u32 }
    }

    #[test]
    fn every_state_is_found_again_and_no_other() {
        let mut table = Table::new();
        for i in 0..100_000 {
            assert_eq!(table.visit(key(i, 0)), Visit::New);
        }
        assert_eq!(table.len(), 100_000);
        for i in 0..100_000 {
            assert_eq!(
                table.visit(key(i, 0)),
                Visit::Seen { wake: 0, asleep: 0, announced: i as u32 }
            );
        }
        assert_eq!(table.visit(key(100_000, 0)), Visit::New);
    }

    #[test]
    fn a_sleeper_is_woken_once_by_the_first_visit_that_finds_it_awake() {
        let mut table = Table::new();
        let seen = |wake, asleep| Visit::Seen { wake, asleep, announced: 1 };
        assert_eq!(table.visit(key(1, 0b110)), Visit::New);
        assert_eq!(table.visit(key(1, 0b100)), seen(0b010, 0b100));
        assert_eq!(table.visit(key(1, 0b101)), seen(0, 0b100));
        assert_eq!(table.visit(key(1, 0b001)), seen(0b100, 0));
    }

    #[test]
    fn a_state_takes_at_most_forty_bytes() {
        let mut table = Table::new();
        for i in 0..300_000 {
            table.visit(key(i, 0));
        }
        assert!(table.bytes() < 300_000 * 40, "{} bytes", table.bytes());
    }
}
