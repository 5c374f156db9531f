//! Questions that a person at an authorize page has not answered yet.

use std::collections::BTreeSet;
#[cfg(feature = "server")]
use std::time::Duration;
use std::{collections::BTreeMap, fmt};

use blocks_domain::Scope;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Challenge, Client, scope_words};
#[cfg(feature = "server")]
use crate::world::time::after;

/// All open questions, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consents {
    asked: u64,
    open: BTreeMap<u64, Consent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    question: Question,
    asked_at: Timestamp,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// Whether an app may have these scopes.
    OAuth2(AuthorizationRequest),
    /// Whether an app may act for the person, by the number of its request token.
    OAuth1(u64),
}

/// What an app asks for at the authorize page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: Client,
    pub(crate) redirect_uri: String,
    #[serde(with = "scope_words")]
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) state: Echo,
    pub(crate) challenge: Challenge,
}

/// A text that goes back to the app as it came; `Debug` does not show it, since an app proves by
/// it that an answer is its own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Echo(String);

impl Echo {
    #[cfg(feature = "server")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Echo {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo")
    }
}

#[cfg(feature = "server")]
impl Consents {
    /// How long a person may think.
    const LIFETIME: Duration = Duration::from_secs(15 * 60);
    /// How many questions may be open; beyond that, the oldest is dropped.
    const MOST: usize = 1000;

    pub(super) fn ask(&mut self, question: Question, now: Timestamp) -> u64 {
        if self.open.len() >= Self::MOST {
            self.open.pop_first();
        }
        let number = self.asked;
        self.asked += 1;
        self.open.insert(number, Consent { question, asked_at: now });
        number
    }

    pub(super) fn take(&mut self, number: u64, now: Timestamp) -> Option<Question> {
        let consent = self.open.remove(&number)?;
        (now < after(consent.asked_at, Self::LIFETIME)).then_some(consent.question)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_question_is_answered_once_and_in_time() {
        let mut consents = Consents::default();
        let (one, two) =
            (consents.ask(Question::OAuth1(1), NOW), consents.ask(Question::OAuth1(2), NOW));
        assert_eq!(consents.take(one, NOW), Some(Question::OAuth1(1)));
        assert_eq!(consents.take(one, NOW), None);
        assert_eq!(consents.take(two, after(NOW, Consents::LIFETIME)), None);
    }

    #[test]
    fn the_oldest_of_too_many_questions_is_dropped() {
        let mut consents = Consents::default();
        let first = consents.ask(Question::OAuth1(0), NOW);
        let second = consents.ask(Question::OAuth1(1), NOW);
        for number in 2..=Consents::MOST as u64 {
            consents.ask(Question::OAuth1(number), NOW);
        }
        assert_eq!(consents.take(first, NOW), None);
        assert!(consents.take(second, NOW).is_some());
    }
}
