//! The token store that keeps revisions in one place and secrets in another.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::{
    AccountName, Claim, Credential, Lease, Revision, StoreError, StoreFailure, Swap, TokenStore,
    Versioned,
};
use jiff::Timestamp;

use crate::Keychain;
use crate::entry::{EntryName, Referent};
use crate::keychain::Content;

/// A [`TokenStore`] over another one, with the secrets in a keychain.
///
/// # How a write goes
/// 1. The secret is written to the keychain, under a name that was never used before.
/// 2. The reference to it is swapped into the store within, which alone decides whether it stands.
/// 3. What the account had before is erased from the keychain, or, if the swap came late, what
///    step 1 wrote.
///
/// So two writers cannot touch each other's entries, whoever wins: a name tells the revision that
/// its writer expected, and only entries of revisions that have passed are erased. A process that
/// is killed after the first step, or a call that is dropped there, leaves an entry that nothing
/// refers to, until the next write to the account erases it.
///
/// A sign-out that cannot erase the secret is an error that says so; it stands nevertheless.
#[derive(Debug, Clone)]
pub struct KeyringTokenStore {
    inner: Arc<dyn TokenStore>,
    keychain: Keychain,
}

/// How often a sign-in that is replaced while it is read is looked for anew.
const LOOKS: usize = 16;

type Stored = Versioned<Option<Credential>>;

impl KeyringTokenStore {
    /// Keeps leases and revisions in `inner`, and secrets in `keychain`.
    pub fn new(inner: Arc<dyn TokenStore>, keychain: Keychain) -> Self {
        Self { inner, keychain }
    }

    /// What is stored, with the secret in place of its reference.
    ///
    /// An entry that is missing was erased because another writer has replaced it since, unless
    /// the revision still stands: then it is lost.
    async fn resolved(
        &self,
        account: &AccountName,
        mut stored: Stored,
    ) -> Result<Stored, StoreError> {
        for _ in 0..LOOKS {
            let name = match Referent::of(stored.value.as_ref()) {
                Referent::Itself => return Ok(stored),
                Referent::Entry(name) => name,
                Referent::Nowhere => return Err(damaged(account, stored.revision)),
            };
            match self.keychain.read(&name).await? {
                Content::Text(json) => {
                    return Versioned::from_secret_json(account, stored.revision, Some(&json));
                }
                Content::Garbled => return Err(damaged(account, stored.revision)),
                Content::Missing => {
                    let latest = self.inner.load(account).await?;
                    if latest.revision == stored.revision {
                        return Err(damaged(account, stored.revision));
                    }
                    stored = latest;
                }
            }
        }
        let message = format!("the sign-in of the account `{account}` changes all the time");
        Err(StoreError::new(StoreFailure::Busy, message))
    }

    /// Stores a credential, after it was seen that `expected` is the current revision.
    async fn replace(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: &Credential,
        before: Option<EntryName>,
    ) -> Result<Swap, StoreError> {
        let name = EntryName::new(self.keychain.service(), account, expected);
        if let Err(error) = self.keychain.write(&name, credential.expose_as_json()).await {
            self.discard(&name).await;
            return Err(error);
        }
        let reference = Some(name.to_credential());
        let answer = match self.inner.swap(account, expected, reference).await {
            Ok(answer) => answer,
            Err(error) => self.outcome(&name, error).await?,
        };
        if let Swap::Conflict(there) = answer {
            self.discard(&name).await;
            return Ok(Swap::Conflict(self.resolved(account, there).await?));
        }
        if let Err(error) = self.sweep(account, expected, before, Some(&name)).await {
            // What stays there is a spent sign-in, and the next write tries again.
            tracing::debug!(%account, %error, "an old sign-in is still in the keychain");
        }
        Ok(answer)
    }

    /// What became of a swap that failed: an error does not say whether the reference stands.
    ///
    /// While the revision is the expected one, the reference may even stand later, where the store
    /// within is a server that has not finished. So the entry stays, until the account has gone
    /// past that revision.
    async fn outcome(&self, name: &EntryName, error: StoreError) -> Result<Swap, StoreError> {
        let Ok(found) = self.inner.load(&name.account).await else { return Err(error) };
        if Referent::of(found.value.as_ref()) == Referent::Entry(name.clone()) {
            return Ok(Swap::Done(found.revision));
        }
        if found.revision > name.expected {
            self.discard(name).await;
        }
        Err(error)
    }

    /// Forgets a credential, after it was seen that `expected` is the current revision.
    async fn forget(
        &self,
        account: &AccountName,
        expected: Revision,
        before: Option<EntryName>,
    ) -> Result<Swap, StoreError> {
        match self.inner.swap(account, expected, None).await? {
            Swap::Conflict(there) => Ok(Swap::Conflict(self.resolved(account, there).await?)),
            answer => {
                self.sweep(account, expected, before, None).await.map_err(|error| {
                    let message = format!(
                        "the account `{account}` is signed out, but its secret could not be \
                         erased from the keychain, where it lies under `{}`",
                        self.keychain.service()
                    );
                    StoreError::new(error.kind, message).with_source(error)
                })?;
                Ok(answer)
            }
        }
    }

    /// Erases what no reference can lead to, once the account has gone past `passed`: every entry
    /// whose writer expected that revision or an older one, except the one that now stands.
    async fn sweep(
        &self,
        account: &AccountName,
        passed: Revision,
        before: Option<EntryName>,
        standing: Option<&EntryName>,
    ) -> Result<(), StoreError> {
        if let Some(before) = before {
            self.keychain.erase(&before).await?;
        }
        for name in self.keychain.entries().await? {
            let over = name.account == *account && name.expected <= passed;
            if over && Some(&name) != standing {
                self.keychain.erase(&name).await?;
            }
        }
        Ok(())
    }

    /// The entry behind a reference, if it is this storage's own to erase.
    fn own(&self, referent: Referent) -> Option<EntryName> {
        match referent {
            Referent::Entry(name) if name.service == self.keychain.service() => Some(name),
            _ => None,
        }
    }

    /// Erases an entry that nothing refers to; if that fails, a later sweep finds it.
    async fn discard(&self, name: &EntryName) {
        if let Err(error) = self.keychain.erase(name).await {
            tracing::debug!(account = %name.account, %error, "an unused entry was not erased");
        }
    }
}

#[async_trait]
impl TokenStore for KeyringTokenStore {
    async fn load(&self, account: &AccountName) -> Result<Stored, StoreError> {
        let stored = self.inner.load(account).await?;
        self.resolved(account, stored).await
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        match self.inner.claim(account, base, ttl, now).await? {
            Claim::Moved(there) => Ok(Claim::Moved(self.resolved(account, there).await?)),
            answer => Ok(answer),
        }
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let before = match self.inner.load(account).await {
            Ok(stored) if stored.revision != expected => {
                return Ok(Swap::Conflict(self.resolved(account, stored).await?));
            }
            Ok(stored) => self.own(Referent::of(stored.value.as_ref())),
            // A sign-in that cannot be read is there to be replaced.
            Err(error) if error.revision == Some(expected) => None,
            Err(error) => return Err(error),
        };
        match credential {
            Some(credential) => self.replace(account, expected, &credential, before).await,
            None => self.forget(account, expected, before).await,
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.inner.release(lease).await
    }
}

fn damaged(account: &AccountName, revision: Revision) -> StoreError {
    let message = format!("the keychain holds no readable sign-in of the account `{account}`");
    StoreError::new(StoreFailure::Damaged, message).with_revision(revision)
}
