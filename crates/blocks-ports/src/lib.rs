//! The ports of `blocks`: what a block-list program needs from the outside, as traits.
//!
//! Depend on this crate to write a backend of your own (a token store, a mirror, another server),
//! or to write code that works over any of them. Every trait is small, async and object-safe, and
//! its documentation has a section *Contract*; `blocks-conformance` turns each contract into
//! tests for your implementation.
//!
//! ```
//! use std::sync::Arc;
//!
//! use blocks_domain::{BlockingQuery, UserId};
//! use blocks_ports::{ApiError, BlocksApi, BlocksApiExt};
//! use futures_util::TryStreamExt;
//!
//! /// Works over HTTP, over the fake, and over what you write yourself.
//! async fn count(api: Arc<dyn BlocksApi>, whose: UserId) -> Result<usize, ApiError> {
//!     let users = api.users(whose, BlockingQuery::default());
//!     let users: Vec<_> = users.try_collect().await.map_err(|stop| stop.error)?;
//!     Ok(users.len())
//! }
//! ```

mod account_store;
mod activity_feed;
mod api;
mod clock;
mod credential;
mod error;
mod ext;
mod ledger;
mod mirror_journal;
mod mirror_store;
mod number;
mod request_token_issuer;
mod token_issuer;
mod token_store;
mod window_store;

pub use account_store::{Account, AccountName, AccountStore, App, InvalidAccountName, Renamed};
pub use activity_feed::{ActivityFeed, BlockEvents};
pub use api::{BlocksApi, Reply, ReplyMeta, UsersApi, Warning};
pub use clock::Clock;
pub use credential::{
    BearerToken, Credential, CredentialError, CredentialReference, CredentialSource,
    FixedCredential, OAuth1Credential, OAuth2Credential, Revision, Versioned,
};
pub use error::{ApiError, BoxError, StoreError, StoreFailure};
pub use ext::{BlocksApiExt, Interrupted};
pub use ledger::{
    Ledger, Operation, OperationId, OperationKind, OperationOutcome, OperationQuery, Spending,
};
pub use mirror_journal::{
    Amended, Amendment, ChangeKind, ChangeQuery, Forget, Forgotten, MirrorChange, MirrorJournal,
    Names, Source,
};
pub use mirror_store::{
    Append, Checkpoint, Difference, Fence, Finish, Hold, HoldGuard, MirrorEntry, MirrorOrder,
    MirrorPage, MirrorQuery, MirrorStore, OpenRead, ReadId, ReadKind, SetAside, Snapshot,
};
pub use request_token_issuer::{
    Consumer, OAuth1Grant, OUT_OF_BAND, RequestToken, RequestTokenIssuer,
};
pub use token_issuer::{AuthorizationGrant, IssueError, TokenGrant, TokenIssuer};
pub use token_store::{Claim, Lease, LeaseId, Swap, TokenStore};
pub use window_store::{Reservation, WindowStore};

#[cfg(feature = "mock")]
pub use {
    account_store::MockAccountStore,
    activity_feed::MockActivityFeed,
    api::{MockBlocksApi, MockUsersApi},
    clock::MockClock,
    credential::MockCredentialSource,
    ledger::MockLedger,
    mirror_journal::MockMirrorJournal,
    mirror_store::MockMirrorStore,
    request_token_issuer::MockRequestTokenIssuer,
    token_issuer::MockTokenIssuer,
    token_store::MockTokenStore,
    window_store::MockWindowStore,
};
