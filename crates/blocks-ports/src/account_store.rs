//! The accounts that a person works with, and the apps that they signed in through.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use blocks_domain::UserId;
use secrecy::SecretString;

use crate::StoreError;

/// Keeps accounts, apps, and which account is the default.
///
/// # Contract
/// - `put_account` and `put_app` add or replace by name; `remove_…` answers whether there was one.
/// - `accounts` and `apps` are sorted by name.
/// - The default is one of the accounts or none: `set_default` to a name that is not there
///   changes nothing and answers `false`; removing the default leaves none; renaming it keeps it.
/// - Renaming never replaces another account.
///
/// # Sign-ins
/// Sign-ins are kept by name in the [`TokenStore`](crate::TokenStore), and no method here touches
/// them; the two may lie in different places. So the caller sees to them:
/// - It **erases** a sign-in (`swap` to `None`) before it removes the account, so that a failure
///   between the two leaves an account to sign in anew, and no secret without an owner.
/// - It **moves** a sign-in when it renames the account, under the lease of the old name, so that
///   nobody spends the refresh token meanwhile: it copies the sign-in to the new name, where none
///   may stand, renames, and erases the old one.
/// - Before it **adds** an account of a new name it erases what stands under that name: the
///   remains of a move that was cut off are nobody's sign-in.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AccountStore: fmt::Debug + Send + Sync + 'static {
    /// All accounts, by name.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Adds an account, or replaces the one of its name.
    async fn put_account(&self, account: &Account) -> Result<(), StoreError>;

    /// Gives an account another name.
    async fn rename_account(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<Renamed, StoreError>;

    /// Forgets an account, and answers whether there was one.
    async fn remove_account(&self, name: &AccountName) -> Result<bool, StoreError>;

    /// The name of the default account.
    async fn default_account(&self) -> Result<Option<AccountName>, StoreError>;

    /// Makes an account the default, and answers whether there is such an account.
    async fn set_default_account(&self, name: &AccountName) -> Result<bool, StoreError>;

    /// All apps, by name.
    async fn apps(&self) -> Result<Vec<App>, StoreError>;

    /// Adds an app, or replaces the one of its name.
    async fn put_app(&self, app: &App) -> Result<(), StoreError>;

    /// Forgets an app, and answers whether there was one.
    async fn remove_app(&self, name: &str) -> Result<bool, StoreError>;
}

/// What became of a renaming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renamed {
    /// The account has its new name.
    Done,
    /// There is no account of the old name.
    NotFound,
    /// Another account has the new name.
    Taken,
}

/// The name that a person gives an account: 1 to 64 letters, digits, `.`, `_` or `-`.
///
/// ```
/// use blocks_ports::AccountName;
///
/// let name: AccountName = "work".parse()?;
/// assert_eq!(name.as_str(), "work");
/// assert!("two words".parse::<AccountName>().is_err());
/// # Ok::<(), blocks_ports::InvalidAccountName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(Box<str>);

impl AccountName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountName {
    type Err = InvalidAccountName;

    fn from_str(text: &str) -> Result<Self, InvalidAccountName> {
        let word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if (1..=64).contains(&text.chars().count()) && text.chars().all(word) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidAccountName)
        }
    }
}

/// A text that is no account name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account name is 1 to 64 letters, digits, `.`, `_` or `-`")]
#[non_exhaustive]
pub struct InvalidAccountName;

/// An account that a person works with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The name that the person gave it.
    pub name: AccountName,
    /// The user behind it.
    pub user_id: UserId,
    /// The user's handle when it was last seen.
    pub username: Option<String>,
    /// The name of the app that the account signed in through, if it did.
    pub app: Option<String>,
    /// The address of the API that the account lives at; `None` for X itself. Its sign-in is
    /// good there and must be sent nowhere else.
    pub api_url: Option<String>,
}

impl Account {
    /// An account of which no more is known.
    #[must_use]
    pub const fn new(name: AccountName, user_id: UserId) -> Self {
        Self { name, user_id, username: None, app: None, api_url: None }
    }
}

/// An app registered with X, through which accounts sign in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct App {
    /// The name that the person gave it.
    pub name: String,
    /// The OAuth 2.0 client id.
    pub client_id: String,
    /// The client secret; only confidential clients have one.
    pub client_secret: Option<SecretString>,
    /// The redirect URI, as registered.
    pub redirect_uri: Option<String>,
    /// The address of the API that the app is registered at; `None` for X itself. Its secret is
    /// good there and must be sent nowhere else.
    pub api_url: Option<String>,
}

impl App {
    /// A public client.
    pub fn new(name: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            client_id: client_id.into(),
            client_secret: None,
            redirect_uri: None,
            api_url: None,
        }
    }
}
