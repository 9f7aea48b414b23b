//! Which keys were closed lately, so that a second end is told from a first.
//!
//! Keys are kept as 128-bit fingerprints: small enough to remember many, and two different
//! keys of one sender practically never share one.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::MAX_CLOSED;

/// Keys that were closed lately.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64, bool)>", into = "Vec<(u64, u64, bool)>")]
pub(super) struct Closed {
    /// Whether the end of each was seen, and not only heard of.
    seen: BTreeMap<Print, bool>,
    /// The oldest first.
    order: VecDeque<Print>,
}

type Print = (u64, u64);

impl Closed {
    /// Remembers a key; at the limit the oldest is forgotten.
    pub(super) fn insert(&mut self, key: &str, end_seen: bool) {
        let print = print_of(key);
        if self.seen.insert(print, end_seen).is_none() {
            self.order.push_back(print);
        }
        while self.order.len() > MAX_CLOSED {
            if let Some(oldest) = self.order.pop_front() {
                self.seen.remove(&oldest);
            }
        }
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        !self.seen.is_empty() && self.seen.contains_key(&print_of(key))
    }

    /// Notes that an end was seen. Says whether one had been before; nothing of a key that is
    /// not closed.
    pub(super) fn end_seen(&mut self, key: &str) -> Option<bool> {
        let seen = self.seen.get_mut(&print_of(key))?;
        Some(std::mem::replace(seen, true))
    }
}

fn print_of(key: &str) -> Print {
    let mut print = (0x243f_6a88_85a3_08d3_u64, key.len() as u64);
    for chunk in key.as_bytes().chunks(8) {
        let mut word = [0_u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        print.0 = stir(print.0 ^ word);
        print.1 = stir(print.1.rotate_left(23).wrapping_add(word) ^ print.0);
    }
    print
}

/// The finaliser of MurmurHash3: every bit of the input reaches every bit of the output.
fn stir(mut word: u64) -> u64 {
    word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

impl From<Vec<(u64, u64, bool)>> for Closed {
    fn from(list: Vec<(u64, u64, bool)>) -> Self {
        Self {
            seen: list.iter().map(|(a, b, seen)| ((*a, *b), *seen)).collect(),
            order: list.iter().map(|(a, b, _)| (*a, *b)).collect(),
        }
    }
}

impl From<Closed> for Vec<(u64, u64, bool)> {
    fn from(closed: Closed) -> Self {
        let seen = |print: &Print| closed.seen.get(print).copied().unwrap_or(true);
        let order = closed.order.iter();
        order.map(|print| (print.0, print.1, seen(print))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn forgets_the_oldest_at_the_limit_and_survives_writing() {
        let mut closed = Closed::default();
        for n in 0..=MAX_CLOSED {
            closed.insert(&format!("ch_{n}"), n % 2 == 0);
        }
        assert!(!closed.contains("ch_0") && closed.contains("ch_1"));
        assert_eq!(closed.end_seen("ch_0"), None);
        assert_eq!(closed.end_seen("ch_1"), Some(false));
        assert_eq!(closed.end_seen("ch_1"), Some(true));
        let bytes = rmp_serde::to_vec_named(&closed).unwrap();
        assert_eq!(rmp_serde::from_slice::<Closed>(&bytes).unwrap(), closed);
    }

    #[test]
    fn fingerprints_of_neighbours_differ() {
        let keys = (0..200_000).map(|n| format!("ch_{n}"));
        let short = ["", "\0", "\0\0", "a", "a\0"].map(String::from);
        let prints: BTreeSet<Print> = keys.chain(short).map(|k| print_of(&k)).collect();
        assert_eq!(prints.len(), 200_005);
    }
}
