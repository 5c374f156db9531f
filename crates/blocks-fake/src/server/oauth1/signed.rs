//! Requests signed with OAuth 1.0a (RFC 5849, section 3).

use std::fmt;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;

use super::nonces::Nonces;
use crate::World;
use crate::server::Incoming;
use crate::server::form::{FORM, encoded};
use crate::server::query::{decoded, pairs};

/// A request with a signature, which may be right or wrong.
pub(crate) struct Signed {
    /// The parameters of the header, `realm` and the signature among them.
    protocol: Vec<(String, String)>,
    /// What is signed.
    base: String,
}

impl Signed {
    /// Reads a request with an `Authorization: OAuth` header; `None` when it has none, or not in
    /// the way that the standard has it.
    pub(crate) fn read(incoming: &Incoming) -> Option<Self> {
        let head = &incoming.head;
        let protocol = parameters_of_header(&head.headers)?;
        let mut others = pairs(incoming.query());
        if incoming.is_of_type(FORM) {
            others.extend(pairs(std::str::from_utf8(&incoming.body).ok()?));
        }
        // Stricter than X: the parameters of the protocol stand in the header and nowhere else.
        if others.iter().any(|(name, _)| name.starts_with("oauth_")) {
            return None;
        }
        let uri = base_uri(head)?;
        let signed = protocol.iter().filter(|(name, _)| name != "realm" && name != SIGNATURE);
        let parameters = normalized(signed.chain(&others));
        let method = head.method.as_str().to_uppercase();
        let base = format!("{method}&{}&{}", encoded(&uri), encoded(&parameters));
        Some(Self { protocol, base })
    }

    /// A parameter of the header.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.protocol.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The token that the request is made with.
    pub(crate) fn token(&self) -> Option<&str> {
        self.get("oauth_token")
    }

    /// Whether the world's app signed this with the secret of the token, now, and for the first
    /// time; `now` is the real time, whatever the world's clock says.
    pub(crate) fn is_genuine(
        &self,
        world: &World,
        token_secret: Option<&SecretString>,
        now: Timestamp,
    ) -> bool {
        let consumer = world.consumer();
        let token_secret = token_secret.map(ExposeSecret::expose_secret).unwrap_or_default();
        let is_understood = self.get("oauth_consumer_key") == Some(&consumer.key)
            && self.get("oauth_signature_method") == Some("HMAC-SHA1")
            && self.get("oauth_version").is_none_or(|version| version == "1.0");
        let Some(second) = self.second() else { return false };
        let Some(nonce) = self.get("oauth_nonce") else { return false };
        let parts = [&*consumer.key, self.token().unwrap_or_default(), nonce];
        is_understood
            && Nonces::is_timely(second, now)
            && self.is_signed_with(consumer.secret.expose_secret(), token_secret)
            // Last, so that nobody but the app can fill the memory for nonces.
            && world.nonces().take(second, parts, now)
    }

    fn second(&self) -> Option<i64> {
        let text = self.get("oauth_timestamp")?;
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    }

    fn is_signed_with(&self, consumer_secret: &str, token_secret: &str) -> bool {
        let signature = self.get(SIGNATURE).and_then(|text| STANDARD.decode(text).ok());
        let Some(signature) = signature else { return false };
        let key = format!("{}&{}", encoded(consumer_secret), encoded(token_secret));
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return false };
        mac.update(self.base.as_bytes());
        mac.verify_slice(&signature).is_ok()
    }
}

/// A signature is no secret, but a text to sign can hold some.
impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signed")
    }
}

const SIGNATURE: &str = "oauth_signature";

/// The parameters of the only `Authorization` header, each there once and in quotes.
fn parameters_of_header(headers: &HeaderMap) -> Option<Vec<(String, String)>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, list) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("oauth") {
        return None;
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    for part in list.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        let name = decoded(name, false);
        if parameters.iter().any(|(other, _)| *other == name) {
            return None;
        }
        parameters.push((name, decoded(value, false)));
    }
    Some(parameters)
}

/// Scheme, authority and path, as they are signed; the sandbox speaks plain HTTP.
fn base_uri(head: &Parts) -> Option<String> {
    let host = head.headers.get(header::HOST).map(|host| host.to_str());
    let host = match host {
        Some(host) => host.ok()?,
        None => head.uri.authority()?.as_str(),
    };
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(":80").unwrap_or(&host);
    Some(format!("http://{host}{}", head.uri.path()))
}

/// The parameters, encoded, in order, and joined (RFC 5849, section 3.4.1.3.2).
fn normalized<'a>(parameters: impl Iterator<Item = &'a (String, String)>) -> String {
    let encode =
        |(name, value): &(String, String)| (encoded(name).to_string(), encoded(value).to_string());
    let mut all: Vec<_> = parameters.map(encode).collect();
    all.sort_unstable();
    let joined: Vec<_> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    joined.join("&")
}

#[cfg(test)]
mod tests;
