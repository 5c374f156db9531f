//! Making a client.

use std::sync::Arc;

use blocks_ports::{AccountName, Clock, CredentialSource};

use crate::client::Sources;
use crate::oauth1::ServerTime;
use crate::settings::Settings;
use crate::{BuildError, HttpApi, Timeouts};

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
/// let of_app = Arc::new(FixedCredential::new(Credential::bearer("4pp-s3cret")));
/// let second = Duration::from_secs(1);
/// let api = HttpApi::builder("main".parse()?, token)
///     .app(of_app)
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
    app: Option<Arc<dyn CredentialSource>>,
    settings: Settings,
    time: ServerTime,
}

impl HttpApiBuilder {
    pub(crate) fn new(account: AccountName, credentials: Arc<dyn CredentialSource>) -> Self {
        Self {
            account,
            credentials,
            app: None,
            settings: Settings::default(),
            time: ServerTime::default(),
        }
    }

    /// Makes the calls of the app with what this source hands out: its own bearer token, from
    /// "Keys and tokens" in X's developer portal.
    ///
    /// Those are the calls that list and delete subscriptions, and that open the stream of events;
    /// a user's sign-in does not do for them. Without this they fail before anything is sent.
    pub fn app(mut self, credentials: Arc<dyn CredentialSource>) -> Self {
        self.app = Some(credentials);
        self
    }

    /// Speaks to another server than `https://api.x.com`.
    ///
    /// The address may have a path in front of `/2`. It has no user name, query or fragment, and
    /// is an `https` one, except on loopback (`127.0.0.0/8`, `::1`, `localhost`).
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.settings.api_url = url.into();
        self
    }

    /// Waits shorter or longer than [`Timeouts::default`].
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.settings.timeouts = timeouts;
        self
    }

    /// Reads answers of at most so many bytes, counted after decompression; 64 MiB by default.
    ///
    /// A line of a stream has no more than that either, and at most 1 MiB.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// Introduces itself otherwise than as `blocks/` and the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.settings.user_agent = user_agent.into();
        self
    }

    /// Takes the time of OAuth 1.0a signatures from this clock, not from the system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.time = ServerTime::told_by(clock);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// The address or the user agent cannot be used, or the system has no TLS certificates.
    pub fn build(self) -> Result<HttpApi, BuildError> {
        let connections = (self.settings.connect()?, self.settings.connect_live()?);
        let sources = Sources { user: self.credentials, app: self.app };
        Ok(HttpApi::new(connections, self.account, sources, self.time))
    }
}
