//! Authorization codes, and the proof that the one who asked for a code is the one who trades it.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blocks_domain::Scope;
use blocks_ports::AuthorizationGrant;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::consents::AuthorizationRequest;
use super::{Client, scope_words};
use crate::world::people::Person;
use crate::world::time::after;

/// How long a code lives, as at X.
const LIFETIME: Duration = Duration::from_secs(30);

/// All codes, by number; none is forgotten, so that a second use is noticed whenever it comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Codes(Vec<Code>);

/// A code, and what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    client: Client,
    pub(super) user: Person,
    #[serde(with = "scope_words")]
    pub(super) scopes: BTreeSet<Scope>,
    redirect_uri: String,
    challenge: Challenge,
    made_at: Timestamp,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    Unused,
    Refused,
    TradedFor(u32),
}

/// The challenge of a code (RFC 7636), kept as S256 writes it, whichever method it came by: so no
/// verifier is ever stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Challenge(String);

impl Challenge {
    /// Whether a text can be a challenge or a verifier: 43 to 128 unreserved characters.
    pub(crate) fn can_be(text: &str) -> bool {
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)
    }

    /// A challenge of the method S256.
    #[cfg(feature = "server")]
    pub(crate) const fn s256(challenge: String) -> Self {
        Self(challenge)
    }

    /// The challenge that a verifier meets, which is all that the method `plain` says.
    pub(crate) fn of_verifier(verifier: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)))
    }
}

impl Codes {
    pub(super) const fn count(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) fn add(&mut self, code: Code) -> u64 {
        self.0.push(code);
        self.count() - 1
    }

    /// A code that was given out to a client.
    pub(super) fn of_client(&mut self, number: u64, client: Client) -> Option<&mut Code> {
        let code = self.0.get_mut(usize::try_from(number).ok()?)?;
        (code.client == client).then_some(code)
    }
}

impl Code {
    pub(super) fn new(request: AuthorizationRequest, user: Person, now: Timestamp) -> Self {
        Self {
            client: request.client,
            user,
            scopes: request.scopes,
            redirect_uri: request.redirect_uri,
            challenge: request.challenge,
            made_at: now,
            fate: Fate::Unused,
        }
    }

    /// The family of tokens that the code was traded for, if it was.
    pub(super) const fn traded_for(&self) -> Option<u32> {
        match self.fate {
            Fate::TradedFor(family) => Some(family),
            Fate::Unused | Fate::Refused => None,
        }
    }

    /// Whether the code may be traded for tokens; it may be tried once.
    pub(super) fn try_once(&mut self, grant: &AuthorizationGrant, now: Timestamp) -> bool {
        let is_new = self.fate == Fate::Unused;
        let verifier = grant.code_verifier.expose_secret();
        self.fate = Fate::Refused;
        is_new
            && now < after(self.made_at, LIFETIME)
            && self.redirect_uri == grant.redirect_uri
            && Challenge::can_be(verifier)
            && self.challenge == Challenge::of_verifier(verifier)
    }

    pub(super) const fn was_traded_for(&mut self, family: u32) {
        self.fate = Fate::TradedFor(family);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_fits() {
        let challenge = Challenge::of_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge.0, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_has_its_length_and_its_characters() {
        for (text, is_one) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("a-._~Z9".repeat(18), true),
            ("a".repeat(129), false),
            ("a=".repeat(30), false),
        ] {
            assert_eq!(Challenge::can_be(&text), is_one, "{text}");
        }
    }

    #[test]
    fn a_verifier_that_is_none_fits_no_challenge() {
        let (redirect_uri, short) = ("http://127.0.0.1/".to_owned(), "short");
        let request = AuthorizationRequest {
            client: Client::Public,
            redirect_uri: redirect_uri.clone(),
            scopes: BTreeSet::new(),
            state: String::new().into(),
            challenge: Challenge::of_verifier(short),
        };
        let mut code = Code::new(request, Person::new(1), Timestamp::UNIX_EPOCH);
        let grant = AuthorizationGrant::new("code", short, redirect_uri);
        assert!(!code.try_once(&grant, Timestamp::UNIX_EPOCH));
    }
}
