//! Where the credentials of the accounts are kept.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

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
/// - A `claim` on the current revision is `Granted` unless an unexpired lease stands, which makes
///   it `Busy`; on any other revision it is `Moved`, whoever holds a lease.
/// - A lease ends when it is released or its time is up, whichever is first. Releasing one that
///   has ended does nothing, above all not to the lease of the next holder.
/// - Accounts do not touch each other. All of this holds between any number of handles,
///   tasks and processes on one storage, and where the storage lasts, after reopening it.
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
}

/// What tells a lease from every other one of the same account: a number that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LeaseId(u64);

impl LeaseId {
    /// An id by its number, for stores.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}
