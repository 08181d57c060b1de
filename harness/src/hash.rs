//! 128-bit hashing of states: fast, seeded by nothing, the same on every machine.
//!
//! A state is a *sum* of mixed parts, so that it does not depend on the order in which tasks and
//! objects were created. Two of ten million states collide with a chance below 1 in 10^24.

use std::hash::{Hash, Hasher};

const A: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
const B: u128 = 0xD6E8_FEB8_6659_FD93_A3B1_9535_4A39_B70D;

/// `hash` with `value` folded in; order matters.
#[inline]
pub(crate) fn mix(hash: u128, value: u64) -> u128 {
    (hash ^ (value as u128).wrapping_mul(A)).rotate_left(47).wrapping_mul(B)
}

/// `hash` with a 128-bit value folded in.
#[inline]
pub(crate) fn mix128(hash: u128, value: u128) -> u128 {
    mix(mix(hash, value as u64), (value >> 64) as u64)
}

/// A 128-bit hash as 64 bits.
#[inline]
pub(crate) fn fold(hash: u128) -> u64 {
    let h = (hash ^ (hash >> 61)).wrapping_mul(A);
    (h >> 64) as u64 ^ h as u64
}

/// A part of a sum: `value` under `key`, spread over all bits.
#[inline]
pub(crate) fn part(key: u64, value: u128) -> u128 {
    let h = mix128(mix(A, key), value);
    (h ^ (h >> 67)).wrapping_mul(B)
}

/// The hash of any value by its own `Hash`.
pub(crate) fn of(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = Mixer(B);
    value.hash(&mut hasher);
    hasher.finish()
}

/// A [`Hasher`] over [`mix`]. Integers are hashed by value, so that results do not depend on endianness.
pub(crate) struct Mixer(u128);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        fold(self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = mix(self.0, u64::from_le_bytes(word));
        }
        self.0 = mix(self.0, bytes.len() as u64);
    }

    fn write_u8(&mut self, v: u8) {
        self.0 = mix(self.0, v as u64);
    }
    fn write_u16(&mut self, v: u16) {
        self.0 = mix(self.0, v as u64);
    }
    fn write_u32(&mut self, v: u32) {
        self.0 = mix(self.0, v as u64);
    }
    fn write_u64(&mut self, v: u64) {
        self.0 = mix(self.0, v);
    }
    fn write_usize(&mut self, v: usize) {
        self.0 = mix(self.0, v as u64);
    }
}
