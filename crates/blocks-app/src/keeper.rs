//! Staying signed in.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::{
    AccountName, App, Clock, Credential, CredentialError, CredentialSource, Revision, TokenIssuer,
    TokenStore, Versioned,
};
use futures_util::future::join_all;

use memory::{Memory, Verdict};
use refresh::{Refresh, Tools};

mod granted;
mod memory;
mod refresh;
mod trouble;

pub use granted::oauth2_credential;

/// Hands out the sign-ins of a [`TokenStore`], and refreshes them in time.
///
/// A refresh token works once, so two who refresh together can end the sign-in of both. A keeper
/// lets one refresh at a time, whoever asks: tasks that share the keeper share one refresh, and
/// keepers over one store, in any number of processes, take turns by the store's lease.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use blocks_app::{Keeper, oauth2_credential};
/// use blocks_fake::FakeIssuer;
/// use blocks_fake::stores::{ManualClock, MemoryTokenStore};
/// use blocks_ports::{Clock, Credential, CredentialSource, Revision, TokenStore};
/// use jiff::Timestamp;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (issuer, store) = (FakeIssuer::default(), MemoryTokenStore::default());
/// let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
/// let work = "work".parse()?;
/// let signed_in = Credential::OAuth2(oauth2_credential(issuer.sign_in(), clock.now()));
/// store.swap(&work, Revision::NONE, Some(signed_in)).await?;
///
/// let app = issuer.app();
/// let shared = (Arc::new(issuer.clone()), Arc::new(store), Arc::new(clock.clone()));
/// let keeper = Keeper::new(app, shared.0, shared.1, shared.2);
/// let first = keeper.current(&work).await?;
///
/// clock.advance(Duration::from_secs(2 * 60 * 60));
/// let (one, two) =
///     futures_util::future::join(keeper.current(&work), keeper.current(&work)).await;
/// assert!(one?.revision > first.revision);
/// assert_eq!(two?.value, keeper.current(&work).await?.value);
/// assert_eq!(issuer.tally().exchanges, 1, "one refresh for all");
/// # Ok(())
/// # }
/// ```
///
/// # What it promises
/// - What it hands out is stored: nobody uses a token that a crash could still lose.
/// - It spends the refresh token that it reads once the lease is its own, and no other.
/// - A refresh runs in a task of its own: a caller who is cancelled loses nothing. Where the
///   runtime itself ends, [`settle`](Self::settle) waits for that task.
/// - A refused refresh token, and a write that came too late, make it look for what somebody else
///   has stored. It deletes nothing, whatever fails.
/// - Where the server cannot be reached, it hands out the old token for as long as that works,
///   and tries again later with the same refresh token, which may or may not be spent.
/// - An OAuth 1.0a sign-in and a ready access token are handed out as they are until the server
///   refuses them.
///
/// # What it cannot promise
/// The server forgets the old refresh token before the new one is stored here. If the process
/// dies in between, or the answer is lost on its way, nobody has a refresh token that works: the
/// next refresh is refused, which is [`CredentialError::Ended`], and the person has to sign in
/// anew.
///
/// # Clocks
/// When a token expires is reckoned by the local clock. If that clock is set back, an expired
/// token looks fresh until the server refuses it; [`rejected`](CredentialSource::rejected) then
/// makes the next caller refresh it.
///
/// # Runtime
/// `current` and `settle` must be polled within a tokio runtime.
#[derive(Clone)]
pub struct Keeper {
    tools: Arc<Tools>,
    memories: Arc<Mutex<HashMap<AccountName, Arc<Memory>>>>,
}

/// When a [`Keeper`] refreshes, and how long it waits for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeeperPolicy {
    /// How long before its expiry a token is refreshed; it covers a request under way and a clock
    /// that is a little off. 90 seconds by default.
    pub margin: Duration,
    /// How long a lease lasts: longer than the longest call of the token endpoint, for after it
    /// another process may spend the same refresh token. 60 seconds by default; above zero.
    pub lease: Duration,
    /// How often to look whether another process has finished its refresh, and to try again to
    /// store a new token. 250 milliseconds by default; above zero.
    pub poll: Duration,
    /// How long a token that still works is used after a refresh, even one that failed, before
    /// the next one is tried. 10 seconds by default.
    pub rest: Duration,
}

impl Default for KeeperPolicy {
    fn default() -> Self {
        Self {
            margin: Duration::from_secs(90),
            lease: Duration::from_secs(60),
            poll: Duration::from_millis(250),
            rest: Duration::from_secs(10),
        }
    }
}

impl Keeper {
    /// Keeps the sign-ins of `store` that were made through `app`.
    pub fn new(
        app: App,
        issuer: Arc<dyn TokenIssuer>,
        store: Arc<dyn TokenStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::with_policy(app, issuer, store, clock, KeeperPolicy::default())
    }

    /// A keeper with times of its own.
    pub fn with_policy(
        app: App,
        issuer: Arc<dyn TokenIssuer>,
        store: Arc<dyn TokenStore>,
        clock: Arc<dyn Clock>,
        policy: KeeperPolicy,
    ) -> Self {
        let tools = Arc::new(Tools { app, issuer, store, clock, policy });
        Self { tools, memories: Arc::default() }
    }

    /// Waits until no refresh is under way.
    ///
    /// A program calls it before it lets its runtime end, since a refresh that is cut off can
    /// cost the sign-in. What the refreshes come to is told to those who asked for them.
    pub async fn settle(&self) {
        let memories: Vec<_> = self.lock().values().cloned().collect();
        join_all(memories.iter().filter_map(|memory| memory.flight())).await;
    }

    fn memory(&self, account: &AccountName) -> Arc<Memory> {
        Arc::clone(self.lock().entry(account.clone()).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AccountName, Arc<Memory>>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("policy", &self.tools.policy).finish_non_exhaustive()
    }
}

#[async_trait]
impl CredentialSource for Keeper {
    async fn current(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Credential>, CredentialError> {
        let memory = self.memory(account);
        loop {
            let stored = self.tools.store.load(account).await?;
            match memory.judge(stored, self.tools.clock.now(), self.tools.policy.margin) {
                Verdict::Use(credential) => return Ok(credential),
                Verdict::Refresh(_) => {}
                Verdict::Useless(trouble) => return Err(trouble.told_to(account)),
            }
            let refresh = || Refresh::new(&self.tools, account, &memory).run();
            let found = memory.join(refresh).await.map_err(|trouble| trouble.told_to(account))?;
            // Somebody may have been refused it while the refresh was under way.
            if !memory.is_refused(found.revision) {
                return Ok(found);
            }
        }
    }

    async fn rejected(
        &self,
        account: &AccountName,
        revision: Revision,
    ) -> Result<(), CredentialError> {
        self.memory(account).refuse(revision);
        Ok(())
    }
}
