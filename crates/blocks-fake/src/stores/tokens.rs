//! Credentials in memory.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::{
    AccountName, Claim, Credential, Lease, LeaseId, Revision, StoreError, Swap, TokenStore,
    Versioned,
};
use jiff::Timestamp;

use super::Shared;

/// A [`TokenStore`] in memory.
///
/// A refresh: claim the lease, spend the refresh token, swap in what came back, release.
///
/// ```
/// use std::time::Duration;
///
/// use blocks_fake::stores::MemoryTokenStore;
/// use blocks_ports::{Claim, Credential, Revision, Swap, TokenStore};
/// use jiff::Timestamp;
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let store = MemoryTokenStore::default();
/// let work = "work".parse().expect("a name");
/// let old = Some(Credential::bearer("0ld"));
/// let Swap::Done(base) = store.swap(&work, Revision::NONE, old).await? else { panic!() };
///
/// let (ttl, now) = (Duration::from_secs(30), Timestamp::UNIX_EPOCH);
/// let Claim::Granted(lease) = store.claim(&work, base, ttl, now).await? else { panic!() };
/// let another = store.clone();
/// let meanwhile = another.claim(&work, base, ttl, now).await?;
/// assert_eq!(meanwhile, Claim::Busy { retry_in: ttl }, "another handle, the same storage");
///
/// let new = Some(Credential::bearer("n3w"));
/// let Swap::Done(next) = store.swap(&work, base, new.clone()).await? else { panic!() };
/// store.release(&lease).await?;
/// assert!(next > base);
/// assert_eq!(another.load(&work).await?.value, new);
///
/// let late = another.swap(&work, base, None).await?;
/// assert!(matches!(late, Swap::Conflict(_)), "whoever comes late changes nothing");
/// # Ok::<(), blocks_ports::StoreError>(())
/// # }).expect("no store fails in memory");
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryTokenStore {
    slots: Shared<HashMap<AccountName, Slot>>,
}

/// What is kept for one account; it outlives the credential, for no revision is used again.
#[derive(Debug, Default)]
struct Slot {
    revision: Revision,
    credential: Option<Credential>,
    lease: Option<Lease>,
    last_lease: LeaseId,
}

impl Slot {
    fn stored(&self) -> Versioned<Option<Credential>> {
        Versioned::new(self.revision, self.credential.clone())
    }
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        let slots = self.slots.lock();
        Ok(slots.get(account).map_or(Versioned::new(Revision::NONE, None), Slot::stored))
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let mut slots = self.slots.lock();
        let slot = slots.entry(account.clone()).or_default();
        if slot.revision != base {
            return Ok(Claim::Moved(slot.stored()));
        }
        let standing = slot.lease.as_ref();
        if let Some(retry_in) =
            standing.and_then(|lease| Lease::keeps_out(lease.expires_at, ttl, now))
        {
            return Ok(Claim::Busy { retry_in });
        }
        let expires_at = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
        slot.last_lease = LeaseId::new(slot.last_lease.get() + 1);
        let lease = Lease::new(account.clone(), slot.last_lease, expires_at);
        slot.lease = Some(lease.clone());
        Ok(Claim::Granted(lease))
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let mut slots = self.slots.lock();
        let slot = slots.entry(account.clone()).or_default();
        if slot.revision != expected {
            return Ok(Swap::Conflict(slot.stored()));
        }
        slot.revision = slot.revision.next();
        slot.credential = credential;
        Ok(Swap::Done(slot.revision))
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        if let Some(slot) = self.slots.lock().get_mut(&lease.account) {
            slot.lease.take_if(|held| held.id == lease.id);
        }
        Ok(())
    }
}
