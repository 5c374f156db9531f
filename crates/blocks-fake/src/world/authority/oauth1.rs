//! What OAuth 1.0a needs of the authority: the consumer, request tokens and sign-ins.

use blocks_ports::{Consumer, OAuth1Credential, OUT_OF_BAND, RequestToken};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{Authority, Bearer, Identity, Rights};
use crate::world::people::Person;

const SIGN_IN: &[u8] = b"oauth1 token";
const SIGN_IN_SECRET: &[u8] = b"oauth1 token secret";
const REQUEST: &[u8] = b"request token";
const REQUEST_SECRET: &[u8] = b"request token secret";
const REQUEST_VERIFIER: &[u8] = b"request token verifier";

impl Authority {
    /// The app's key and secret.
    pub(crate) fn consumer(&self) -> Consumer {
        let secret = self.seal.close_number(b"consumer secret", 0);
        Consumer::new(self.seal.close_number(b"consumer key", 0), secret)
    }

    /// Whether this is the app, with its secret.
    pub(crate) fn knows(&self, consumer: &Consumer) -> bool {
        let known = self.consumer();
        known.key == consumer.key && known.secret.expose_secret() == consumer.secret.expose_secret()
    }

    /// A request token, if people may be sent to the callback.
    pub(crate) fn request_token(&mut self, callback: &str, now: Timestamp) -> Option<RequestToken> {
        if callback != OUT_OF_BAND && !self.is_redirect_uri(callback) {
            return None;
        }
        let number = self.records.request_tokens.add(callback.to_owned(), now);
        Some(self.request_token_of(number))
    }

    /// The number of a request token, whatever has become of it.
    pub(crate) fn request_number(&self, token: &str) -> Option<u64> {
        self.seal.open_number(REQUEST, token)
    }

    /// The secret of a request token, whatever has become of it.
    pub(crate) fn request_secret(&self, token: &str) -> Option<SecretString> {
        Some(self.request_token_of(self.request_number(token)?).secret)
    }

    /// The request token of a number.
    pub(crate) fn request_token_of(&self, number: u64) -> RequestToken {
        let secret = self.seal.close_number(REQUEST_SECRET, number);
        RequestToken::new(self.seal.close_number(REQUEST, number), secret)
    }

    /// Where a request token that nobody has decided about leads back to.
    #[cfg(feature = "server")]
    pub(crate) fn undecided_callback(&self, number: u64, now: Timestamp) -> Option<String> {
        let token = self.records.request_tokens.undecided(number, now)?;
        Some(token.callback.clone())
    }

    /// Authorizes a request token, and tells its verifier: a PIN, where it goes out of band.
    pub(crate) fn authorize_request(
        &mut self,
        number: u64,
        user: Person,
        now: Timestamp,
    ) -> Option<SecretString> {
        let is_authorized = self.records.request_tokens.authorize(number, user, now);
        self.verifier(number, now).filter(|_| is_authorized)
    }

    /// Denies a request token; answers whether there was anything to decide.
    #[cfg(feature = "server")]
    pub(crate) fn deny_request(&mut self, number: u64, now: Timestamp) -> bool {
        self.records.request_tokens.deny(number, now)
    }

    /// Trades a request token for a sign-in.
    pub(crate) fn access_token(
        &mut self,
        token: &str,
        verifier: &SecretString,
        now: Timestamp,
    ) -> Option<(Person, OAuth1Credential)> {
        let number = self.request_number(token)?;
        let right = self.verifier(number, now)?;
        let is_right = right.expose_secret() == verifier.expose_secret();
        let user = self.records.request_tokens.trade(number, is_right, now)?;
        Some((user, self.oauth1_credential(user)))
    }

    /// The sign-in of a user; the same until it is ended.
    pub(crate) fn oauth1_credential(&mut self, user: Person) -> OAuth1Credential {
        let number = self.records.sign_ins.of_user(user);
        let Consumer { key, secret, .. } = self.consumer();
        // Like X's, such a token begins with the id of its user.
        let sealed = self.seal.close_number(SIGN_IN, number);
        let token = format!("{}-{sealed}", self.people.id(user));
        let token_secret = self.seal.close_number(SIGN_IN_SECRET, number);
        OAuth1Credential::new(key, secret, token, token_secret)
    }

    /// The secret of a sign-in that works.
    pub(crate) fn sign_in_secret(&self, token: &str) -> Option<SecretString> {
        let (number, _) = self.sign_in_of(token)?;
        Some(self.seal.close_number(SIGN_IN_SECRET, number).into())
    }

    /// Whether a sign-in works and these are its four values.
    pub(crate) fn holds(&self, credential: &OAuth1Credential) -> bool {
        let OAuth1Credential { consumer_key, consumer_secret, token, token_secret, .. } =
            credential;
        let secret = self.sign_in_secret(token);
        self.knows(&Consumer::new(consumer_key, consumer_secret.clone()))
            && secret.is_some_and(|known| known.expose_secret() == token_secret.expose_secret())
    }

    /// Who a sign-in speaks for, if it works; that the caller holds its secret must have been
    /// checked.
    pub(crate) fn of_sign_in(&self, token: &str) -> Option<Identity> {
        let (_, user) = self.sign_in_of(token)?;
        let may_write = !self.records.oauth1_is_read_only;
        Some(Identity { bearer: Bearer::User(user), rights: Rights::OfTheApp { may_write } })
    }

    /// Ends a sign-in.
    pub(crate) fn invalidate(&mut self, token: &str) {
        if let Some((number, _)) = self.sign_in_of(token) {
            self.records.sign_ins.end(number);
        }
    }

    /// Whether the app may write for those who signed in this way.
    pub(crate) const fn oauth1_may_write(&self) -> bool {
        !self.records.oauth1_is_read_only
    }

    pub(in crate::world) const fn set_oauth1_may_write(&mut self, may_write: bool) {
        self.records.oauth1_is_read_only = !may_write;
    }

    fn sign_in_of(&self, token: &str) -> Option<(u64, Person)> {
        let (user_id, sealed) = token.split_once('-')?;
        let number = self.seal.open_number(SIGN_IN, sealed)?;
        let user = self.records.sign_ins.user(number)?;
        (self.people.id(user).to_string() == user_id).then_some((number, user))
    }

    /// What proves that a person has authorized a request token.
    fn verifier(&self, number: u64, now: Timestamp) -> Option<SecretString> {
        let token = self.records.request_tokens.alive(number, now)?;
        let sealed = self.seal.close_number(REQUEST_VERIFIER, number);
        Some(if token.callback == OUT_OF_BAND { pin(&sealed) } else { sealed.into() })
    }
}

/// Seven digits that follow from a sealed text.
fn pin(sealed: &str) -> SecretString {
    let mixed = sealed.bytes().fold(0_u64, |sum, byte| {
        sum.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(u64::from(byte))
    });
    format!("{:07}", mixed % 10_000_000).into()
}
