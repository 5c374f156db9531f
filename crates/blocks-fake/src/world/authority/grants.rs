//! Access tokens that belong to no sign-in, and what they allow.

use std::collections::{BTreeMap, BTreeSet};

use blocks_domain::Scope;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::seal::Seal;
use crate::world::people::Person;

/// What an access token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) bearer: Bearer,
    pub(crate) scopes: BTreeSet<Scope>,
    /// When it ends; `None` for never.
    pub(crate) expires_at: Option<Timestamp>,
    /// Whether somebody has ended it.
    pub(crate) is_revoked: bool,
}

/// On whose behalf a token speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    User(Person),
    App,
}

/// All tokens that a world has given out without a sign-in.
///
/// A token is its number, sealed: it looks random, follows from the seed, and is not stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grants {
    grants: BTreeMap<u64, Grant>,
}

const USER: &[u8] = b"access token";
const APP: &[u8] = b"app-only token";
/// How X's app-only tokens begin, by which a client can tell one before it sends it.
const APP_ONLY_MARK: &str = "AAAAAAAAAAAAAAAAAAAAAA";

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
        let token = token(number, grant.bearer, seal);
        self.grants.insert(number, grant);
        token
    }

    /// The first token of a bearer with exactly these scopes that was made never to end, if there
    /// is one; even if it was revoked since.
    pub(crate) fn standing(
        &self,
        bearer: Bearer,
        scopes: &BTreeSet<Scope>,
        seal: &Seal,
    ) -> Option<SecretString> {
        let wanted =
            |g: &Grant| g.bearer == bearer && g.scopes == *scopes && g.expires_at.is_none();
        let (number, _) = self.grants.iter().find(|(_, grant)| wanted(grant))?;
        Some(token(*number, bearer, seal))
    }

    /// What a token allows now; `None` for one that is unknown or has ended.
    pub(crate) fn of_token(&self, token: &str, seal: &Seal, now: Timestamp) -> Option<&Grant> {
        let grant = self.grants.get(&number(token, seal)?)?;
        let is_over = grant.is_revoked || grant.expires_at.is_some_and(|end| end <= now);
        (!is_over).then_some(grant)
    }

    /// Ends a token; answers whether it was one of these.
    pub(crate) fn revoke(&mut self, token: &str, seal: &Seal) -> bool {
        let grant = number(token, seal).and_then(|number| self.grants.get_mut(&number));
        grant.map(|grant| grant.is_revoked = true).is_some()
    }
}

fn token(number: u64, bearer: Bearer, seal: &Seal) -> SecretString {
    match bearer {
        Bearer::User(_) => seal.close_number(USER, number).into(),
        Bearer::App => format!("{APP_ONLY_MARK}{}", seal.close_number(APP, number)).into(),
    }
}

fn number(token: &str, seal: &Seal) -> Option<u64> {
    match token.strip_prefix(APP_ONLY_MARK) {
        Some(sealed) => seal.open_number(APP, sealed),
        None => seal.open_number(USER, token),
    }
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
            is_revoked: false,
        };
        let token = grants.add(grant.clone(), &seal);
        let token = token.expose_secret();
        assert_eq!(grants.of_token(token, &seal, NOW), Some(&grant));
        assert_eq!(grants.of_token(token, &seal, end), None);
        assert_eq!(grants.of_token("not-a-token", &seal, NOW), None);
        assert_eq!(grants.of_token(token, &Seal::of(8), NOW), None, "of another world");
    }

    #[test]
    fn a_revoked_token_stays_the_standing_one_and_allows_nothing() {
        let (seal, mut grants) = (Seal::of(7), Grants::default());
        let (bearer, scopes) = (Bearer::App, BTreeSet::new());
        let grant = Grant { bearer, scopes: scopes.clone(), expires_at: None, is_revoked: false };
        let token = grants.add(grant, &seal);
        assert!(token.expose_secret().starts_with(&"A".repeat(21)));
        assert!(grants.revoke(token.expose_secret(), &seal));
        assert_eq!(grants.of_token(token.expose_secret(), &seal, NOW), None);
        let standing = grants.standing(bearer, &scopes, &seal).expect("it was made");
        assert_eq!(standing.expose_secret(), token.expose_secret());
        assert!(!grants.revoke("not-a-token", &seal));
    }
}
