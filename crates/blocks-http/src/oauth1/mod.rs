//! Signing requests with OAuth 1.0a (RFC 5849, section 3) by HMAC-SHA1.
//!
//! [`HttpApi`](crate::HttpApi) signs by itself; this module is for calls that it does not make.
//!
//! ```
//! use blocks_http::oauth1::{Signer, Stamp, Unsigned};
//! use blocks_ports::OAuth1Credential;
//! use url::Url;
//!
//! let credential = OAuth1Credential::new("key", "k3y-secret", "token", "t0ken-secret");
//! let url: Url = "https://api.x.com/2/users/12/blocking?max_results=10".parse()?;
//! let stamp = Stamp::new("7d8f3e4a", "2026-08-07T12:00:00Z".parse()?);
//!
//! let signed = Signer::from(&credential).sign(&Unsigned::new("GET", &url), &stamp);
//! assert_eq!(signed.signature(), "gIUpMc0y7OwZQjFx6bwLq8S/ZnA=");
//! assert!(signed.header().starts_with(r#"OAuth oauth_consumer_key="key","#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base_string;
mod server_time;

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blocks_ports::{Consumer, OAuth1Credential};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use url::Url;

use self::base_string::{Parameters, encode};
pub(crate) use self::server_time::ServerTime;

/// Signs requests in the name of an app, and of a user who signed in through it.
///
/// `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Signer {
    consumer: Consumer,
    token: Option<(String, SecretString)>,
}

impl Signer {
    /// Signs for the app alone, as a request for a request token is.
    #[must_use]
    pub fn new(consumer: Consumer) -> Self {
        Self { consumer, token: None }
    }

    /// Signs with a token as well: a user's, or a request token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        self.token = Some((token.into(), secret.into()));
        self
    }

    /// Signs a request.
    ///
    /// The same request, stamp and secrets always give the same signature. A stamp is good for
    /// one request: a server refuses a nonce that it has seen.
    #[must_use]
    pub fn sign(&self, request: &Unsigned<'_>, stamp: &Stamp) -> Signed {
        let mut protocol = self.protocol(stamp);
        protocol.extend(request.protocol.iter().copied());
        let base_string = Parameters::default()
            .with_form(request.url.query().unwrap_or_default())
            .with_form(request.form)
            .with_plain(&protocol)
            .base_string(request.method, request.url);
        let signature = self.hmac(&base_string);
        protocol.push(("oauth_signature", &signature));
        protocol.sort_unstable();
        let pairs = protocol.iter().map(|(name, value)| format!(r#"{name}="{}""#, encode(value)));
        let header = format!("OAuth {}", pairs.collect::<Vec<_>>().join(", "));
        Signed { signature, base_string, header }
    }

    fn protocol<'a>(&'a self, stamp: &'a Stamp) -> Vec<(&'a str, &'a str)> {
        let mut pairs = vec![
            ("oauth_consumer_key", self.consumer.key.as_str()),
            ("oauth_nonce", &stamp.nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", &stamp.seconds),
            ("oauth_version", "1.0"),
        ];
        pairs.extend(self.token.iter().map(|(token, _)| ("oauth_token", token.as_str())));
        pairs
    }

    /// The HMAC-SHA1 of a text under both secrets, in Base64 (section 3.4.2).
    fn hmac(&self, text: &str) -> String {
        let token_secret = self.token.as_ref().map_or("", |(_, secret)| secret.expose_secret());
        let consumer_secret = self.consumer.secret.expose_secret();
        let key =
            SecretString::from(format!("{}&{}", encode(consumer_secret), encode(token_secret)));
        let mut mac = Hmac::<Sha1>::new_from_slice(key.expose_secret().as_bytes())
            .expect("a key of any length will do");
        mac.update(text.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// Signs for a user.
impl From<&OAuth1Credential> for Signer {
    fn from(credential: &OAuth1Credential) -> Self {
        Self::new(Consumer::new(
            credential.consumer_key.clone(),
            credential.consumer_secret.clone(),
        ))
        .with_token(credential.token.clone(), credential.token_secret.clone())
    }
}

/// A request as far as the signature is about it.
#[derive(Debug, Clone)]
pub struct Unsigned<'a> {
    method: &'a str,
    url: &'a Url,
    form: &'a str,
    protocol: Vec<(&'a str, &'a str)>,
}

impl<'a> Unsigned<'a> {
    /// A request of this method to this address, whose query is signed, as it is sent.
    ///
    /// A body that is no form, such as JSON, is not signed (section 3.4.1.3.1).
    #[must_use]
    pub const fn new(method: &'a str, url: &'a Url) -> Self {
        Self { method, url, form: "", protocol: Vec::new() }
    }

    /// The same with a body of the type `application/x-www-form-urlencoded`, as it is sent.
    #[must_use]
    pub const fn with_form(mut self, body: &'a str) -> Self {
        self.form = body;
        self
    }

    /// The same with a further parameter of the header, such as `oauth_callback`, not encoded.
    #[must_use]
    pub fn with_protocol(mut self, name: &'a str, value: &'a str) -> Self {
        self.protocol.push((name, value));
        self
    }
}

/// When a request is signed, and a word that makes it like no other (section 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    nonce: String,
    seconds: String,
}

impl Stamp {
    /// A stamp of this time, which is the server's and not before 1970, with a random nonce.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self::new(format!("{:032x}", rand::random::<u128>()), now)
    }

    /// A stamp with a nonce of one's own.
    #[must_use]
    pub fn new(nonce: impl Into<String>, now: Timestamp) -> Self {
        Self { nonce: nonce.into(), seconds: now.as_second().to_string() }
    }
}

/// What makes a signed request of an unsigned one.
///
/// `Debug` hides the signature and the header, with which the request could be sent.
#[derive(Clone)]
pub struct Signed {
    signature: String,
    base_string: String,
    header: String,
}

impl Signed {
    /// The value of the header `Authorization`, to be sent.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The signature, in Base64.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The text that was signed; a server that refuses the signature has another.
    #[must_use]
    pub fn base_string(&self) -> &str {
        &self.base_string
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").finish_non_exhaustive()
    }
}
