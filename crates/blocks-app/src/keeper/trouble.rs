//! A failure that several callers are told.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use blocks_domain::Failure;
use blocks_ports::{AccountName, ApiError, CredentialError, IssueError, StoreError};

/// Why there is no credential: a [`CredentialError`] that can be told more than once.
#[derive(Clone)]
pub(super) enum Trouble {
    NotSignedIn,
    Ended,
    Store(Arc<StoreError>),
    Refresh(Arc<ApiError>),
    AppRefused,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Self::Refresh(Arc::new(error))
    }
}

impl From<IssueError> for Trouble {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::InvalidGrant => Self::Ended,
            IssueError::InvalidClient => Self::AppRefused,
            IssueError::Api(error) => error.into(),
            // A reason that is not known yet: the server did answer, and granted nothing.
            error => ApiError::new(Failure::Unauthenticated).with_source(error).into(),
        }
    }
}

impl Trouble {
    pub(super) fn told_to(self, account: &AccountName) -> CredentialError {
        match self {
            Self::NotSignedIn => CredentialError::NotSignedIn { account: account.clone() },
            Self::Ended => CredentialError::Ended { account: account.clone() },
            Self::Store(error) => CredentialError::Store(store_error(&error)),
            Self::Refresh(error) => CredentialError::Refresh(api_error(&error)),
            Self::AppRefused => CredentialError::AppRefused {
                account: account.clone(),
                source: IssueError::InvalidClient,
            },
        }
    }
}

fn store_error(error: &Arc<StoreError>) -> StoreError {
    let mut copy = StoreError::new(error.kind, error.message.clone());
    copy.revision = error.revision;
    match error.source() {
        Some(_) => copy.with_source(Cause(Arc::clone(error))),
        None => copy,
    }
}

fn api_error(error: &Arc<ApiError>) -> ApiError {
    let mut copy = ApiError::new(error.kind())
        .with_problems(error.problems().to_vec())
        .with_rate(error.rate().copied())
        .with_transaction_id(error.transaction_id().map(str::to_owned));
    if let Some(detail) = error.detail() {
        copy = copy.with_detail(detail);
    }
    if let Some(status) = error.status() {
        copy = copy.with_status(status);
    }
    if !error.was_sent() {
        copy = copy.not_sent();
    }
    match error.source() {
        Some(_) => copy.with_source(Cause(Arc::clone(error))),
        None => copy,
    }
}

/// The source of a shared error, standing in for it.
struct Cause<E>(Arc<E>);

impl<E: Error + 'static> fmt::Debug for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.source(), f)
    }
}

impl<E: Error + 'static> fmt::Display for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source().map_or(Ok(()), |source| fmt::Display::fmt(source, f))
    }
}

impl<E: Error + 'static> Error for Cause<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source().and_then(Error::source)
    }
}
