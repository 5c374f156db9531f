//! Making an issuer.

use std::sync::Arc;
use std::time::Duration;

use blocks_ports::Clock;

use crate::oauth1::ServerTime;
use crate::settings::Settings;
use crate::{BuildError, HttpTokenIssuer, Timeouts};

/// Makes an [`HttpTokenIssuer`]; begin with [`HttpTokenIssuer::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use blocks_http::{HttpTokenIssuer, Timeouts};
///
/// let second = Duration::from_secs(1);
/// let issuer = HttpTokenIssuer::builder()
///     .api_url("http://localhost:8080")
///     .timeouts(Timeouts::new(second, 5 * second, 30 * second))
///     .user_agent("my-tool/1.0")
///     .build()?;
/// # Ok::<(), blocks_http::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct HttpTokenIssuerBuilder {
    settings: Settings,
    time: ServerTime,
}

/// Shorter in all than any lease under which a refresh token is spent.
const TIMEOUTS: Timeouts =
    Timeouts::new(Duration::from_secs(10), Duration::from_secs(30), Duration::from_secs(30));

impl Default for HttpTokenIssuerBuilder {
    fn default() -> Self {
        /// More than any answer of a token endpoint has.
        const MAX_BODY: usize = 1 << 20;
        let settings = Settings { max_body: MAX_BODY, timeouts: TIMEOUTS, ..Settings::default() };
        Self { settings, time: ServerTime::default() }
    }
}

impl HttpTokenIssuerBuilder {
    /// Speaks to another server than `https://api.x.com`, as
    /// [`HttpApiBuilder::api_url`](crate::HttpApiBuilder::api_url) does.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.settings.api_url = url.into();
        self
    }

    /// Waits shorter or longer than 10 s for a connection, and 30 s for an answer in all.
    ///
    /// Under a lease the total must be shorter than that: a refresh token that is still under way
    /// when the lease ends could be spent twice.
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.settings.timeouts = timeouts;
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

    /// The issuer.
    ///
    /// # Errors
    /// The address or the user agent cannot be used, or the system has no TLS certificates.
    pub fn build(self) -> Result<HttpTokenIssuer, BuildError> {
        Ok(HttpTokenIssuer { connection: self.settings.connect()?, time: self.time })
    }
}
