//! Making a client.

use std::sync::Arc;
use std::time::Duration;

use blocks_ports::{AccountName, BoxError, CredentialSource};
use reqwest::header::HeaderValue;
use reqwest::{Client, redirect, retry};
use rustls::crypto::{CryptoProvider, ring};

use crate::HttpApi;
use crate::url::ApiUrl;

/// Makes an [`HttpApi`]; begin with [`HttpApi::builder`].
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use blocks_http::{HttpApi, Timeouts};
/// use blocks_ports::{Credential, FixedCredential};
///
/// let token = Arc::new(FixedCredential::new(Credential::bearer("s3cret")));
/// let second = Duration::from_secs(1);
/// let api = HttpApi::builder("main".parse()?, token)
///     .api_url("http://localhost:8080")
///     .timeouts(Timeouts::new(second, 5 * second, 30 * second))
///     .max_body(4 << 20)
///     .user_agent("my-tool/1.0")
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct HttpApiBuilder {
    account: AccountName,
    credentials: Arc<dyn CredentialSource>,
    api_url: String,
    timeouts: Timeouts,
    max_body: usize,
    user_agent: String,
}

impl HttpApiBuilder {
    pub(crate) fn new(account: AccountName, credentials: Arc<dyn CredentialSource>) -> Self {
        Self {
            account,
            credentials,
            api_url: "https://api.x.com".to_owned(),
            timeouts: Timeouts::default(),
            max_body: 64 << 20,
            user_agent: concat!("blocks/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Speaks to another server than `https://api.x.com`.
    ///
    /// The address may have a path in front of `/2`. It has no user name, query or fragment, and
    /// is an `https` one, except on loopback (`127.0.0.0/8`, `::1`, `localhost`).
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = url.into();
        self
    }

    /// Waits shorter or longer than [`Timeouts::default`].
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Reads answers of at most so many bytes, counted after decompression; 64 MiB by default.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Introduces itself otherwise than as `blocks/` and the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The client.
    ///
    /// # Errors
    /// The address or the user agent cannot be used, or the system has no TLS certificates.
    pub fn build(self) -> Result<HttpApi, BuildError> {
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
        Ok(HttpApi::new(http, api_url, self.account, self.credentials, self.max_body))
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
