//! Where tokens come from, over HTTP.

mod builder;
mod oauth1;
mod oauth2;
mod refusal;

use std::fmt;

use blocks_domain::Scope;
use blocks_ports::{App, RequestToken};
use url::Url;

pub use self::builder::HttpTokenIssuerBuilder;
use crate::connection::Connection;
use crate::oauth1::ServerTime;
use crate::{AuthorizationError, AuthorizationRequest};

/// The token endpoints of X over HTTP: [`TokenIssuer`](blocks_ports::TokenIssuer) for OAuth 2.0,
/// [`RequestTokenIssuer`](blocks_ports::RequestTokenIssuer) for OAuth 1.0a.
///
/// One call is one request, nothing is tried again, and no redirect is followed. No error shows
/// what was sent, should the server send it back, nor anything of an answer that can hold tokens.
///
/// A public client names itself in the body of a request, a confidential one by HTTP Basic.
///
/// ```no_run
/// use blocks_domain::Scope;
/// use blocks_http::HttpTokenIssuer;
/// use blocks_ports::{App, TokenIssuer};
///
/// # async fn sign_in(came_back_with: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let issuer = HttpTokenIssuer::builder().build()?;
/// let mut app = App::new("my app", "client-id");
/// app.redirect_uri = Some("http://127.0.0.1:8080/callback".to_owned());
///
/// // Without `offline.access` there is no refresh token, and the sign-in ends after two hours.
/// let scopes = [&Scope::FOR_READING[..], &[Scope::OfflineAccess]].concat();
/// let request = issuer.authorization(&app, &scopes)?;
/// println!("Open {}", request.url());
/// let grant = request.read_redirect(came_back_with)?;
/// let tokens = issuer.exchange(&app, &grant).await?;
/// # Ok(())
/// # }
/// ```
pub struct HttpTokenIssuer {
    connection: Connection,
    time: ServerTime,
}

impl HttpTokenIssuer {
    /// Begins an issuer that speaks to `https://api.x.com`.
    pub fn builder() -> HttpTokenIssuerBuilder {
        HttpTokenIssuerBuilder::default()
    }

    /// Begins a sign-in with OAuth 2.0: a request that a person answers at the authorize page.
    ///
    /// # Errors
    /// The app has no redirect URI, or one that is no URL.
    pub fn authorization(
        &self,
        app: &App,
        scopes: &[Scope],
    ) -> Result<AuthorizationRequest, AuthorizationError> {
        let page = self.connection.api_url.authorize_page();
        AuthorizationRequest::new(page, app, scopes)
    }

    /// The page at which a person authorizes a request token of OAuth 1.0a.
    #[must_use]
    pub fn authorize_page(&self, request: &RequestToken) -> Url {
        let mut url = self.connection.api_url.path("/oauth/authorize");
        url.query_pairs_mut().append_pair("oauth_token", &request.token);
        url
    }
}

impl fmt::Debug for HttpTokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTokenIssuer")
            .field("api_url", &self.connection.api_url)
            .finish_non_exhaustive()
    }
}
