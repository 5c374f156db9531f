//! What the tests share.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use blocks_app::{Keeper, KeeperPolicy, oauth2_credential};
use blocks_fake::FakeIssuer;
use blocks_fake::stores::{ManualClock, MemoryTokenStore};
use blocks_ports::{
    AccountName, App, Claim, Clock, Credential, Lease, OAuth2Credential, Revision, StoreError,
    StoreFailure, Swap, TokenIssuer, TokenStore, Versioned,
};
use jiff::Timestamp;
use tokio::task::yield_now;

/// The account of every test.
pub(crate) fn work() -> AccountName {
    "work".parse().expect("a name")
}

/// A store, an issuer and a clock, with the account signed in.
pub(crate) struct Home {
    pub(crate) store: HesitantStore,
    pub(crate) issuer: FakeIssuer,
    pub(crate) clock: ManualClock,
}

impl Home {
    /// The account signed in a moment ago; the issuer's answers take a second.
    pub(crate) async fn new() -> Self {
        Self::with_delay(Duration::from_secs(1)).await
    }

    pub(crate) async fn with_delay(delay: Duration) -> Self {
        let clock = clock();
        let issuer = FakeIssuer::delayed(Arc::new(clock.clone()), delay);
        let home = Self { store: HesitantStore::default(), issuer, clock };
        sign_in(&home.store, &home.issuer, &home.clock).await;
        home
    }

    /// A keeper as another process would have one.
    pub(crate) fn keeper(&self) -> Keeper {
        self.keeper_with(Arc::new(self.issuer.clone()))
    }

    pub(crate) fn keeper_with(&self, issuer: Arc<dyn TokenIssuer>) -> Keeper {
        let clock = Arc::new(self.clock.clone());
        Keeper::new(app(), issuer, Arc::new(self.store.clone()), clock)
    }

    pub(crate) async fn stored(&self) -> Versioned<Option<Credential>> {
        self.store.load(&work()).await.expect("it loads")
    }

    /// Signs in anew, over what is stored.
    pub(crate) async fn sign_in_again(&self) {
        sign_in_over(self.stored().await.revision, &self.store, &self.issuer, &self.clock).await;
    }

    /// Lets the access token expire.
    pub(crate) fn expire(&self) {
        self.clock.advance(FakeIssuer::LIFETIME);
    }

    /// Goes to the last minute of the access token, which is due for a refresh and still works.
    pub(crate) fn enter_last_minute(&self) {
        self.clock.advance(FakeIssuer::LIFETIME - Duration::from_secs(60));
    }

    /// Lets so much time pass, for whoever sleeps meanwhile.
    pub(crate) async fn pass(&self, time: Duration) {
        let until = self.clock.now() + time;
        self.drive(self.clock.sleep_until(until)).await;
    }

    /// Lets time pass while `work` waits, and for no longer.
    pub(crate) async fn drive<T>(&self, work: impl Future<Output = T>) -> T {
        drive(&self.clock, work).await
    }
}

/// The app of every issuer that has a world of its own.
pub(crate) fn app() -> App {
    FakeIssuer::default().app()
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::new("2026-08-07T12:00:00Z".parse().expect("a time"))
}

/// A lease that outlasts every race: real time in the store is virtual time on nobody's clock.
pub(crate) fn long_lease() -> KeeperPolicy {
    let mut policy = KeeperPolicy::default();
    policy.lease = Duration::from_secs(3600);
    policy
}

pub(crate) async fn sign_in(store: &dyn TokenStore, issuer: &FakeIssuer, clock: &ManualClock) {
    sign_in_over(Revision::NONE, store, issuer, clock).await;
}

async fn sign_in_over(
    base: Revision,
    store: &dyn TokenStore,
    issuer: &FakeIssuer,
    clock: &ManualClock,
) {
    let credential = Credential::OAuth2(oauth2_credential(issuer.sign_in(), clock.now()));
    let swap = store.swap(&work(), base, Some(credential)).await.expect("a sign-in");
    assert!(matches!(swap, Swap::Done(_)));
}

/// Runs `work`, and moves the clock to the next wake-up whenever nothing else happens.
pub(crate) async fn drive<T>(clock: &ManualClock, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(Duration::from_millis(1), &mut work).await {
            return done;
        }
        pass_until_next_wake_up(clock);
    }
}

pub(crate) fn pass_until_next_wake_up(clock: &ManualClock) {
    if let Some(next) = clock.next_wake_up() {
        clock.advance(next.duration_since(clock.now()).unsigned_abs());
    }
}

pub(crate) fn oauth2(credential: &Versioned<Credential>) -> &OAuth2Credential {
    match &credential.value {
        Credential::OAuth2(oauth2) => oauth2,
        other => panic!("no OAuth 2.0 sign-in: {other:?}"),
    }
}

/// A store in memory that gives way to others before and after each step, and can fail to write.
#[derive(Debug, Clone, Default)]
pub(crate) struct HesitantStore {
    inner: MemoryTokenStore,
    failing_swaps: Arc<AtomicU32>,
}

impl HesitantStore {
    /// Lets the next writes fail.
    pub(crate) fn fail_swaps(&self, count: u32) {
        self.failing_swaps.store(count, Ordering::SeqCst);
    }

    /// The storage without its hesitation.
    pub(crate) fn in_memory(&self) -> MemoryTokenStore {
        self.inner.clone()
    }

    async fn hesitate<T>(step: impl Future<Output = T>) -> T {
        yield_now().await;
        let done = step.await;
        yield_now().await;
        done
    }
}

#[async_trait]
impl TokenStore for HesitantStore {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        Self::hesitate(self.inner.load(account)).await
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        Self::hesitate(self.inner.claim(account, base, ttl, now)).await
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let fails = |left: u32| left.checked_sub(1);
        if self.failing_swaps.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(StoreError::new(StoreFailure::Full, "no room is left"));
        }
        Self::hesitate(self.inner.swap(account, expected, credential)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        Self::hesitate(self.inner.release(lease)).await
    }
}
