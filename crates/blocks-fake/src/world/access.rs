//! Who may come in: access tokens and what they allow.

use std::collections::{BTreeMap, BTreeSet};

use blocks_domain::Scope;
use jiff::Timestamp;
use secrecy::SecretString;

use super::people::Person;
use crate::seal::Seal;

/// What an access token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) bearer: Bearer,
    pub(crate) scopes: BTreeSet<Scope>,
    /// When it ends; `None` for never.
    pub(crate) expires_at: Option<Timestamp>,
}

/// On whose behalf a token speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    User(Person),
    App,
}

/// All tokens that a world has given out.
///
/// A token is its number, sealed: it looks random, follows from the seed, and is not stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grants {
    grants: BTreeMap<u64, Grant>,
}

const PURPOSE: &[u8] = b"access token";

impl Grants {
    pub(crate) fn restored(grants: BTreeMap<u64, Grant>) -> Self {
        Self { grants }
    }

    pub(crate) const fn by_number(&self) -> &BTreeMap<u64, Grant> {
        &self.grants
    }

    /// Adds a grant and answers its token.
    pub(crate) fn add(&mut self, grant: Grant, seal: &Seal) -> SecretString {
        let number = self.grants.last_key_value().map_or(0, |(last, _)| last + 1);
        self.grants.insert(number, grant);
        token(number, seal)
    }

    /// The first token of a bearer with exactly these scopes that never ends, if there is one.
    pub(crate) fn standing(
        &self,
        bearer: Bearer,
        scopes: &BTreeSet<Scope>,
        seal: &Seal,
    ) -> Option<SecretString> {
        let wanted =
            |g: &Grant| g.bearer == bearer && g.scopes == *scopes && g.expires_at.is_none();
        let (number, _) = self.grants.iter().find(|(_, grant)| wanted(grant))?;
        Some(token(*number, seal))
    }

    /// What a token allows now; `None` for one that is unknown or has ended.
    pub(crate) fn of_token(&self, token: &str, seal: &Seal, now: Timestamp) -> Option<&Grant> {
        let number = seal.open(PURPOSE, token)?.try_into().map(u64::from_be_bytes).ok()?;
        self.grants.get(&number).filter(|grant| grant.expires_at.is_none_or(|end| now < end))
    }
}

fn token(number: u64, seal: &Seal) -> SecretString {
    seal.close(PURPOSE, &number.to_be_bytes()).into()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use secrecy::ExposeSecret;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_token_allows_what_was_granted_until_it_ends() {
        let (seal, mut grants) = (Seal::of(7), Grants::default());
        let end = NOW + SignedDuration::from_hours(2);
        let grant = Grant {
            bearer: Bearer::User(Person::new(1)),
            scopes: [Scope::BlockRead].into(),
            expires_at: Some(end),
        };
        let token = grants.add(grant.clone(), &seal);
        let token = token.expose_secret();
        assert_eq!(grants.of_token(token, &seal, NOW), Some(&grant));
        assert_eq!(grants.of_token(token, &seal, end), None);
        assert_eq!(grants.of_token("not-a-token", &seal, NOW), None);
        assert_eq!(grants.of_token(token, &Seal::of(8), NOW), None, "of another world");
    }
}
