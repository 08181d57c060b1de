//! A failing run as a short line of text, to be replayed later or elsewhere.
//!
//! `s1.3f09ac.CAIQBBgC...`: the kind of run and the version; which scenario it belongs to (six hex digits
//! of a hash over the check's name and what decides which schedules there are); then the parts, each with a
//! check sum, in base64url. Kind `s` is a schedule: runs of equal picks. It has more parts than one where
//! only several schedules together show what is wrong, as with the order of locks. Kind `l` is an execution
//! of loom: its number in the search, which is deterministic. A token holds no data of the scenario, and is
//! worth nothing once the scenario has changed.

use crate::config::Config;
use crate::exec::Pick;
use crate::hash;
use crate::verdict::Problem;

/// Kind and version of the tokens that the code of this module writes and reads.
const SCHEDULE: &str = "s1";
const LOOM: &str = "l1";
/// Steps in one run are never more: a longer one is an attack on memory, or a mistake.
const STEPS_MAX: u64 = 10_000_000;

/// What to run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// These schedules, one after the other.
    Schedules(Vec<Vec<Pick>>),
    /// Loom's search, up to this execution.
    Loom(u64),
}

/// What to run again, and the scenario that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    scenario: u32,
    pub run: Run,
}

impl Token {
    pub(crate) fn new(config: &Config, run: Run) -> Self {
        Token { scenario: scenario(config, &run), run }
    }

    /// Whether this check, under the engine that printed the token, is the one that it is of.
    pub(crate) fn belongs_to(&self, config: &Config) -> bool {
        self.scenario == scenario(config, &self.run)
    }

    pub(crate) fn encode(&self) -> String {
        let (kind, parts) = match &self.run {
            Run::Schedules(schedules) => (SCHEDULE, schedules.iter().map(|s| bytes(s)).collect()),
            Run::Loom(execution) => {
                let mut bytes = Vec::new();
                put(&mut bytes, *execution);
                (LOOM, vec![bytes])
            }
        };
        let mut text = format!("{kind}.{:06x}", self.scenario);
        for mut bytes in parts {
            let sum = check_sum(self.scenario, &bytes).to_be_bytes();
            bytes.extend(&sum[1..]);
            text.push('.');
            text.push_str(&base64(&bytes));
        }
        text
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
        let kind = parts.next().filter(|kind| kind.len() > 1).ok_or_else(corrupted)?;
        let ours = [SCHEDULE, LOOM].into_iter().find(|ours| ours[..1] == kind[..1]);
        let ours = ours.filter(|_| kind[1..].bytes().all(|b| b.is_ascii_digit()));
        let ours = ours.ok_or_else(corrupted)?;
        if kind != ours {
            return Err(Problem::Token(format!(
                "the replay token `{text}` is of version {kind}, and this is {ours}: run the check again for a new \
                 token"
            )));
        }
        let hex = |s: &&str| s.len() == 6 && s.bytes().all(|b| b.is_ascii_hexdigit());
        let scenario = parts.next().filter(hex).and_then(|s| u32::from_str_radix(s, 16).ok());
        let scenario = scenario.ok_or_else(corrupted)?;
        let parts: Option<Vec<Vec<u8>>> = parts.map(|part| checked(scenario, part)).collect();
        let run = parts.filter(|parts| !parts.is_empty()).and_then(|parts| match kind {
            LOOM => match (&mut parts[0].as_slice(), parts.len()) {
                (bytes, 1) => take(bytes).filter(|_| bytes.is_empty()).map(Run::Loom),
                _ => None,
            },
            _ => parts.iter().map(|bytes| picks(bytes)).collect::<Option<_>>().map(Run::Schedules),
        });
        Ok(Token { scenario, run: run.ok_or_else(corrupted)? })
    }
}

/// Which scenario a run belongs to, as 24 bits.
fn scenario(config: &Config, run: &Run) -> u32 {
    let name = config.name.as_str();
    let hash = match run {
        Run::Schedules(_) => {
            let (grain, clock) = (config.grain.to_string(), format!("{:?}", config.clock));
            let scenario = hash::of(&(name, grain.as_str(), clock.as_str(), config.equal_tasks));
            match &config.capacity {
                Some((place, capacity)) => hash::of(&(scenario, place.0.as_str(), *capacity)),
                None => scenario,
            }
        }
        #[cfg(feature = "loom")]
        Run::Loom(_) => hash::of(&(name, "loom", config.preemptions, config.spurious)),
        // Nothing here can run it, whoever's it is.
        #[cfg(not(feature = "loom"))]
        Run::Loom(_) => hash::of(&(name, "loom")),
    };
    hash as u32 >> 8
}

fn check_sum(scenario: u32, bytes: &[u8]) -> u32 {
    hash::of(&(scenario, bytes)) as u32 >> 8
}

/// The bytes of one part, without their check sum, if that is right.
fn checked(scenario: u32, part: &str) -> Option<Vec<u8>> {
    let mut bytes = unbase64(part)?;
    let (content, sum) = bytes.split_last_chunk::<3>()?;
    if check_sum(scenario, content).to_be_bytes()[1..] != *sum {
        return None;
    }
    bytes.truncate(content.len());
    Some(bytes)
}

fn bytes(schedule: &[Pick]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for run in schedule.chunk_by(|a, b| a == b) {
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
    bytes
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

    fn run_strategy() -> impl Strategy<Value = Run> {
        prop_oneof![
            4 => proptest::collection::vec(picks_strategy(), 1..4).prop_map(Run::Schedules),
            1 => any::<u64>().prop_map(|n| Run::Loom(n >> 1)),
        ]
    }

    proptest! {
        #[test]
        fn a_run_is_read_back_as_it_was_written(run in run_strategy()) {
            let token = Token::new(&Config::new("a"), run);
            prop_assert_eq!(Token::decode(&token.encode()), Ok(token));
        }

        #[test]
        fn one_changed_letter_is_noticed(run in run_strategy(), at in any::<prop::sample::Index>(), to in 0..64usize) {
            let token = Token::new(&Config::new("a"), run).encode();
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
