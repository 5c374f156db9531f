//! Who may spend the refresh token when something happens between two steps of a refresh.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use blocks_app::{Keeper, KeeperPolicy, oauth2_credential};
use blocks_fake::FakeIssuer;
use blocks_ports::{
    AccountName, Claim, Clock, Credential, CredentialSource, Lease, Revision, StoreError, Swap,
    TokenStore, Versioned,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, poll_immediate};
use jiff::Timestamp;

use crate::support::{HesitantStore, Home, app, oauth2, work};

/// A store at which something happens once, as soon as a lease is granted.
struct Interrupted {
    store: HesitantStore,
    event: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupted").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenStore for Interrupted {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        self.store.load(account).await
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let claim = self.store.claim(account, base, ttl, now).await?;
        if matches!(claim, Claim::Granted(_)) {
            let event = self.event.lock().expect("an event").take();
            if let Some(event) = event {
                event.await;
            }
        }
        Ok(claim)
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        self.store.swap(account, expected, credential).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.store.release(lease).await
    }
}

/// A keeper to which something happens as soon as it has the lease.
fn interrupted(home: &Home, event: impl Future<Output = ()> + Send + 'static) -> Keeper {
    let store = Interrupted { store: home.store.clone(), event: Mutex::new(Some(event.boxed())) };
    let (issuer, clock) = (Arc::new(home.issuer.clone()), Arc::new(home.clock.clone()));
    Keeper::new(app(), issuer, Arc::new(store), clock)
}

#[tokio::test]
async fn a_process_that_slept_through_its_lease_spends_nothing_under_it() {
    let home = Home::with_delay(Duration::ZERO).await;
    home.expire();
    let lease = KeeperPolicy::default().lease;
    let base = home.stored().await.revision;
    let (store, clock) = (home.store.in_memory(), home.clock.clone());
    let keeper = interrupted(&home, async move {
        clock.advance(lease);
        let theirs = store.claim(&work(), base, lease, clock.now()).await;
        assert!(matches!(theirs, Ok(Claim::Granted(_))), "{theirs:?}");
    });
    let their_lease_ends = home.clock.now() + lease + lease;
    let asking = tokio::spawn(async move { keeper.current(&work()).await });
    while home.issuer.tally().calls == 0 {
        home.pass(Duration::from_secs(1)).await;
    }
    assert!(home.clock.now() >= their_lease_ends, "the token was spent under their lease");
    home.drive(asking).await.expect("no panic").expect("still signed in");
}

#[tokio::test]
async fn a_token_that_was_stored_after_the_claim_is_not_spent_on_that_claim() {
    let home = Home::new().await;
    home.expire();
    let base = home.stored().await.revision;
    let asked_at = home.clock.now() - FakeIssuer::LIFETIME;
    let due = Credential::OAuth2(oauth2_credential(home.issuer.sign_in(), asked_at));
    let store = home.store.in_memory();
    let keeper = interrupted(&home, async move {
        let swap = store.swap(&work(), base, Some(due)).await;
        assert!(matches!(swap, Ok(Swap::Done(_))), "{swap:?}");
    });
    let found = home.drive(keeper.current(&work())).await.expect("signed in");
    assert!(home.issuer.accepts(&oauth2(&found).access_token));
    let tally = home.issuer.tally();
    assert_eq!((tally.exchanges, tally.reuses), (1, 0), "a grant was thrown away");
}

#[tokio::test]
async fn a_token_refused_just_before_a_caller_wakes_up_is_not_handed_to_it() {
    let home = Home::new().await;
    let (keeper, name) = (home.keeper(), work());
    let old = home.stored().await.revision;
    home.enter_last_minute();
    home.issuer.spoil_next(blocks_fake::IssuerFault::Unreachable);
    let mut caller = pin!(keeper.current(&name));
    // It looks at the store and joins a refresh, whose end it does not hear of yet.
    while home.issuer.tally().calls == 0 {
        assert!(poll_immediate(&mut caller).await.is_none());
        tokio::task::yield_now().await;
    }
    home.drive(keeper.settle()).await;
    keeper.rejected(&name, old).await.expect("noted");

    let found = home.drive(caller).await.expect("a new token");
    assert!(found.revision > old);
    assert_eq!(home.issuer.tally().exchanges, 1);
}
