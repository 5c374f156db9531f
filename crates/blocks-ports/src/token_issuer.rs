//! Where tokens come from.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{ApiError, App};

/// The token endpoint of OAuth 2.0 (RFC 6749, sections 4.1.3 and 6; RFC 7009).
///
/// # Contract
/// - `refresh` spends the refresh token: after a grant, and after
///   [`IssueError::InvalidGrant`], it must not be sent again.
/// - An [`IssueError::Api`] leaves open whether the token was spent.
/// - No implementation retries by itself.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TokenIssuer: fmt::Debug + Send + Sync + 'static {
    /// Trades an authorization code for tokens.
    async fn exchange(
        &self,
        app: &App,
        grant: &AuthorizationGrant,
    ) -> Result<TokenGrant, IssueError>;

    /// Trades a refresh token for new tokens.
    async fn refresh(
        &self,
        app: &App,
        refresh_token: &SecretString,
    ) -> Result<TokenGrant, IssueError>;

    /// Makes the server forget a token.
    async fn revoke(&self, app: &App, token: &SecretString) -> Result<(), IssueError>;
}

/// What came back from the authorize page, with what was kept for it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuthorizationGrant {
    /// The authorization code; X lets it live 30 seconds.
    pub code: SecretString,
    /// The verifier whose challenge went to the authorize page (RFC 7636).
    pub code_verifier: SecretString,
    /// The redirect URI that went to the authorize page, to the letter.
    pub redirect_uri: String,
}

impl AuthorizationGrant {
    /// The three values of the exchange.
    pub fn new(
        code: impl Into<SecretString>,
        code_verifier: impl Into<SecretString>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            code_verifier: code_verifier.into(),
            redirect_uri: redirect_uri.into(),
        }
    }
}

/// What the token endpoint granted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TokenGrant {
    /// The access token.
    pub access_token: SecretString,
    /// The next refresh token; the one that was spent is worth nothing now.
    pub refresh_token: Option<SecretString>,
    /// How long the access token lives from the answer on.
    pub expires_in: Option<Duration>,
    /// The scopes granted, as the server wrote them, separated by spaces.
    pub scope: Option<String>,
}

impl TokenGrant {
    /// A grant of an access token alone.
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            expires_in: None,
            scope: None,
        }
    }
}

/// Why no token was granted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The code or the refresh token is spent, expired, revoked or was never given.
    #[error("the server no longer accepts this code or refresh token")]
    InvalidGrant,
    /// The server does not know the app, or not with this secret.
    #[error("the server does not accept this client id or client secret")]
    InvalidClient,
    /// The call itself failed.
    #[error("the token endpoint could not be used")]
    Api(#[from] ApiError),
}
