//! The server of a run: X itself, another one, or the sandbox inside this program.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::SystemClock;
use blocks_fake::World;
use blocks_http::{BuildError, HttpApi, HttpTokenIssuer, Timeouts};
use blocks_ports::{AccountName, Clock, Credential, CredentialSource, FixedCredential};
use url::Url;

use crate::args::Globals;
use crate::embedded::Embedded;
use crate::environment::{self, variable};
use crate::exit::{Exit, Failed};
use crate::home::Home;
use crate::output::Output;

/// X's own address.
const X: &str = "https://api.x.com";

/// The environment variable that names another server; `--sandbox` does not look at it.
const API_URL: &str = "BLOCKS_API_URL";

/// Where the calls go, and whose time counts there.
pub(crate) struct Server {
    /// The address; `None` for X itself.
    url: Option<String>,
    silence: Duration,
    clock: Arc<dyn Clock>,
    /// The sandbox, where it runs inside this program; it lives as long as this value.
    embedded: Option<Embedded>,
}

/// Which server the flags and the environment ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// None: that of the account, or X.
    Unnamed,
    /// X itself.
    X,
    /// Another one.
    At(String),
}

impl Address {
    /// The address in a flag or in the environment. The sandbox inside this program has none.
    pub(crate) fn named(globals: &Globals) -> anyhow::Result<Self> {
        if globals.sandbox {
            return Ok(Self::Unnamed);
        }
        let named = match &globals.api_url {
            Some(url) => Some(url.clone()),
            None => variable(API_URL)?,
        };
        Ok(match named.map(|url| in_one_spelling(&url)) {
            None => Self::Unnamed,
            Some(url) if url == X => Self::X,
            Some(url) => Self::At(url),
        })
    }

    /// Whether an account that lives at `api_url` may be used here.
    pub(crate) fn admits(&self, api_url: Option<&str>) -> bool {
        match self {
            Self::Unnamed => true,
            Self::X => api_url.is_none(),
            Self::At(url) => api_url == Some(url),
        }
    }

    /// The address to speak to; `None` for X.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::At(url) => Some(url),
            Self::Unnamed | Self::X => None,
        }
    }
}

/// An address as it is compared: `HTTPS://API.x.com:443/` is X as well.
fn in_one_spelling(url: &str) -> String {
    let url = Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
    url.trim_end_matches('/').to_owned()
}

/// A server as people call it.
pub(crate) fn called(api_url: Option<&str>) -> &str {
    api_url.unwrap_or("X")
}

impl Server {
    /// The server at an address, or X.
    pub(crate) fn remote(globals: &Globals, url: Option<String>) -> Self {
        let silence = Duration::from_secs(globals.timeout);
        Self { url, silence, clock: Arc::new(SystemClock), embedded: None }
    }

    /// The sandbox inside this program.
    pub(crate) async fn embedded(
        globals: &Globals,
        home: &Home,
        output: Output,
    ) -> anyhow::Result<Self> {
        let embedded = Embedded::start(home, output).await?;
        let clock = if globals.real_time { Arc::new(SystemClock) } else { embedded.clock() };
        let silence = Duration::from_secs(globals.timeout);
        Ok(Self { url: Some(embedded.url()), silence, clock, embedded: Some(embedded) })
    }

    /// The server as people call it.
    pub(crate) fn name(&self) -> &str {
        if self.embedded.is_some() { "the sandbox" } else { called(self.url.as_deref()) }
    }

    /// What an account that lives here remembers of it: the sandbox's address is a new one each
    /// time, and means nothing later.
    pub(crate) fn lasting_url(&self) -> Option<&str> {
        self.url.as_deref().filter(|_| self.embedded.is_none())
    }

    /// The world of the sandbox, where it runs inside this program.
    pub(crate) fn world(&self) -> Option<&World> {
        self.embedded.as_ref().map(Embedded::world)
    }

    /// The clock by which tokens expire and windows end.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The app's own bearer token: that of the sandbox inside this program, or the one in the
    /// environment.
    ///
    /// That one belongs to the server that the flags or the environment name, or to X; an account
    /// that lives elsewhere does not take it along.
    pub(crate) fn app_token(&self, globals: &Globals) -> anyhow::Result<Option<Credential>> {
        if let Some(world) = self.world() {
            return Ok(Some(Credential::bearer(world.app_only_token())));
        }
        if Address::named(globals)?.url() != self.url.as_deref() {
            return Ok(None);
        }
        environment::app_token()
    }

    /// The API, on behalf of an account, and of the app where its token is at hand.
    pub(crate) fn api(
        &self,
        account: AccountName,
        credentials: Arc<dyn CredentialSource>,
        app: Option<Credential>,
    ) -> anyhow::Result<HttpApi> {
        let connect = self.silence.min(Timeouts::default().connect);
        let mut builder = HttpApi::builder(account, credentials).timeouts(Timeouts::new(
            connect,
            self.silence,
            4 * self.silence,
        ));
        if let Some(url) = &self.url {
            builder = builder.api_url(url);
        }
        if let Some(app) = app {
            builder = builder.app(Arc::new(FixedCredential::new(app)));
        }
        builder.build().map_err(unusable)
    }

    /// Where tokens come from.
    pub(crate) fn issuer(&self) -> anyhow::Result<HttpTokenIssuer> {
        /// Less than a lease, so that nobody else spends a refresh token that is still under way.
        const LONGEST: Duration = Duration::from_secs(45);
        let silence = self.silence.min(Timeouts::default().idle);
        let connect = silence.min(Timeouts::default().connect);
        let mut builder =
            HttpTokenIssuer::builder().timeouts(Timeouts::new(connect, silence, LONGEST));
        if let Some(url) = &self.url {
            builder = builder.api_url(url);
        }
        builder.build().map_err(unusable)
    }

    /// Ends the sandbox, if it runs inside this program, and keeps its world for the next run.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self.embedded {
            Some(embedded) => embedded.stop().await,
            None => Ok(()),
        }
    }
}

fn unusable(error: BuildError) -> anyhow::Error {
    let failed = Failed::new(Exit::Usage, "cannot use this address")
        .remedy(format!("An address looks like {X} or http://127.0.0.1:8080."));
    anyhow::Error::new(error).context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_has_one_spelling() {
        for url in ["https://api.x.com", "HTTPS://API.X.com", "https://api.x.com:443/"] {
            assert_eq!(in_one_spelling(url), X);
        }
        assert_eq!(in_one_spelling("http://127.1:80/a/"), "http://127.0.0.1/a");
        assert_eq!(in_one_spelling("no address"), "no address");
    }
}
