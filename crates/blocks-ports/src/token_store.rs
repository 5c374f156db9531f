//! Where the credentials of the accounts are kept.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::number::number;
use crate::{AccountName, Credential, Revision, StoreError, Versioned};

/// Keeps one credential for each account, and says who may refresh it.
///
/// A refresh token works once. **The lease decides who may spend it; the revision decides whose
/// write stands.** Whoever wants to refresh claims the lease, spends the token of the revision
/// that the claim was made on, swaps in what came back, and releases.
///
/// # Contract
/// - What was never written loads as `None` at [`Revision::NONE`].
/// - A `swap` whose expected revision is the current one stores and answers `Done` with a greater
///   revision; any other changes nothing and answers `Conflict` with what is there. It asks for
///   no lease: a late holder may carry the one token that still lives.
/// - Swapping in `None` forgets the credential but not the revision: no revision is ever used
///   again, not even after deletion.
/// - A credential that is there and cannot be read, because it is damaged or a newer version wrote
///   it, makes `load`, `Conflict` and `Moved` a `Damaged` error that names the account, tells the
///   revision, and shows nothing of the text; [`Versioned::from_secret_json`] makes it. A `swap`
///   or `claim` on that revision goes through all the same, so that a new sign-in or a sign-out
///   heals it.
/// - A `claim` on the current revision is `Granted` unless an unexpired lease stands, which makes
///   it `Busy`; on any other revision it is `Moved`, whoever holds a lease.
/// - A lease that would still last more than twice the `ttl` of a claim was made by a clock that
///   was ahead, and keeps nobody out; [`Lease::keeps_out`] is the rule for all stores.
/// - A lease ends when it is released or its time is up, whichever is first. Releasing one that
///   has ended does nothing, above all not to the lease of the next holder.
/// - What is kept here hangs on the name alone. The store knows nothing of the
///   [`AccountStore`](crate::AccountStore), whose contract says who erases and who moves what is
///   kept when an account goes or gets another name.
/// - Accounts do not touch each other. All of this holds between any number of handles,
///   tasks and processes on one storage, and where the storage lasts, after reopening it.
///
/// `MemoryTokenStore` in the crate `blocks-fake` is the shortest implementation, and its example
/// walks through a refresh: claim, swap, release.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// What is stored for an account, and its revision.
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError>;

    /// Asks for the right to spend the refresh token stored at revision `base`, for `ttl` from
    /// `now` on.
    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError>;

    /// Stores `credential`, or forgets what is stored, if the revision is still `expected`.
    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError>;

    /// Gives a lease back.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;
}

impl Versioned<Option<Credential>> {
    /// What a store keeps for an account: a revision, and what
    /// [`Credential::expose_as_json`] wrote at it, if anything.
    ///
    /// ```
    /// use blocks_ports::{Credential, Revision, StoreFailure, Versioned};
    ///
    /// let (work, at) = ("work".parse()?, Revision::new(4));
    /// let json = Credential::bearer("s3cret").expose_as_json();
    /// let stored = Versioned::from_secret_json(&work, at, Some(&json))?;
    /// assert_eq!(stored.value, Some(Credential::bearer("s3cret")));
    ///
    /// let error = Versioned::from_secret_json(&work, at, Some(&"s3cr".into())).unwrap_err();
    /// assert_eq!((error.kind, error.revision), (StoreFailure::Damaged, Some(at)));
    /// assert!(error.message.contains("`work`") && !error.message.contains("s3cr"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Damaged`: the text cannot be read. The error names the account, and tells the revision.
    pub fn from_secret_json(
        account: &AccountName,
        revision: Revision,
        json: Option<&SecretString>,
    ) -> Result<Self, StoreError> {
        let credential = json.map(Credential::from_secret_json).transpose().map_err(|error| {
            let message = format!("the sign-in of the account `{account}` cannot be read");
            StoreError::new(error.kind, message).with_revision(revision).with_source(error)
        })?;
        Ok(Self::new(revision, credential))
    }
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Claim {
    /// The caller, and nobody else, may refresh now.
    Granted(Lease),
    /// Somebody else is refreshing.
    Busy {
        /// How long their lease still lasts; they are likely to be done sooner.
        retry_in: Duration,
    },
    /// Somebody else has refreshed already: here is what they stored.
    Moved(Versioned<Option<Credential>>),
}

/// The answer to a swap.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Swap {
    /// It stands, at this revision.
    Done(Revision),
    /// Somebody else was first: here is what they stored.
    Conflict(Versioned<Option<Credential>>),
}

/// The right to refresh the credential of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The account.
    pub account: AccountName,
    /// What tells this lease from every other one of the account.
    pub id: LeaseId,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl Lease {
    /// A lease, for stores to hand out.
    #[must_use]
    pub const fn new(account: AccountName, id: LeaseId, expires_at: Timestamp) -> Self {
        Self { account, id, expires_at }
    }

    /// For how long a lease that ends at `expires_at` keeps out whoever claims for `ttl` at `now`;
    /// `None` where it keeps nobody out: it has ended, or a clock made it that was ahead.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use blocks_ports::Lease;
    /// use jiff::{Timestamp, ToSpan};
    ///
    /// let (now, ttl) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
    /// let left = |end| Lease::keeps_out(end, ttl, now);
    /// assert_eq!(left(now + 5.seconds()), Some(Duration::from_secs(5)));
    /// assert_eq!(left(now), None);
    /// assert_eq!(left(now + 24.hours()), None, "a clock was set back since");
    /// ```
    #[must_use]
    pub fn keeps_out(expires_at: Timestamp, ttl: Duration, now: Timestamp) -> Option<Duration> {
        let rest = Duration::try_from(expires_at.duration_since(now)).ok()?;
        (!rest.is_zero() && rest <= ttl.saturating_mul(2)).then_some(rest)
    }
}

number! {
    /// What tells a lease from every other one of the same account: a number that grows.
    #[derive(Default)]
    LeaseId
}
