//! Where the tokens of OAuth 1.0a come from.

use std::fmt;

use async_trait::async_trait;
use blocks_domain::UserId;
use secrecy::SecretString;

use crate::{IssueError, OAuth1Credential};

/// The three legs of OAuth 1.0a (RFC 5849, section 2), and the way back.
///
/// # Contract
/// - A request token and its verifier are worth one `access_token`: after it, both are spent,
///   and sending them again is [`IssueError::InvalidGrant`].
/// - A consumer that the server does not know, or not with this secret, is
///   [`IssueError::InvalidClient`].
/// - What `access_token` granted works until `invalidate`; OAuth 1.0a knows no expiry.
/// - No implementation retries by itself, but for one case: where the server refused the time of
///   a signature, which spends nothing, the call may be signed once more by the server's time.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RequestTokenIssuer: fmt::Debug + Send + Sync + 'static {
    /// Asks for a token that a person can authorize.
    ///
    /// `callback` is where the person's browser is sent with the verifier; [`OUT_OF_BAND`] lets
    /// the page show it as a PIN instead.
    async fn request_token(
        &self,
        consumer: &Consumer,
        callback: &str,
    ) -> Result<RequestToken, IssueError>;

    /// Trades an authorized request token and its verifier, such as a PIN, for a sign-in.
    async fn access_token(
        &self,
        consumer: &Consumer,
        request: &RequestToken,
        verifier: &SecretString,
    ) -> Result<OAuth1Grant, IssueError>;

    /// Makes the server forget a sign-in.
    async fn invalidate(&self, credential: &OAuth1Credential) -> Result<(), IssueError>;
}

/// The callback that asks for a PIN (RFC 5849, section 2.1).
pub const OUT_OF_BAND: &str = "oob";

/// An app's key and secret: RFC 5849 calls them client credentials, X an API key and its secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Consumer {
    /// The key, which is no secret.
    pub key: String,
    /// The secret.
    pub secret: SecretString,
}

impl Consumer {
    /// A key with its secret.
    pub fn new(key: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { key: key.into(), secret: secret.into() }
    }
}

/// A token to be authorized: RFC 5849 calls it temporary credentials.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestToken {
    /// The token, which the address of the authorize page names.
    pub token: String,
    /// Its secret.
    pub secret: SecretString,
}

impl RequestToken {
    /// A token with its secret.
    pub fn new(token: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { token: token.into(), secret: secret.into() }
    }
}

/// A sign-in, and whose it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OAuth1Grant {
    /// The sign-in.
    pub credential: OAuth1Credential,
    /// The user who authorized it, as X tells besides.
    pub user_id: Option<UserId>,
    /// The user's handle, as X tells besides.
    pub screen_name: Option<String>,
}

impl OAuth1Grant {
    /// A sign-in of a user who is not named.
    #[must_use]
    pub const fn new(credential: OAuth1Credential) -> Self {
        Self { credential, user_id: None, screen_name: None }
    }
}
