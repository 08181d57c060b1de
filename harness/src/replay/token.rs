//! A schedule as a short line of text, to be replayed later or elsewhere.
//!
//! `s1.3f09ac.CAIQBBgC...`: the version; which scenario it belongs to (six hex digits of a hash over the
//! check's name, grain, clock and whether equal tasks are merged); the runs of equal picks, and a
//! check sum, in base64url. A token says which of the options to take, and no more: it holds no data
//! of the scenario, and is worth nothing once the scenario has changed.

use crate::config::Config;
use crate::exec::Pick;
use crate::hash;
use crate::verdict::Problem;

/// What the code of this module writes and reads.
const VERSION: &str = "s1";
/// Steps in one run are never more: a longer one is an attack on memory, or a mistake.
const STEPS_MAX: u64 = 10_000_000;

/// A schedule, and the scenario that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    scenario: u32,
    pub path: Vec<Pick>,
}

impl Token {
    pub(crate) fn new(config: &Config, path: &[Pick]) -> Self {
        Token { scenario: scenario(config), path: path.to_vec() }
    }

    /// Whether the schedule is one of this check.
    pub(crate) fn belongs_to(&self, config: &Config) -> bool {
        self.scenario == scenario(config)
    }

    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::new();
        for run in self.path.chunk_by(|a, b| a == b) {
            let pick = run[0];
            let (fires, again) = (pick == Pick::FIRE, run.len() > 1);
            let who = if fires { 0 } else { pick.task as u64 + 1 };
            let chooses = !fires && pick.choice > 0;
            put(&mut bytes, who << 2 | (chooses as u64) << 1 | again as u64);
            if chooses {
                put(&mut bytes, pick.choice as u64);
            }
            if again {
                put(&mut bytes, run.len() as u64 - 2);
            }
        }
        let sum = check_sum(self.scenario, &bytes).to_be_bytes();
        bytes.extend(&sum[1..]);
        format!("{VERSION}.{:06x}.{}", self.scenario, base64(&bytes))
    }

    /// Reads a token.
    ///
    /// # Errors
    ///
    /// [`Problem::Token`], saying what is wrong and what to do.
    pub(crate) fn decode(text: &str) -> Result<Token, Problem> {
        let text = text.trim();
        let corrupted = || {
            Problem::Token(format!(
                "the replay token `{text}` is damaged: copy the whole line that the report printed"
            ))
        };
        let mut parts = text.split('.');
        match parts.next() {
            Some(VERSION) => {}
            Some(v) if v.len() > 1 && v.starts_with('s') && v[1..].bytes().all(is_digit) => {
                return Err(Problem::Token(format!(
                    "the replay token `{text}` is of version {v}, and this is {VERSION}: run the check again \
                     for a new token"
                )));
            }
            _ => return Err(corrupted()),
        }
        let (Some(scenario), Some(runs), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(corrupted());
        };
        let hex = scenario.len() == 6 && scenario.bytes().all(|b| b.is_ascii_hexdigit());
        let scenario = u32::from_str_radix(scenario, 16).ok().filter(|_| hex);
        let (scenario, bytes) = scenario.zip(unbase64(runs)).ok_or_else(corrupted)?;
        let path = bytes
            .split_last_chunk::<3>()
            .filter(|(runs, sum)| check_sum(scenario, runs).to_be_bytes()[1..] == **sum)
            .and_then(|(runs, _)| picks(runs));
        Ok(Token { scenario, path: path.ok_or_else(corrupted)? })
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// Which scenario a schedule belongs to, as 24 bits.
fn scenario(config: &Config) -> u32 {
    let grain = config.grain.to_string();
    let clock = format!("{:?}", config.clock);
    let equal = config.equal_tasks;
    hash::of(&(config.name.as_str(), grain.as_str(), clock.as_str(), equal)) as u32 >> 8
}

fn check_sum(scenario: u32, runs: &[u8]) -> u32 {
    hash::of(&(scenario, runs)) as u32 >> 8
}

fn picks(bytes: &[u8]) -> Option<Vec<Pick>> {
    let (mut path, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let head = take(&mut rest)?;
        let pick = match head >> 2 {
            0 => Pick::FIRE,
            who => {
                let choice = if head & 2 != 0 { take(&mut rest)? } else { 0 };
                Pick { task: u16::try_from(who - 1).ok()?, choice: choice.try_into().ok()? }
            }
        };
        let times = if head & 1 != 0 { take(&mut rest)?.checked_add(2)? } else { 1 };
        if path.len() as u64 + times.min(STEPS_MAX) > STEPS_MAX {
            return None;
        }
        path.extend(std::iter::repeat_n(pick, times as usize));
    }
    Some(path)
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= ((byte & 127) as u64) << shift;
        if byte & 128 == 0 {
            return Some(value);
        }
    }
    None
}

/// The alphabet of RFC 4648, section 5: nothing that a shell or a URL minds.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0, |w, (i, b)| w | (*b as u32) << (16 - 8 * i));
        for i in 0..=chunk.len() {
            text.push(ALPHABET[(word >> (18 - 6 * i)) as usize & 63] as char);
        }
    }
    text
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0u32;
        for (i, c) in chunk.iter().enumerate() {
            let digit = ALPHABET.iter().position(|a| a == c)? as u32;
            word |= digit << (18 - 6 * i);
        }
        let len = chunk.len().checked_sub(1).filter(|n| *n > 0)?;
        bytes.extend(&word.to_be_bytes()[1..=len]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picks_strategy() -> impl Strategy<Value = Vec<Pick>> {
        let pick = prop_oneof![
            8 => (0..300u16, prop_oneof![4 => Just(0), 1 => 0..9u16]).prop_map(|(task, choice)| Pick { task, choice }),
            1 => Just(Pick::FIRE),
        ];
        proptest::collection::vec((pick, 1..40usize), 0..40).prop_map(|runs| {
            runs.into_iter().flat_map(|(pick, n)| std::iter::repeat_n(pick, n)).collect()
        })
    }

    proptest! {
        #[test]
        fn a_schedule_is_read_back_as_it_was_written(path in picks_strategy()) {
            let token = Token::new(&Config::new("a"), &path);
            prop_assert_eq!(Token::decode(&token.encode()), Ok(token));
        }

        #[test]
        fn one_changed_letter_is_noticed(path in picks_strategy(), at in any::<prop::sample::Index>(), to in 0..64usize) {
            let token = Token::new(&Config::new("a"), &path).encode();
            let head = "s1.000000.".len();
            let mut letters = token.clone().into_bytes();
            let at = head + at.index(letters.len() - head);
            letters[at] = ALPHABET[to];
            let changed = String::from_utf8(letters).unwrap();
            // The last letter may hold bits that are not used.
            let decoded = Token::decode(&changed);
            prop_assert!(changed == token || decoded.is_err() || decoded == Token::decode(&token));
        }
    }
}
