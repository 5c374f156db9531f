//! Nonces that were used, for as long as their timestamps are good.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// How far a timestamp may be from the time of the server, in seconds.
const TOLERANCE: i64 = 300;
/// How many nonces are remembered: the tolerance at some 170 calls a second.
const MOST: usize = 100_000;

/// The nonces that were used, each with its timestamp.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    used: BTreeSet<(i64, [u8; 32])>,
}

impl Nonces {
    /// Whether a timestamp, in seconds since 1970, is one of now.
    pub(super) fn is_timely(second: i64, now: Timestamp) -> bool {
        (now.as_second() - TOLERANCE..=now.as_second() + TOLERANCE).contains(&second)
    }

    /// Takes a nonce of a consumer and a token; answers whether it was never used before.
    ///
    /// When there is no room to remember it, it is refused: forgetting another one would let that
    /// one be used again.
    pub(super) fn take(&mut self, second: i64, parts: [&str; 3], now: Timestamp) -> bool {
        let oldest = now.as_second() - TOLERANCE;
        self.used = self.used.split_off(&(oldest, [0; 32]));
        let mut hash = Sha256::new();
        for part in parts {
            // The length in front of each part keeps parts from running into each other.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        self.used.len() < MOST && self.used.insert((second, hash.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_timestamp_is_good_for_five_minutes_both_ways() {
        for (second, is_good) in [(699, false), (700, true), (1300, true), (1301, false)] {
            assert_eq!(Nonces::is_timely(second, at(1000)), is_good, "{second}");
        }
    }

    #[test]
    fn a_nonce_is_taken_once_for_its_timestamp_and_its_caller() {
        let mut nonces = Nonces::default();
        let mut take = |second, parts| nonces.take(second, parts, at(1000));
        assert!(take(1000, ["key", "token", "nonce"]));
        assert!(!take(1000, ["key", "token", "nonce"]));
        assert!(take(1001, ["key", "token", "nonce"]));
        assert!(take(1000, ["key", "tokenn", "once"]));
        assert!(take(1000, ["key", "", "nonce"]));
    }

    #[test]
    fn nonces_are_remembered_as_long_as_their_timestamps_are_good() {
        let mut nonces = Nonces::default();
        let parts = ["key", "token", "nonce"];
        assert!(nonces.take(1000, parts, at(700)));
        assert!(!nonces.take(1000, parts, at(1300)), "good until now");
        assert!(nonces.take(1301, parts, at(1301)));
        assert_eq!(nonces.used.len(), 1, "the other one is forgotten");
    }

    #[test]
    fn without_room_nothing_is_taken_or_forgotten() {
        let mut nonces = Nonces::default();
        let hash = |number: usize| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&(number as u64).to_be_bytes());
            hash
        };
        nonces.used = (0..MOST).map(|number| (1000, hash(number))).collect();
        let parts = ["key", "token", "nonce"];
        assert!(!nonces.take(1000, parts, at(1000)));
        assert!(nonces.take(1301, parts, at(1301)), "the others have aged");
    }
}
