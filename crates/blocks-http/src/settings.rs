//! What every client of this crate can be told.

use std::time::Duration;

use blocks_ports::BoxError;
use reqwest::header::HeaderValue;
use reqwest::{Client, ClientBuilder, redirect, retry};
use rustls::crypto::{CryptoProvider, ring};

use crate::activity::LiveConnection;
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
    pub(crate) fn connect(&self) -> Result<Connection, BuildError> {
        let Timeouts { idle, total, .. } = self.timeouts;
        self.connect_with(|client| client.read_timeout(idle).timeout(total))
    }

    /// The same for answers that are read while they come; their reader minds the time.
    ///
    /// Each has a connection of its own, which ends with it, and comes uncompressed, so that
    /// nothing of it waits for what comes later.
    pub(crate) fn connect_live(&self) -> Result<LiveConnection, BuildError> {
        let connection = self.connect_with(|client| client.pool_max_idle_per_host(0).gzip(false));
        Ok(LiveConnection::new(connection?, self.timeouts))
    }

    fn connect_with(
        &self,
        ways: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Connection, BuildError> {
        let api_url = ApiUrl::parse(&self.api_url)?;
        let user_agent =
            HeaderValue::try_from(&self.user_agent).map_err(|_| BuildError::UserAgent)?;
        install_crypto();
        let mut client = ways(Client::builder())
            .user_agent(user_agent)
            .connect_timeout(self.timeouts.connect)
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
/// let patient = Timeouts::default().with_stream(Duration::from_secs(90));
/// assert_eq!(patient.stream, Duration::from_secs(90));
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
    /// Without a byte of a stream of events; 45 s by default.
    ///
    /// X gives a sign of life at least every 20 s, so that a stream which is silent for longer is
    /// one whose connection has died unseen. It counts while somebody waits for the stream, and
    /// [`Self::total`] does not count there.
    pub stream: Duration,
}

impl Timeouts {
    /// The lengths for a call; those for a stream are the default ones.
    #[must_use]
    pub const fn new(connect: Duration, idle: Duration, total: Duration) -> Self {
        Self { connect, idle, total, stream: Duration::from_secs(45) }
    }

    /// The same with another length of silence that a stream may have.
    #[must_use]
    pub const fn with_stream(mut self, silence: Duration) -> Self {
        self.stream = silence;
        self
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
