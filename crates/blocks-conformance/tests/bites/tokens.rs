//! Token stores, each with one fault.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blocks_conformance::token_store::{TokenStoreHarness, rules};
use blocks_fake::stores::MemoryTokenStore;
use blocks_ports::{
    AccountName, Claim, Credential, Lease, LeaseId, Revision, StoreError, StoreFailure, Swap,
    TokenStore, Versioned,
};
use jiff::Timestamp;

use crate::{Broken, Shared, assert_bites, dawdle};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    BeginsAtRevisionOne,
    LosesScopes,
    CountsOnlyChanges,
    LastWriteWins,
    ConflictShowsNothing,
    NeverForgets,
    RevisionsUsedAgain,
    QuotesWhatIsDamaged,
    ReadsBeforeItWrites,
    LeaseEndsAtOnce,
    BusySaysNothing,
    ClaimsOnAnyRevision,
    BusyWins,
    LeasesNeverEnd,
    TrustsEveryClock,
    ReleaseDoesNothing,
    ReleasesWhoeverHolds,
    SecondReleaseFails,
    LeaseIdsRepeat,
    SwapChecksTheLease,
    SwapEndsTheLease,
    IgnoresCase,
    OneStorageAHandle,
    LeaseKeptInOneProcess,
    SwapsAreNotAtomic,
    ClaimsAreNotAtomic,
    ForgetsOnReopening,
    ForgetsDeletionsOnReopening,
    ForgetsLeasesOnReopening,
}

const FAULTS: &[(&str, Fault)] = &[
    ("what_was_never_written_is_nothing_at_revision_none", Fault::BeginsAtRevisionOne),
    ("every_credential_comes_back_as_it_was", Fault::LosesScopes),
    ("every_swap_raises_the_revision", Fault::CountsOnlyChanges),
    ("a_stale_swap_conflicts_and_changes_nothing", Fault::LastWriteWins),
    ("a_conflict_shows_what_is_there", Fault::ConflictShowsNothing),
    ("a_forgotten_credential_is_gone", Fault::NeverForgets),
    ("no_revision_is_used_again_after_deletion", Fault::RevisionsUsedAgain),
    ("a_damaged_credential_is_told_without_its_text", Fault::QuotesWhatIsDamaged),
    ("a_damaged_credential_can_be_replaced_or_forgotten", Fault::ReadsBeforeItWrites),
    ("a_claim_on_the_current_revision_is_granted", Fault::LeaseEndsAtOnce),
    ("a_lease_makes_others_busy_until_it_ends", Fault::BusySaysNothing),
    ("a_claim_on_another_revision_is_moved", Fault::ClaimsOnAnyRevision),
    ("moved_wins_over_busy", Fault::BusyWins),
    ("a_lease_ends_when_its_time_is_up", Fault::LeasesNeverEnd),
    ("a_lease_of_a_clock_that_was_ahead_keeps_nobody_out", Fault::TrustsEveryClock),
    ("a_released_lease_is_free", Fault::ReleaseDoesNothing),
    ("releasing_an_ended_lease_spares_the_next_holder", Fault::ReleasesWhoeverHolds),
    ("releasing_twice_does_nothing", Fault::SecondReleaseFails),
    ("lease_ids_differ", Fault::LeaseIdsRepeat),
    ("a_swap_asks_for_no_lease", Fault::SwapChecksTheLease),
    ("a_swap_ends_no_lease", Fault::SwapEndsTheLease),
    ("accounts_do_not_touch_each_other", Fault::IgnoresCase),
    ("handles_share_one_storage", Fault::OneStorageAHandle),
    ("handles_share_one_storage", Fault::LeaseKeptInOneProcess),
    ("a_lease_makes_others_busy_until_it_ends", Fault::LeaseKeptInOneProcess),
    ("one_of_many_claims_is_granted", Fault::LeaseKeptInOneProcess),
    ("one_of_many_swaps_wins", Fault::SwapsAreNotAtomic),
    ("one_of_many_claims_is_granted", Fault::ClaimsAreNotAtomic),
    ("a_credential_outlasts_reopening", Fault::ForgetsOnReopening),
    ("a_deletion_outlasts_reopening", Fault::ForgetsDeletionsOnReopening),
    ("a_lease_outlasts_reopening", Fault::ForgetsLeasesOnReopening),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/token_store.rs")];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

#[derive(Debug, Default, Clone)]
struct Storage {
    tokens: Shared<MemoryTokenStore>,
    /// The last lease of each account, until it is released.
    leases: Shared<HashMap<AccountName, Lease>>,
    /// The accounts whose credential cannot be read, until it is replaced or forgotten.
    damaged: Shared<HashSet<AccountName>>,
}

type Stored = Versioned<Option<Credential>>;

#[derive(Debug)]
struct Store {
    storage: Storage,
    /// Knows the leases of this handle alone, as a lock within one process does.
    process: MemoryTokenStore,
    fault: Option<Fault>,
}

impl TokenStoreHarness for Broken<Storage, Fault> {
    const DURABLE: bool = true;

    async fn fresh() -> Self {
        Self { store: Storage::default(), fault: None }
    }

    fn handle(&self) -> Arc<dyn TokenStore> {
        let apart = self.fault == Some(Fault::OneStorageAHandle);
        let storage = if apart { Storage::default() } else { self.store.clone() };
        Arc::new(Store { storage, process: MemoryTokenStore::default(), fault: self.fault })
    }

    async fn damage(&self, account: &AccountName) -> bool {
        self.store.damaged.with(|damaged| damaged.insert(account.clone()))
    }

    async fn reopen(self) -> Self {
        let tokens = self.store.tokens.with(|tokens| tokens.clone());
        let who = "work".parse().expect("a name");
        let forgets = match self.fault {
            Some(Fault::ForgetsOnReopening) => true,
            Some(Fault::ForgetsDeletionsOnReopening) => {
                tokens.load(&who).await.expect("in memory").value.is_none()
            }
            _ => false,
        };
        if forgets {
            self.store.tokens.with(|tokens| *tokens = MemoryTokenStore::default());
        }
        if self.fault == Some(Fault::ForgetsLeasesOnReopening)
            && let Some(lease) = self.store.leases.with(|leases| leases.remove(&who))
        {
            tokens.release(&lease).await.expect("in memory");
        }
        self
    }
}

impl Store {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn inner(&self) -> MemoryTokenStore {
        self.storage.tokens.with(|tokens| tokens.clone())
    }

    fn slot(&self, account: &AccountName) -> AccountName {
        if self.has(Fault::IgnoresCase) {
            account.as_str().to_lowercase().parse().expect("still a name")
        } else {
            account.clone()
        }
    }

    fn held(&self, account: &AccountName) -> Option<Lease> {
        self.storage.leases.with(|leases| leases.get(account).cloned())
    }

    /// What the caller is shown, if it can be read.
    fn shown(&self, account: &AccountName, found: Stored) -> Result<Stored, StoreError> {
        if !self.storage.damaged.with(|damaged| damaged.contains(account)) {
            return Ok(found);
        }
        let text = "{ s3cret".into();
        let told = Versioned::from_secret_json(account, found.revision, Some(&text));
        told.map_err(|error| match self.fault {
            Some(Fault::QuotesWhatIsDamaged) => error.with_source("what stands there: { s3cret"),
            _ => error,
        })
    }

    async fn release_held(&self, account: &AccountName) -> Result<(), StoreError> {
        match self.held(account) {
            Some(lease) => self.inner().release(&lease).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl TokenStore for Store {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        let found = self.inner().load(&self.slot(account)).await?;
        if self.has(Fault::BeginsAtRevisionOne) && found.revision == Revision::NONE {
            return Ok(Versioned::new(Revision::new(1), None));
        }
        self.shown(account, found)
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let (inner, account) = (self.inner(), &self.slot(account));
        let current = inner.load(account).await?.revision;
        let held = self.held(account).filter(|lease| now < lease.expires_at);
        let base = if self.has(Fault::ClaimsOnAnyRevision) { current } else { base };
        if self.has(Fault::LeaseKeptInOneProcess) && base == current {
            return self.process.claim(account, Revision::NONE, ttl, now).await;
        }
        if self.has(Fault::TrustsEveryClock)
            && base == current
            && let Some(lease) = &held
        {
            let retry_in = lease.expires_at.duration_since(now).unsigned_abs();
            return Ok(Claim::Busy { retry_in });
        }
        if self.has(Fault::BusyWins) && held.is_some() {
            return inner.claim(account, current, ttl, now).await;
        }
        if self.has(Fault::ClaimsAreNotAtomic) && held.is_none() {
            dawdle().await;
            self.release_held(account).await?;
        }
        let lasting = if self.has(Fault::LeasesNeverEnd) { ttl * 1000 } else { ttl };
        match inner.claim(account, base, lasting, now).await? {
            Claim::Granted(mut lease) => {
                self.storage.leases.with(|leases| leases.insert(account.clone(), lease.clone()));
                lease.expires_at = now + ttl;
                if self.has(Fault::LeaseEndsAtOnce) {
                    lease.expires_at = now;
                }
                if self.has(Fault::LeaseIdsRepeat) {
                    lease.id = LeaseId::new(1);
                }
                Ok(Claim::Granted(lease))
            }
            Claim::Busy { .. } if self.has(Fault::BusySaysNothing) => {
                Ok(Claim::Busy { retry_in: Duration::ZERO })
            }
            Claim::Moved(there) => Ok(Claim::Moved(self.shown(account, there)?)),
            other => Ok(other),
        }
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        mut credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let (inner, account) = (self.inner(), &self.slot(account));
        let found = inner.load(account).await?;
        if self.has(Fault::ReadsBeforeItWrites) {
            self.shown(account, found.clone())?;
        }
        if self.has(Fault::CountsOnlyChanges) && credential == found.value {
            return Ok(Swap::Done(found.revision));
        }
        if self.has(Fault::SwapChecksTheLease) && self.held(account).is_some() {
            return Ok(Swap::Conflict(found));
        }
        match &mut credential {
            Some(Credential::OAuth2(oauth2)) if self.has(Fault::LosesScopes) => {
                oauth2.scopes = None;
            }
            None if self.has(Fault::NeverForgets) => credential = found.value.clone(),
            _ => {}
        }
        let mut expected = expected;
        if self.has(Fault::LastWriteWins) {
            expected = found.revision;
        }
        if self.has(Fault::SwapsAreNotAtomic) && expected == found.revision {
            dawdle().await;
            expected = inner.load(account).await?.revision;
        }
        let deletes = credential.is_none();
        let answer = inner.swap(account, expected, credential).await?;
        if self.has(Fault::RevisionsUsedAgain) && deletes {
            self.storage.tokens.with(|tokens| *tokens = MemoryTokenStore::default());
        }
        if self.has(Fault::SwapEndsTheLease) {
            self.release_held(account).await?;
        }
        Ok(match answer {
            Swap::Conflict(there) if self.has(Fault::ConflictShowsNothing) => {
                Swap::Conflict(Versioned::new(there.revision, None))
            }
            Swap::Conflict(there) => Swap::Conflict(self.shown(account, there)?),
            Swap::Done(_) => {
                self.storage.damaged.with(|damaged| damaged.remove(account));
                answer
            }
            other => other,
        })
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        if self.has(Fault::ReleaseDoesNothing) {
            return Ok(());
        }
        if self.has(Fault::ReleasesWhoeverHolds) {
            return self.release_held(&lease.account).await;
        }
        if self.has(Fault::LeaseKeptInOneProcess) {
            return self.process.release(lease).await;
        }
        let known = self.storage.leases.with(|leases| {
            let known = leases.get(&lease.account).is_some_and(|held| held.id == lease.id);
            if known {
                leases.remove(&lease.account);
            }
            known
        });
        if self.has(Fault::SecondReleaseFails) && !known {
            return Err(StoreError::new(StoreFailure::Other, "this lease was released before"));
        }
        self.inner().release(lease).await
    }
}
