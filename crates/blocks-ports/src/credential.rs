//! Credentials, and the port that hands them out.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::number::number;
use crate::{AccountName, ApiError, IssueError, StoreError};

/// Hands out the credential of an account, for each request anew.
///
/// The HTTP adapter asks this port and knows no store; whoever implements it sees to refreshing.
///
/// # Contract
/// - `current` answers a credential that is worth sending: not known to be expired or rejected.
/// - `rejected` says that the server refused the credential of that revision (a 401). Saying so
///   about an older revision than the current one changes nothing.
/// - After `rejected` an adapter may ask `current` again, and send the refused request once more
///   if that is a newer revision. So a source that can get a newer credential gets it there and
///   then; one that cannot fails, and says why.
///
/// ```
/// use blocks_ports::{Credential, CredentialError, CredentialSource, FixedCredential};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let source = FixedCredential::new(Credential::bearer("s3cret"));
/// let account = "work".parse()?;
/// let sent = source.current(&account).await?;
/// source.rejected(&account, sent.revision).await?;
///
/// let error = source.current(&account).await.unwrap_err();
/// assert!(matches!(error, CredentialError::Ended { .. }), "it is not sent a second time");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// The credential to send now.
    async fn current(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Credential>, CredentialError>;

    /// Takes note that the server refused the credential of this revision.
    async fn rejected(
        &self,
        account: &AccountName,
        revision: Revision,
    ) -> Result<(), CredentialError>;
}

/// What proves to the server who is calling.
///
/// `Debug` shows no secret.
///
/// ```
/// use blocks_ports::Credential;
///
/// let credential = Credential::bearer("s3cret");
/// assert!(!format!("{credential:?}").contains("s3cret"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Credential {
    /// An OAuth 2.0 sign-in, which can be refreshed.
    OAuth2(OAuth2Credential),
    /// An OAuth 1.0a sign-in: four secrets that sign each request.
    OAuth1(OAuth1Credential),
    /// A ready OAuth 2.0 access token of a user, and nothing more.
    Bearer(BearerToken),
    /// None of these, but where one is kept: a store wrote it that puts secrets in another place.
    ///
    /// Only that store can make a credential of it; nothing can be sent with it.
    Reference(CredentialReference),
}

/// A ready access token.
#[derive(Debug, Clone)]
pub struct BearerToken(SecretString);

impl BearerToken {
    /// The token, to be sent.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Where the secrets of a sign-in are kept, if not beside their revision.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialReference {
    /// What kind of place it is, such as `keychain`.
    pub place: String,
    /// Which entry there.
    pub entry: String,
}

impl CredentialReference {
    /// A reference to an entry in a place.
    pub fn new(place: impl Into<String>, entry: impl Into<String>) -> Self {
        Self { place: place.into(), entry: entry.into() }
    }
}

impl PartialEq for BearerToken {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// The tokens of an OAuth 2.0 sign-in (RFC 6749, section 5.1).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OAuth2Credential {
    /// The access token.
    pub access_token: SecretString,
    /// The refresh token, which works once; only granted with `offline.access`.
    pub refresh_token: Option<SecretString>,
    /// When the access token expires, by the local clock.
    pub expires_at: Option<Timestamp>,
    /// The scopes that were granted; `None` where the server did not say.
    pub scopes: Option<BTreeSet<String>>,
}

impl OAuth2Credential {
    /// A sign-in with an access token alone.
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            expires_at: None,
            scopes: None,
        }
    }
}

impl PartialEq for OAuth2Credential {
    fn eq(&self, other: &Self) -> bool {
        let refresh = |c: &Self| c.refresh_token.as_ref().map(|t| t.expose_secret().to_owned());
        self.access_token.expose_secret() == other.access_token.expose_secret()
            && refresh(self) == refresh(other)
            && self.expires_at == other.expires_at
            && self.scopes == other.scopes
    }
}

/// The four values of an OAuth 1.0a sign-in (RFC 5849).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OAuth1Credential {
    /// The app's key.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: SecretString,
    /// The user's token.
    pub token: String,
    /// The secret of the user's token.
    pub token_secret: SecretString,
}

impl OAuth1Credential {
    /// The four values, the app's first.
    pub fn new(
        consumer_key: impl Into<String>,
        consumer_secret: impl Into<SecretString>,
        token: impl Into<String>,
        token_secret: impl Into<SecretString>,
    ) -> Self {
        Self {
            consumer_key: consumer_key.into(),
            consumer_secret: consumer_secret.into(),
            token: token.into(),
            token_secret: token_secret.into(),
        }
    }
}

impl PartialEq for OAuth1Credential {
    fn eq(&self, other: &Self) -> bool {
        self.consumer_key == other.consumer_key
            && self.consumer_secret.expose_secret() == other.consumer_secret.expose_secret()
            && self.token == other.token
            && self.token_secret.expose_secret() == other.token_secret.expose_secret()
    }
}

/// The stored form of a [`Credential`]; it exists only on the way to and from a store.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Stored {
    OAuth2 {
        access_token: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refresh_token: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<BTreeSet<String>>,
    },
    OAuth1 {
        consumer_key: String,
        consumer_secret: String,
        token: String,
        token_secret: String,
    },
    Bearer {
        token: String,
    },
    Reference {
        place: String,
        entry: String,
    },
}

impl Credential {
    /// A ready access token of a user.
    pub fn bearer(token: impl Into<SecretString>) -> Self {
        Self::Bearer(BearerToken(token.into()))
    }

    /// Whether this is the token of an app, in which no user signed in.
    ///
    /// X begins those with at least 21 times the letter `A`. It refuses them for everything that
    /// belongs to a user, so there is no need to ask.
    ///
    /// ```
    /// use blocks_ports::Credential;
    ///
    /// assert!(Credential::bearer(format!("{}%2Fs3cret", "A".repeat(21))).is_app_only());
    /// assert!(!Credential::bearer("AAAs3cret").is_app_only());
    /// ```
    #[must_use]
    pub fn is_app_only(&self) -> bool {
        let token = match self {
            Self::OAuth2(credential) => credential.access_token.expose_secret(),
            Self::Bearer(token) => token.expose(),
            Self::OAuth1(_) | Self::Reference(_) => return false,
        };
        token.bytes().take_while(|byte| *byte == b'A').count() >= 21
    }

    /// The whole credential as JSON, for a store to keep. **This text is secret.**
    ///
    /// ```
    /// use blocks_ports::Credential;
    ///
    /// let credential = Credential::bearer("s3cret");
    /// assert_eq!(Credential::from_secret_json(&credential.expose_as_json())?, credential);
    /// # Ok::<(), blocks_ports::StoreError>(())
    /// ```
    #[must_use]
    pub fn expose_as_json(&self) -> SecretString {
        let stored = match self {
            Self::OAuth2(c) => Stored::OAuth2 {
                access_token: c.access_token.expose_secret().to_owned(),
                refresh_token: c.refresh_token.as_ref().map(|t| t.expose_secret().to_owned()),
                expires_at: c.expires_at.map(|at| at.to_string()),
                scopes: c.scopes.clone(),
            },
            Self::OAuth1(c) => Stored::OAuth1 {
                consumer_key: c.consumer_key.clone(),
                consumer_secret: c.consumer_secret.expose_secret().to_owned(),
                token: c.token.clone(),
                token_secret: c.token_secret.expose_secret().to_owned(),
            },
            Self::Bearer(token) => Stored::Bearer { token: token.expose().to_owned() },
            Self::Reference(CredentialReference { place, entry }) => {
                Stored::Reference { place: place.clone(), entry: entry.clone() }
            }
        };
        serde_json::to_string(&stored).expect("strings always become JSON").into()
    }

    /// Reads what [`expose_as_json`](Self::expose_as_json) wrote.
    ///
    /// # Errors
    /// The text is damaged, or a newer version wrote it. The error does not show the text.
    pub fn from_secret_json(json: &SecretString) -> Result<Self, StoreError> {
        let damaged = || {
            StoreError::new(
                crate::StoreFailure::Damaged,
                "a stored sign-in cannot be read; it is damaged, or a newer version wrote it",
            )
        };
        let stored = serde_json::from_str(json.expose_secret()).map_err(|_| damaged())?;
        Ok(match stored {
            Stored::OAuth2 { access_token, refresh_token, expires_at, scopes } => {
                let expires_at = expires_at.map(|at| at.parse()).transpose();
                Self::OAuth2(OAuth2Credential {
                    access_token: access_token.into(),
                    refresh_token: refresh_token.map(SecretString::from),
                    expires_at: expires_at.map_err(|_| damaged())?,
                    scopes,
                })
            }
            Stored::OAuth1 { consumer_key, consumer_secret, token, token_secret } => Self::OAuth1(
                OAuth1Credential::new(consumer_key, consumer_secret, token, token_secret),
            ),
            Stored::Bearer { token } => Self::bearer(token),
            Stored::Reference { place, entry } => {
                Self::Reference(CredentialReference { place, entry })
            }
        })
    }
}

number! {
    /// The number of a stored state: it grows with each write, and is never used again.
    #[derive(Default)]
    Revision
}

impl Revision {
    /// The revision of what was never written.
    pub const NONE: Self = Self(0);

    /// The revision of the next write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A value with the revision at which it was stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Versioned<T> {
    /// The revision.
    pub revision: Revision,
    /// The value.
    pub value: T,
}

impl<T> Versioned<T> {
    /// A value at a revision.
    pub const fn new(revision: Revision, value: T) -> Self {
        Self { revision, value }
    }
}

/// Why there is no credential to send.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The account is not signed in.
    #[error("the account `{account}` is not signed in")]
    NotSignedIn {
        /// The account.
        account: AccountName,
    },
    /// The sign-in has ended: the server takes neither the access token nor a refresh.
    #[error("the sign-in of the account `{account}` has ended")]
    Ended {
        /// The account.
        account: AccountName,
    },
    /// The store that holds the credential failed.
    #[error("the store of the sign-ins failed")]
    Store(#[from] StoreError),
    /// The refresh failed for now.
    #[error("the sign-in could not be refreshed")]
    Refresh(#[source] ApiError),
    /// The server refuses the app, so that nobody can refresh; the refresh token is not spent.
    #[error("the app that the account `{account}` signed in through is refused")]
    AppRefused {
        /// The account.
        account: AccountName,
        /// What the server said of the app.
        source: IssueError,
    },
}

/// One credential that never changes, such as a token from the environment.
///
/// It serves every account; once the server has refused it, it is handed out no more.
#[derive(Debug)]
pub struct FixedCredential {
    credential: Credential,
    rejected: std::sync::atomic::AtomicBool,
}

impl FixedCredential {
    /// Hands out this credential.
    #[must_use]
    pub const fn new(credential: Credential) -> Self {
        Self { credential, rejected: std::sync::atomic::AtomicBool::new(false) }
    }

    const REVISION: Revision = Revision::new(1);
}

#[async_trait]
impl CredentialSource for FixedCredential {
    async fn current(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Credential>, CredentialError> {
        if self.rejected.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(CredentialError::Ended { account: account.clone() });
        }
        Ok(Versioned::new(Self::REVISION, self.credential.clone()))
    }

    async fn rejected(&self, _: &AccountName, revision: Revision) -> Result<(), CredentialError> {
        if revision == Self::REVISION {
            self.rejected.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_kinds() -> [Credential; 4] {
        let mut oauth2 = OAuth2Credential::new("acc3ss");
        oauth2.refresh_token = Some("r3fresh".into());
        oauth2.expires_at = Some(Timestamp::UNIX_EPOCH);
        oauth2.scopes = Some(["block.read".to_owned()].into());
        [
            Credential::OAuth2(oauth2),
            Credential::OAuth1(OAuth1Credential::new("key", "consum3r", "token", "tok3n")),
            Credential::bearer("b3arer"),
            Credential::Reference(CredentialReference::new("keychain", "entry 7")),
        ]
    }

    #[test]
    fn no_secret_shows() {
        for credential in all_kinds() {
            let shown = format!("{credential:?} {:?}", credential.expose_as_json());
            for secret in ["acc3ss", "r3fresh", "consum3r", "tok3n", "b3arer"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }

    #[test]
    fn every_kind_comes_back_from_its_stored_form() {
        for credential in all_kinds() {
            let read = Credential::from_secret_json(&credential.expose_as_json());
            assert_eq!(read.expect("its own form"), credential);
        }
    }

    #[test]
    fn an_error_about_a_damaged_form_does_not_quote_it() {
        let json = SecretString::from(r#"{"type":"bearer","token":["b3arer"]}"#);
        let error = Credential::from_secret_json(&json).expect_err("damaged");
        assert!(!format!("{error} {error:?}").contains("b3arer"));
    }
}
