//! Request tokens of OAuth 1.0a: asked for, authorized, traded, and then over.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::world::people::Person;
use crate::world::time::after;

/// How long a request token lives.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How many wrong verifiers it takes to end one.
const TRIES: u8 = 3;

/// All request tokens, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct RequestTokens(Vec<RequestToken>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestToken {
    pub(super) callback: String,
    made_at: Timestamp,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Asked,
    Authorized { by: Person, wrong: u8 },
    Over,
}

impl RequestTokens {
    pub(super) fn add(&mut self, callback: String, now: Timestamp) -> u64 {
        self.0.push(RequestToken { callback, made_at: now, stage: Stage::Asked });
        self.0.len() as u64 - 1
    }

    /// A request token that may still lead to a sign-in.
    pub(super) fn alive(&self, number: u64, now: Timestamp) -> Option<&RequestToken> {
        let found = self.0.get(usize::try_from(number).ok()?)?;
        found.is_alive(now).then_some(found)
    }

    /// One that nobody has decided about.
    pub(super) fn undecided(&self, number: u64, now: Timestamp) -> Option<&RequestToken> {
        self.alive(number, now).filter(|token| token.stage == Stage::Asked)
    }

    /// Lets a user authorize one; answers whether it was undecided.
    pub(super) fn authorize(&mut self, number: u64, by: Person, now: Timestamp) -> bool {
        self.decide(number, Stage::Authorized { by, wrong: 0 }, now)
    }

    /// Lets somebody deny one; answers whether it was undecided.
    #[cfg(feature = "server")]
    pub(super) fn deny(&mut self, number: u64, now: Timestamp) -> bool {
        self.decide(number, Stage::Over, now)
    }

    fn decide(&mut self, number: u64, stage: Stage, now: Timestamp) -> bool {
        let is_undecided = self.undecided(number, now).is_some();
        if let Some(token) = self.alive_mut(number, now).filter(|_| is_undecided) {
            token.stage = stage;
        }
        is_undecided
    }

    /// Trades one for a sign-in of the user who authorized it; a wrong verifier spends a try.
    pub(super) fn trade(&mut self, number: u64, is_right: bool, now: Timestamp) -> Option<Person> {
        let token = self.alive_mut(number, now)?;
        let Stage::Authorized { by, wrong } = token.stage else { return None };
        token.stage = match wrong + 1 {
            wrong if !is_right && wrong < TRIES => Stage::Authorized { by, wrong },
            _ => Stage::Over,
        };
        is_right.then_some(by)
    }

    fn alive_mut(&mut self, number: u64, now: Timestamp) -> Option<&mut RequestToken> {
        let found = self.0.get_mut(usize::try_from(number).ok()?)?;
        found.is_alive(now).then_some(found)
    }
}

impl RequestToken {
    fn is_alive(&self, now: Timestamp) -> bool {
        self.stage != Stage::Over && now < after(self.made_at, LIFETIME)
    }
}

#[cfg(test)]
mod tests {
    use blocks_ports::OUT_OF_BAND;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn authorized() -> (RequestTokens, u64) {
        let mut tokens = RequestTokens::default();
        let number = tokens.add(OUT_OF_BAND.to_owned(), NOW);
        assert_eq!(tokens.trade(number, true, NOW), None, "nobody has authorized it");
        assert!(tokens.authorize(number, Person::new(1), NOW));
        assert!(!tokens.authorize(number, Person::new(2), NOW), "somebody has decided");
        (tokens, number)
    }

    #[test]
    fn a_right_verifier_trades_it_once() {
        let (mut tokens, number) = authorized();
        assert_eq!(tokens.trade(number, true, NOW), Some(Person::new(1)));
        assert_eq!(tokens.trade(number, true, NOW), None);
    }

    #[test]
    fn the_third_wrong_verifier_ends_it() {
        for wrong in 1..=3 {
            let (mut tokens, number) = authorized();
            for _ in 0..wrong {
                assert_eq!(tokens.trade(number, false, NOW), None);
            }
            assert_eq!(tokens.trade(number, true, NOW).is_some(), wrong < 3, "{wrong}");
        }
    }

    #[test]
    fn it_ends_with_its_time() {
        let (mut tokens, number) = authorized();
        assert_eq!(tokens.trade(number, true, after(NOW, LIFETIME)), None);
    }
}
