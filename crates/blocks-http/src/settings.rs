//! What every client of this crate can be told.

use std::time::Duration;

use blocks_ports::BoxError;
use reqwest::header::HeaderValue;
use reqwest::{Client, redirect, retry};
use rustls::crypto::{CryptoProvider, ring};

use crate::connection::Connection;
use crate::url::ApiUrl;

/// Where the API is and how to speak to it, as a builder collects it.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) api_url: String,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_body: usize,
    pub(crate) user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_url: "https://api.x.com".to_owned(),
            timeouts: Timeouts::default(),
            max_body: 64 << 20,
            user_agent: concat!("blocks/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl Settings {
    /// An HTTP client that follows them; it connects when it is used.
    pub(crate) fn connect(self) -> Result<Connection, BuildError> {
        let api_url = ApiUrl::parse(&self.api_url)?;
        let user_agent =
            HeaderValue::try_from(self.user_agent).map_err(|_| BuildError::UserAgent)?;
        install_crypto();
        let mut client = Client::builder()
            .user_agent(user_agent)
            .connect_timeout(self.timeouts.connect)
            .read_timeout(self.timeouts.idle)
            .timeout(self.timeouts.total)
            // A token must not wander to where an answer points.
            .redirect(redirect::Policy::none())
            .retry(retry::never());
        if api_url.is_loopback() {
            client = client.no_proxy();
        }
        if !api_url.is_encrypted() {
            // TLS is never spoken here, so a machine without certificates can be served as well.
            client = client.tls_certs_only([]);
        }
        let http = client.build().map_err(|source| BuildError::Client { source: source.into() })?;
        Ok(Connection::new(http, api_url, self.max_body))
    }
}

/// Sees to a cryptography provider, without which reqwest panics; one that is there stays.
fn install_crypto() {
    if CryptoProvider::get_default().is_none() {
        // An error says that another thread was faster, which is as good.
        let _ = ring::default_provider().install_default();
    }
}

/// How long a request may take.
///
/// ```
/// use std::time::Duration;
/// use blocks_http::Timeouts;
///
/// assert_eq!(Timeouts::default().connect, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Until a connection stands; 10 s by default.
    pub connect: Duration,
    /// Without a byte of the answer; 30 s by default.
    pub idle: Duration,
    /// From beginning to connect to the last byte of the answer; 120 s by default.
    pub total: Duration,
}

impl Timeouts {
    /// The three lengths.
    #[must_use]
    pub const fn new(connect: Duration, idle: Duration, total: Duration) -> Self {
        Self { connect, idle, total }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new(Duration::from_secs(10), Duration::from_secs(30), Duration::from_secs(120))
    }
}

/// Why there is no client.
///
/// No variant quotes the address, which may hold a password by mistake.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The API address cannot be read.
    #[error("the API address is no URL; it looks like https://api.x.com")]
    #[non_exhaustive]
    Url {
        /// What is wrong with it.
        source: BoxError,
    },
    /// The API address is not one of the web.
    #[error("the API address begins with `{scheme}:`; it must begin with `https:`")]
    #[non_exhaustive]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// The API address has a part that it must not have.
    #[error("the API address holds {part}; it must be a scheme, a host and perhaps a path")]
    #[non_exhaustive]
    UrlPart {
        /// The part, in words.
        part: &'static str,
    },
    /// The token would go over the network unencrypted.
    #[error(
        "the API address on `{host}` must begin with `https:`; only this machine itself is spoken \
         to unencrypted"
    )]
    #[non_exhaustive]
    Insecure {
        /// The host.
        host: String,
    },
    /// The user agent holds characters that no header can carry.
    #[error("the user agent holds characters that no header can carry")]
    UserAgent,
    /// The HTTP client cannot be set up, such as for want of TLS certificates.
    #[error("the HTTP client cannot be set up")]
    #[non_exhaustive]
    Client {
        /// Why.
        source: BoxError,
    },
}
